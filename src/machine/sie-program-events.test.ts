/** Program-event recording of a guest: taken by the guest, or intercepted for the host, as KVM's guest debugging does. */

import { beforeEach, describe, expect, it } from 'vitest';
import { CPU_FLAG, ICPT, INTERCEPT_PROGRAM, LOWCORE, PGM, SIE } from './index.ts';
import { diag, lctlg, load, lpswe, MASK, psw, stg, svc, unknown } from './testing/code.ts';
import {
  cpu,
  DESCRIPTION,
  DONE,
  get16,
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

const PER = 0x4000_0000_0000_0000n;
const FETCH = 0x4000_0000n;
const STORE = 0x2000_0000n;
const BRANCH = 0x8000_0000n;
const ALL = 2n ** 64n - 1n;
const GPER = CPU_FLAG.ZARCH | CPU_FLAG.GUEST_PER;

beforeEach(resetGuest);

const guest64 = (address: number) => machine.storage.get64(ORIGIN + address);
const guest16 = (address: number) => machine.storage.get16(ORIGIN + address);
const get8 = (field: number) => machine.storage.get8(DESCRIPTION + field);
const nop = [0x07, 0x00];

/** The guest's control registers 9 to 11. */
function watch(events: bigint, from = 0n, to = ALL): void {
  [events, from, to].forEach((value, i) => {
    set64(SIE.CONTROL_REGISTERS + (9 + i) * 8, value);
  });
}

/** The program interception that the state description holds. */
const interception = () => ({
  code: get16(SIE.PROGRAM_CODE),
  length: get16(SIE.PROGRAM_LENGTH),
  events: get8(SIE.PER_CODE),
  atmid: get8(SIE.PER_ATMID),
  address: Number(get64(SIE.PER_ADDRESS)),
  access: get8(SIE.PER_ACCESS),
  at: Number(get64(SIE.PSW + 8)),
});

const PROGRAM = { kind: 'interception', code: ICPT.PROGRAM };

describe('a guest that watches its own events', () => {
  it('takes the interruption itself', () => {
    watch(FETCH);
    setPsw(MASK.PLAIN | PER, START);
    program(nop);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect([guest16(LOWCORE.PROGRAM_CODE), guest64(LOWCORE.PER_ADDRESS)]).toEqual([PGM.PER, BigInt(START)]);
    expect(guest64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(BigInt(START + 2));
  });

  it('has no events of the host, whose controls are its own', () => {
    cpu.setControl(9, FETCH);
    cpu.setControl(11, ALL);
    setPsw(MASK.PLAIN | PER, START);
    program(nop, lpswe(DONE));
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(0);
    expect([cpu.cr[9], cpu.cr[11]]).toEqual([FETCH, ALL]);
  });

  it('is intercepted if the host intercepts program interruptions', () => {
    watch(STORE, 0x800n, 0x800n);
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    setPsw(MASK.PLAIN | PER, START);
    program(stg(1, 0x700), stg(1, 0x7f9));
    expect(run()).toEqual(PROGRAM);
    const where = { address: START + 6, at: START + 12, access: 0 };
    expect(interception()).toEqual({ code: PGM.PER, length: 6, events: 0x20, atmid: 0xe0, ...where });
  });

  it('steps a program as ptrace does: every instruction in the problem state, none of the supervisor', () => {
    // The handler appends the PER address to a list at 0x8000, and returns with the old PSW.
    const HANDLER = 0x3000;
    guestWrite(LOWCORE.PROGRAM_NEW_PSW, psw(MASK.PLAIN, HANDLER));
    guestWrite(LOWCORE.SVC_NEW_PSW, psw(MASK.DISABLED_WAIT, 0x55));
    guestWrite(HANDLER, Uint8Array.from([...lg14, ...stg14, ...next, ...lpswe(LOWCORE.PROGRAM_OLD_PSW)]));
    guestWrite(0x6000, new Uint8Array([...bytes8(FETCH), ...bytes8(0n), ...bytes8(ALL)]));
    guestWrite(0x6100, psw(MASK.PROBLEM | PER, START + 0x100));
    set64(SIE.GR15, 0x8000n);
    program(load(1, 0x6000), lctlg(9, 11, 0, 1), lpswe(0x100, 1));
    // lhi 3,2; brct 3,.; svc 1
    guestWrite(START + 0x100, Uint8Array.from([0xa7, 0x38, 0, 2, 0xa7, 0x36, 0, 0, ...svc(1)]));
    // The event of SVC finds the new PSW of the supervisor-call interruption: the handler of steps ends the program there.
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    const steps = [0, 8, 16, 24].map((i) => Number(guest64(0x8000 + i)) - START);
    expect(steps).toEqual([0x100, 0x104, 0x104, 0x108]);
    expect(guest64(LOWCORE.SVC_OLD_PSW)).toBe(MASK.PROBLEM | PER);
    expect(guest64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(0x55n);
  });
});

const bytes8 = (value: bigint) => [...psw(value, 0)].slice(0, 8);
/** LG 14,152 (the PER address); STG 14,0(15); AGHI 15,8. */
const lg14 = [0xe3, 0xe0, 0x00, 0x98, 0x00, 0x04];
const stg14 = [0xe3, 0xe0, 0xf0, 0x00, 0x00, 0x24];
const next = [0xa7, 0xfb, 0x00, 0x08];

describe('events that the host enforces', () => {
  beforeEach(() => set32(SIE.CPU_FLAGS, GPER));

  it('are interceptions whatever the PSW of the guest says', () => {
    watch(FETCH);
    program(nop, nop);
    for (const step of [0, 2]) {
      expect(run()).toEqual(PROGRAM);
      const where = { address: START + step, at: START + step + 2, access: 0 };
      expect(interception()).toEqual({ code: PGM.PER, length: 2, events: 0x40, atmid: 0xe0, ...where });
    }
  });

  it('do not make other program interruptions interceptions', () => {
    watch(STORE, 0x10_0000n, 0x10_0000n);
    program(unknown());
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.OPERATION);
  });

  it('are intercepted with the exception of the same instruction', () => {
    watch(FETCH);
    program(unknown());
    expect(run()).toEqual(PROGRAM);
    expect(interception()).toMatchObject({ code: PGM.PER | PGM.OPERATION, events: 0x40, at: START + 2 });
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(0);
  });

  it('of a supervisor call are intercepted after the guest has taken its interruption', () => {
    guestWrite(LOWCORE.SVC_NEW_PSW, psw(MASK.PLAIN, 0x4000));
    watch(FETCH);
    program(svc(7));
    expect(run()).toEqual(PROGRAM);
    expect(interception()).toMatchObject({ code: PGM.PER, length: 2, address: START, at: 0x4000 });
    expect(guest64(LOWCORE.SVC_OLD_PSW + 8)).toBe(BigInt(START + 2));
  });

  it('of an intercepted instruction: the interception says that its fetch is an event', () => {
    watch(FETCH | BRANCH);
    program(diag(1, 2, 0x44));
    expect(run()).toEqual({ kind: 'interception', code: ICPT.INSTRUCTION });
    expect([get8(SIE.INTERCEPTION_STATUS), get64(SIE.PSW + 8)]).toEqual([0x02, BigInt(START + 4)]);
    expect([get8(SIE.PER_CODE), get64(SIE.PER_ADDRESS)]).toEqual([0x40, BigInt(START)]);
    // Also of the target of an EXECUTE, and not outside the area.
    setPsw(MASK.PLAIN, START);
    guestWrite(START, Uint8Array.from([0x44, 0x00, 0x07, 0x80]));
    guestWrite(0x780, Uint8Array.from(diag(1, 2, 0x44)));
    expect(run()).toEqual({ kind: 'interception', code: ICPT.INSTRUCTION });
    expect(get8(SIE.INTERCEPTION_STATUS)).toBe(0x43);
    watch(FETCH, 0x2000n, 0x2000n);
    setPsw(MASK.PLAIN, START);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.INSTRUCTION });
    expect(get8(SIE.INTERCEPTION_STATUS)).toBe(0x41);
  });

  it('a host exception takes all events back', () => {
    // The host maps the guest's storage, except guest page 5.
    for (let i = 0; i < 512; i++) machine.storage.set64(0x8000 + i * 8, 0x20n);
    machine.storage.set64(0x8008, 0xa000n);
    const map = (page: number, invalid: bigint) =>
      machine.storage.set64(0xa000 + page * 8, BigInt(ORIGIN + page * 0x1000) | invalid);
    for (let page = 0; page < 256; page++) map(page, page === 5 ? 0x400n : 0n);
    cpu.setControl(1, 0x8000n);
    watch(FETCH | STORE, BigInt(START), 0x6000n);
    set64(SIE.GR15, 0x5000n);
    program(stg(1, 0, 15), nop);
    const exit = { kind: 'host-exception', code: PGM.PAGE_TRANSLATION };
    expect(run()).toMatchObject(exit);
    expect(run()).toMatchObject(exit);
    map(5, 0n);
    expect(run()).toEqual(PROGRAM);
    expect(interception()).toMatchObject({ code: PGM.PER, events: 0x60, address: START });
  });

  it('that nullify designate the instruction', () => {
    watch(FETCH | 0x0100_0000n);
    program(nop);
    expect(run()).toEqual(PROGRAM);
    expect(interception()).toMatchObject({ code: PGM.PER, events: 0x41, at: START });
  });
});
