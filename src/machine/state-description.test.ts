/**
 * The state description: START INTERPRETIVE EXECUTION stores into the fields that an interception defines, and into no
 * other byte of storage. The guest's state goes through it unchanged, and the host's is back afterwards.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import {
  asGuest,
  FETCH,
  ICPT,
  INTERCEPT_PROGRAM,
  LOWCORE,
  PGM,
  SIE,
  STATE_DESCRIPTION_SIZE,
  VALIDITY,
} from './index.ts';
import { code, diag, lctlg, lg, load, lpswe, MASK, psw, svc } from './testing/code.ts';
import {
  cpu,
  DESCRIPTION,
  DONE,
  GUEST_SIZE,
  get64,
  guestWrite,
  machine,
  ORIGIN,
  program,
  resetGuest,
  run,
  START,
  set32,
  set64,
  setPsw,
} from './testing/guest.ts';

/** The addresses of the host's segment table and page table, for tests that use them. */
const SEGMENTS = 0x30_0000;
const PAGES = 0x30_4000;

beforeEach(resetGuest);

/** Makes the host's tables: guest page n is host page n of segment 1. Returns a function that changes an entry. */
function hostTables(): (page: number, entry: bigint) => void {
  machine.storage.set64(SEGMENTS, 0x20n);
  machine.storage.set64(SEGMENTS + 8, BigInt(PAGES));
  const set = (page: number, entry: bigint) => machine.storage.set64(PAGES + page * 8, entry);
  for (let page = 0; page < 256; page++) set(page, BigInt(ORIGIN + page * 4096));
  cpu.setControl(1, BigInt(SEGMENTS));
  return set;
}

/** Runs the guest, and returns the bytes of the description that changed, as ranges [first, last] of offsets. */
function changesOf(action: () => void): [number, number][] {
  const { storage } = machine;
  for (const at of [DESCRIPTION - STATE_DESCRIPTION_SIZE, DESCRIPTION + STATE_DESCRIPTION_SIZE]) {
    storage.fill(at, STATE_DESCRIPTION_SIZE, 0xa5);
  }
  const around = () => storage.read(DESCRIPTION - STATE_DESCRIPTION_SIZE, 3 * STATE_DESCRIPTION_SIZE);
  const before = around();
  action();
  const ranges: [number, number][] = [];
  around().forEach((byte, i) => {
    if (byte === before[i]) return;
    const offset = i - STATE_DESCRIPTION_SIZE;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === offset - 1) last[1] = offset;
    else ranges.push([offset, offset]);
  });
  return ranges;
}

describe('an interception stores its own fields, and the guest’s state', () => {
  // The PSW and the CPU timer always change. All bytes of the other fields are set to other values first.
  const FIELDS = 0x50;
  const END = 0xf0;
  const changed = (action: () => void): number[] =>
    changesOf(action)
      .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
      .filter(
        (offset) => offset < 0 || offset >= STATE_DESCRIPTION_SIZE || (offset >= FIELDS && offset < END),
      )
      .filter((offset) => offset < SIE.PSW || offset >= SIE.GR14);
  const range = (first: number, length: number) => Array.from({ length }, (_, i) => first + i);
  /** Sets every byte of the fields to a value that no interception stores. */
  const dirty = () => {
    for (const [first, length] of [
      [SIE.INTERCEPTION_CODE, 0x0c],
      [0xc0, 0x30],
    ] as const) {
      machine.storage.fill(DESCRIPTION + first, length, 0xee);
    }
  };

  it('of an instruction: code, status and the instruction', () => {
    dirty();
    program(diag(1, 2, 0x44));
    expect(changed(() => expect(run()).toEqual({ kind: 'interception', code: ICPT.INSTRUCTION }))).toEqual([
      SIE.INTERCEPTION_CODE,
      SIE.INTERCEPTION_STATUS,
      ...range(SIE.IPA, 2),
      ...range(SIE.IPB, 4),
    ]);
    expect(machine.storage.get8(DESCRIPTION + SIE.INTERCEPTION_CODE)).toBe(ICPT.INSTRUCTION);
  });

  it('of a program interruption: length, code, DXC, access and identification', () => {
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    dirty();
    program([0, 0]);
    expect(changed(() => expect(run()).toEqual({ kind: 'interception', code: ICPT.PROGRAM }))).toEqual([
      SIE.INTERCEPTION_CODE,
      ...range(SIE.PROGRAM_LENGTH, 2),
      ...range(SIE.PROGRAM_CODE, 2),
      ...range(SIE.DATA_EXCEPTION_CODE, 4),
      ...range(SIE.MONITOR_CLASS, 2),
      SIE.EXCEPTION_ACCESS,
      SIE.OPERAND_ACCESS,
      ...range(SIE.TRANSLATION_EXCEPTION, 8),
    ]);
  });

  it('of a clock interruption whose new PSW is enabled for it: CPU address and code', () => {
    machine.clock.skipTo(1n << 20n);
    guestWrite(LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.EXTERNAL, 0x2000));
    set64(SIE.CONTROL_REGISTERS, 0x800n);
    setPsw(MASK.EXTERNAL, START);
    dirty();
    expect(
      changed(() => expect(run()).toEqual({ kind: 'interception', code: ICPT.EXTERNAL_INTERRUPTION })),
    ).toEqual([SIE.INTERCEPTION_CODE, ...range(SIE.EXTERNAL_CPU_ADDRESS, 4)]);
  });

  it('of an invalid mode: the reason in the instruction fields', () => {
    set32(SIE.CPU_FLAGS, 0);
    dirty();
    expect(changed(() => expect(run()).toEqual({ kind: 'interception', code: ICPT.VALIDITY }))).toEqual([
      SIE.INTERCEPTION_CODE,
      ...range(SIE.IPA, 2),
      ...range(SIE.IPB, 4),
    ]);
    expect(machine.storage.get16(DESCRIPTION + SIE.IPA)).toBe(0x1000);
  });

  it('of a specification exception after one of MOVE PAGE: no registers of MOVE PAGE', () => {
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    // One segment of the guest: its page table at guest 0x20000, where page 0x30 is invalid.
    guestWrite(0, Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 0));
    for (let i = 0; i < 256; i++) machine.storage.set64(ORIGIN + 0x2_0000 + i * 8, BigInt(i * 4096));
    machine.storage.set64(ORIGIN + 0x2_0000 + 0x30 * 8, 0x400n);
    program(load(0, 0), load(6, 0x4_0000), load(7, 0x3_0000), [0xb2, 0x54, 0x00, 0x67]);
    setPsw(MASK.DAT, START);
    run();
    expect(machine.storage.get8(DESCRIPTION + SIE.OPERAND_ACCESS)).toBe(0x67);
    program([0, 0]);
    setPsw(MASK.DAT, START);
    run();
    expect(machine.storage.get16(DESCRIPTION + SIE.PROGRAM_CODE)).toBe(PGM.OPERATION);
    expect(machine.storage.get8(DESCRIPTION + SIE.OPERAND_ACCESS)).toBe(0);
  });
});

describe('the guest’s state', () => {
  it('is loaded from the state description and saved in it: control registers', () => {
    for (let n = 0; n < 16; n++) set64(SIE.CONTROL_REGISTERS + n * 8, BigInt(0x1000 + n));
    guestWrite(0x800, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    program(lctlg(7, 7, 0x800), lpswe(DONE));
    run();
    for (let n = 0; n < 16; n++) {
      expect(get64(SIE.CONTROL_REGISTERS + n * 8)).toBe(
        n === 7 ? 0x0102_0304_0506_0708n : BigInt(0x1000 + n),
      );
    }
  });

  it('both halves of the breaking-event address, if nothing branches', () => {
    set64(SIE.BREAKING_EVENT_ADDRESS, 0x1111_2222_3333_4444n);
    set64(SIE.CONTROL_REGISTERS + 15 * 8, 0x5555_6666_7777_8888n);
    program(load(1, 2));
    expect(run(1)).toEqual({ kind: 'limit' });
    expect(get64(SIE.BREAKING_EVENT_ADDRESS)).toBe(0x1111_2222_3333_4444n);
  });

  it('an instruction address above 4 GiB', () => {
    const address = 0x1_2345_0000n;
    setPsw(MASK.PLAIN, address);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect(machine.storage.get16(ORIGIN + LOWCORE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
    // The exception of an instruction that was not fetched suppresses it: its length is 2.
    expect(machine.storage.get64(ORIGIN + LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(address + 2n);
  });

  it('a stop of the processor while the guest runs is a stop-request interception', () => {
    guestWrite(LOWCORE.SVC_NEW_PSW, psw(MASK.PLAIN, START));
    program(svc(1));
    const unsubscribe = machine.trace.subscribe((event) => {
      if (event.type === 'interruption') cpu.stop();
    });
    expect(run()).toEqual({ kind: 'interception', code: ICPT.STOP_REQUEST });
    unsubscribe();
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START));
  });
});

describe('the host’s translation', () => {
  it('of a main-storage origin above 4 GiB', () => {
    const origin = 0x12_3450_0000n;
    set64(SIE.STORAGE_ORIGIN, origin);
    set64(SIE.STORAGE_LIMIT, origin);
    machine.storage.set64(SEGMENTS, 0x20n);
    cpu.setControl(1, BigInt(SEGMENTS));
    set32(SIE.PREFIX, 0);
    expect(asGuest(cpu, DESCRIPTION, (c, hi, lo) => void c.load8(hi, lo), 0x2000n)).toEqual({
      kind: 'host',
      code: PGM.ASCE_TYPE,
      teid: origin + 0x2800n,
      exceptionAccess: 0,
    });
  });

  it('uses 1 MiB frames only with the host’s enhanced DAT', () => {
    hostTables();
    const other = 0x20_0000;
    // With the format control, bits 44 to 52 are no page-table origin but part of a frame address.
    machine.storage.set64(SEGMENTS + 8, BigInt(PAGES) | 0x400n);
    program(lpswe(DONE));
    cpu.setControl(0, 0n);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    machine.storage.set64(SEGMENTS + 8, BigInt(other) | 0x400n);
    machine.storage.write(other + START, code(load(3, 0x77), lpswe(DONE)));
    machine.storage.write(other + DONE, psw(MASK.DISABLED_WAIT, 0));
    machine.purgeAll();
    cpu.setControl(0, 0x80_0000n);
    setPsw(MASK.PLAIN, START);
    cpu.gr[3] = 0n;
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect(cpu.gr[3]).toBe(0x77n);
  });

  it('that loses the prefix area while the guest runs is a validity interception', () => {
    const setHostPage = hostTables();
    // The new PSW is invalid: the next interruption comes before an instruction.
    guestWrite(LOWCORE.SVC_NEW_PSW, psw(MASK.PLAIN | 1n, START));
    program(svc(1));
    const unsubscribe = machine.trace.subscribe((event) => {
      if (event.type !== 'interruption') return;
      setHostPage(0, 0x400n);
      cpu.tlb.purgeAll();
    });
    expect(run()).toEqual({ kind: 'interception', code: ICPT.VALIDITY });
    unsubscribe();
    expect(machine.storage.get32(DESCRIPTION + SIE.IPB) >>> 16).toBe(VALIDITY.PREFIX);
  });

  it('reports whether an access as the guest ended with a guest exception or a host exception', () => {
    const setHostPage = hostTables();
    const read = (address: bigint) =>
      asGuest(
        cpu,
        DESCRIPTION,
        (c, hi, lo) => void c.frame((hi * 0x10_0000 + (lo >>> 12)) as never, 0, FETCH),
        address,
      );
    expect(read(0x5000n)).toBe(null);
    setHostPage(6, 0x400n);
    expect(read(0x6000n)).toMatchObject({ kind: 'host', code: PGM.PAGE_TRANSLATION });
    expect(read(BigInt(GUEST_SIZE))).toMatchObject({ kind: 'guest', code: PGM.ADDRESSING });
    program(lg(1, 0x800), lpswe(DONE));
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
  });
});
