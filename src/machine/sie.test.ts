import { beforeEach, describe, expect, it } from 'vitest';
import {
  CPU_FLAG,
  ICPT,
  INTERCEPT_KEYS,
  INTERCEPT_OPERATION,
  INTERCEPT_PROGRAM,
  interpret,
  LOWCORE,
  Machine,
  PGM,
  SIE,
  VALIDITY,
} from './index.ts';
import {
  code,
  diag,
  ipm,
  ipte,
  iske,
  jump,
  lctlg,
  lg,
  load,
  lpswe,
  MASK,
  psw,
  rrbe,
  sckc,
  sske,
  stg,
  stnsm,
  stosm,
  svc,
  unknown,
} from './testing/code.ts';
import {
  cpu,
  DESCRIPTION,
  DONE,
  GUEST_SIZE,
  get16,
  get32,
  get64,
  guestWrite,
  machine,
  ORIGIN,
  program,
  REAL_SPACE,
  resetGuest,
  run,
  START,
  set32,
  set64,
  setPsw,
} from './testing/guest.ts';

beforeEach(resetGuest);

const guest64 = (address: number) => machine.storage.get64(ORIGIN + address);
const guest16 = (address: number) => machine.storage.get16(ORIGIN + address);
const intercepted = (code: number) => ({ kind: 'interception', code });

describe('interpretive execution', () => {
  it('runs the guest to its disabled wait and saves its state in the state description', () => {
    cpu.gr[3] = 7n;
    set64(SIE.GR14, 14n);
    program(load(5, 0x1234_5678_9abc_def0n), load(14, 0xeeeen), stg(3, 0x800), lpswe(DONE));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(get64(SIE.PSW)).toBe(MASK.DISABLED_WAIT);
    expect(guest64(0x800)).toBe(7n);
    expect(get64(SIE.GR14)).toBe(0xeeeen);
    expect(cpu.gr[5]).toBe(0x1234_5678_9abc_def0n);
  });

  it('restores the host’s state', () => {
    cpu.setPsw(MASK.EXTERNAL, 0x4444n);
    cpu.gr[14] = 1n;
    cpu.gr[15] = 2n;
    cpu.setControl(7, 77n);
    cpu.setPrefix(0x4000);
    cpu.todProgrammable = 0x1234;
    const state = () => [cpu.pswMask, cpu.pswAddress, cpu.gr[14], cpu.gr[15], cpu.cr.slice(), cpu.prefix];
    const before = [...state(), cpu.todProgrammable];
    set32(SIE.TOD_PROGRAMMABLE, 0x77);
    program(load(14, 5), load(15, 6), lpswe(DONE));
    set64(SIE.CONTROL_REGISTERS + 7 * 8, 1n);
    run();
    expect([...state(), cpu.todProgrammable]).toEqual(before);
    expect(get32(SIE.TOD_PROGRAMMABLE)).toBe(0x77);
    expect(cpu.sie).toBe(null);
  });

  it('applies the guest’s prefix to the guest’s real addresses', () => {
    const prefix = 0x6000;
    set32(SIE.PREFIX, prefix);
    guestWrite(prefix + DONE, psw(MASK.DISABLED_WAIT, 0));
    guestWrite(
      prefix + START,
      code(load(1, 0xabc), stg(1, 0x200), load(2, prefix), stg(1, 0x208, 2), lpswe(DONE)),
    );
    run();
    expect(guest64(prefix + 0x200)).toBe(0xabcn);
    expect(guest64(0x208)).toBe(0xabcn);
  });

  it('an access beyond a main-storage extent that the host has reduced is an addressing exception', () => {
    const store = () => {
      program(load(2, GUEST_SIZE), stg(2, 8, 2), stg(2, 8, 2), lpswe(DONE));
      setPsw(MASK.PLAIN, START);
      expect(run()).toEqual(intercepted(ICPT.WAIT));
    };
    set64(SIE.STORAGE_LIMIT, BigInt(ORIGIN + GUEST_SIZE));
    store();
    expect(get64(SIE.PSW + 8)).toBe(0n);
    set64(SIE.STORAGE_LIMIT, BigInt(ORIGIN));
    store();
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
  });

  it('an access beyond the main-storage extent is an addressing exception of the guest', () => {
    program(load(2, GUEST_SIZE), lg(1, 0, 2), lpswe(DONE));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
    expect(get64(SIE.PSW + 8)).toBe(0xbadn);
  });

  it('in storage mode the guest’s storage is the host’s whole address space', () => {
    set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH | CPU_FLAG.STORAGE_MODE);
    setPsw(MASK.PLAIN, ORIGIN + START);
    machine.storage.write(DONE, psw(MASK.DISABLED_WAIT, 0));
    program(load(1, 9), load(2, ORIGIN), stg(1, 0x300, 2), lpswe(DONE));
    run();
    expect(guest64(0x300)).toBe(9n);
  });

  it('lets the guest take its own interruptions through its own prefix area', () => {
    guestWrite(LOWCORE.SVC_NEW_PSW, psw(MASK.PLAIN, 0x2000));
    guestWrite(0x2000, code(lpswe(DONE)));
    program(svc(42));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.SVC_CODE)).toBe(42);
    expect(guest64(LOWCORE.SVC_OLD_PSW + 8)).toBe(BigInt(START + 2));
  });

  it('returns at the limit, and continues there', () => {
    program(load(1, 1), load(2, 2), load(3, 3), lpswe(DONE));
    expect(run(3)).toEqual({ kind: 'limit' });
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 18));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(cpu.gr[3]).toBe(3n);
  });

  it('asks a pacer after its units of work, and returns as at the limit if that says so', () => {
    program(load(1, 1), load(2, 2), load(3, 3), load(4, 4), load(5, 5), lpswe(DONE));
    const asked: number[] = [];
    const pacer = {
      units: 2,
      goesOn: () => {
        asked.push(cpu.executed);
        pacer.units = 1;
        return asked.length < 3;
      },
    };
    expect(interpret(cpu, DESCRIPTION, 1000, pacer)).toEqual({ kind: 'limit' });
    expect(asked).toEqual([2, 3, 4]);
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 24));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(cpu.gr[5]).toBe(5n);
  });

  it('does not ask a pacer at the limit', () => {
    program(load(1, 1), load(2, 2), lpswe(DONE));
    const pacer = { units: 2, goesOn: () => expect.fail() };
    expect(interpret(cpu, DESCRIPTION, 2, pacer)).toEqual({ kind: 'limit' });
  });

  it('adds the epoch difference to the guest’s clock, and takes its clock-comparator interruption', () => {
    guestWrite(LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.PLAIN, 0x2000));
    guestWrite(0x2000, code(lpswe(DONE)));
    set64(SIE.EPOCH, 1n << 40n);
    set64(SIE.CONTROL_REGISTERS, 0x8e0n);
    guestWrite(0x800, psw((1n << 40n) + 400n, 0));
    program(sckc(0x800), stosm(0x810, 0x01), jump(0));
    expect(run(10_000)).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.EXTERNAL_CODE)).toBe(0x1004);
    expect(cpu.executed).toBeGreaterThanOrEqual(100);
    expect(cpu.executed).toBeLessThan(110);
  });
});

describe('interceptions', () => {
  it('of an instruction: with the instruction’s bytes, and the PSW after it', () => {
    program(diag(2, 3, 0x500));
    expect(run()).toEqual(intercepted(ICPT.INSTRUCTION));
    expect(get16(SIE.IPA)).toBe(0x8323);
    expect(get32(SIE.IPB)).toBe(0x0500_0000);
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 4));
  });

  it('not of a privileged instruction in the problem state: it is an exception of the guest', () => {
    setPsw(MASK.PROBLEM, START);
    program(diag(0, 0, 0x500));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.PRIVILEGED_OPERATION);
  });

  it('of an invalid operation code, if the host requests it', () => {
    program(unknown());
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.OPERATION);
    setPsw(MASK.PLAIN, START);
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_OPERATION);
    expect(run()).toEqual(intercepted(ICPT.OPERATION));
    expect(get16(SIE.IPA)).toBe(0);
  });

  it('of every program interruption, if the host requests it', () => {
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    program(load(2, GUEST_SIZE), lg(1, 0, 2));
    expect(run()).toEqual(intercepted(ICPT.PROGRAM));
    expect(get16(SIE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
    expect(get16(SIE.PROGRAM_LENGTH)).toBe(6);
  });

  it('of a translation exception of the guest: with the page', () => {
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    // A segment table at 0x4000 of which only the first entry is valid: it maps the first pages to themselves.
    guestWrite(0x4000, psw(0x5000n, 0x20n));
    for (let page = 0; page < 16; page++)
      guestWrite(0x5000 + page * 8, psw(BigInt(page) << 12n, 0).subarray(0, 8));
    set64(SIE.CONTROL_REGISTERS + 8, 0x4000n);
    setPsw(MASK.DAT, START);
    program(load(2, 0x10_3008), stg(1, 0, 2));
    expect(run()).toEqual(intercepted(ICPT.PROGRAM));
    expect([get16(SIE.PROGRAM_CODE), get16(SIE.PROGRAM_LENGTH)]).toEqual([PGM.SEGMENT_TRANSLATION, 6]);
    expect(get64(SIE.TRANSLATION_EXCEPTION) & ~0xfffn).toBe(0x10_3000n);
  });

  it('of the loading of a control register, if the host requests it', () => {
    guestWrite(0x800, psw(0xe0n, 0n));
    program(lctlg(2, 2, 0x800), lctlg(0, 0, 0x800), lpswe(DONE));
    machine.storage.set16(DESCRIPTION + SIE.LOAD_CONTROLS, 0x8000);
    expect(run()).toEqual(intercepted(ICPT.INSTRUCTION));
    expect(get16(SIE.IPA)).toBe(0xeb00);
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 12));
  });

  it('of a stop request, immediately', () => {
    set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH | CPU_FLAG.STOP_REQUEST);
    expect(run()).toEqual(intercepted(ICPT.STOP_REQUEST));
    expect(cpu.executed).toBe(0);
  });

  it('of an external interruption request, as soon as the guest is enabled', () => {
    set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH | CPU_FLAG.EXTERNAL_REQUEST);
    program(load(1, 1), stosm(0x800, 0x01), load(2, 2));
    expect(run()).toEqual(intercepted(ICPT.EXTERNAL_REQUEST));
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 16));
    expect(cpu.gr[2]).toBe(0n);
  });

  it('of an I/O interruption request, as soon as the guest is enabled', () => {
    set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH | CPU_FLAG.IO_REQUEST);
    program(stnsm(0x800, 0xff), stosm(0x800, 0x02), load(2, 2));
    expect(run()).toEqual(intercepted(ICPT.IO_REQUEST));
  });

  it('of a loop of program interruptions', () => {
    guestWrite(LOWCORE.PROGRAM_NEW_PSW, psw(MASK.PLAIN, 0x2000));
    guestWrite(0x2000, code(unknown()));
    program(unknown());
    expect(run(1_000_000)).toEqual(intercepted(ICPT.PROGRAM));
    expect(get16(SIE.PROGRAM_CODE)).toBe(PGM.OPERATION);
  });

  it('of a loop of invalid program new PSWs', () => {
    guestWrite(LOWCORE.PROGRAM_NEW_PSW, psw(1n << 63n, 0));
    program(unknown());
    expect(run(1_000_000)).toEqual(intercepted(ICPT.PROGRAM));
    expect(get16(SIE.PROGRAM_CODE)).toBe(PGM.SPECIFICATION);
  });
});

describe('validity interceptions', () => {
  const reason = () => get32(SIE.IPB) >>> 16;

  it.each([
    ['not z/Architecture', 0, VALIDITY.MODE],
    ['MCDS', CPU_FLAG.ZARCH | 0x100, VALIDITY.MODE],
    ['a storage-key assist', CPU_FLAG.ZARCH | 0x4000, VALIDITY.KEY_ASSIST],
  ])('refuses %s', (_what, flags, wanted) => {
    set32(SIE.CPU_FLAGS, flags);
    expect(run()).toEqual(intercepted(ICPT.VALIDITY));
    expect(reason()).toBe(wanted);
  });

  it('of a prefix area outside the guest’s storage', () => {
    set32(SIE.PREFIX, GUEST_SIZE);
    expect(run()).toEqual(intercepted(ICPT.VALIDITY));
    expect(reason()).toBe(VALIDITY.PREFIX);
  });

  it.each([
    ['first', 0],
    ['second', 1],
  ])('refuses a prefix area whose %s page the host has made absent or read-only', (_, page) => {
    // The host's tables: one segment, whose pages are the guest's storage.
    const [segments, pages] = [0x30_0000, 0x30_8000];
    for (let n = 1; n < 2048; n++) machine.storage.set64(segments + n * 8, 0x20n);
    machine.storage.set64(segments, BigInt(pages));
    for (let n = 0; n < 256; n++) machine.storage.set64(pages + n * 8, BigInt(ORIGIN + n * 4096));
    cpu.setControl(1, BigInt(segments | 3));
    set64(SIE.STORAGE_ORIGIN, 0n);
    set64(SIE.STORAGE_LIMIT, 0n);
    program(lpswe(DONE));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    for (const bit of [0x400n, 0x200n]) {
      machine.storage.set64(pages + page * 8, BigInt(ORIGIN + page * 4096) | bit);
      machine.purgeAll();
      setPsw(MASK.PLAIN, START);
      expect(run()).toEqual(intercepted(ICPT.VALIDITY));
      expect(reason()).toBe(VALIDITY.PREFIX);
    }
  });

  it('of a limit less than the origin', () => {
    set64(SIE.STORAGE_LIMIT, 0n);
    expect(run()).toEqual(intercepted(ICPT.VALIDITY));
    expect(reason()).toBe(VALIDITY.PREFIX);
  });

  it('a state description must be aligned and inside storage', () => {
    expect(() => interpret(cpu, 0x1001, 1)).toThrow('no state description can be at 0x1001');
    expect(() => interpret(cpu, machine.storage.size, 1)).toThrow('no state description');
  });
});

/** Host tables for 1 MiB: segment table at 2 MiB, page table behind it, pages of the guest's megabyte. */
const SEGMENTS = 0x20_0000;
const PAGES = 0x20_4000;
function hostTables(): void {
  machine.storage.fill(SEGMENTS, 0x4000, 0);
  for (let i = 0; i < 2048; i++) machine.storage.set64(SEGMENTS + i * 8, 0x20n);
  machine.storage.set64(SEGMENTS, BigInt(PAGES));
  for (let i = 0; i < 256; i++) machine.storage.set64(PAGES + i * 8, BigInt(ORIGIN + i * 4096));
  cpu.setControl(1, BigInt(SEGMENTS) | 0x3n);
  set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH | CPU_FLAG.STORAGE_MODE);
}

describe('two translations', () => {
  /** Guest tables at guest 0x10000: a segment table whose first entry leads to a page table at 0x14000. */
  const GUEST_SEGMENTS = 0x1_0000;
  const GUEST_PAGES = 0x1_4000;
  beforeEach(() => {
    hostTables();
    for (let i = 0; i < 2048; i++) machine.storage.set64(ORIGIN + GUEST_SEGMENTS + i * 8, 0x20n);
    machine.storage.set64(ORIGIN + GUEST_SEGMENTS, BigInt(GUEST_PAGES));
    for (let i = 0; i < 256; i++) machine.storage.set64(ORIGIN + GUEST_PAGES + i * 8, BigInt(i * 4096));
    set64(SIE.CONTROL_REGISTERS + 8, BigInt(GUEST_SEGMENTS) | 0x3n);
    setPsw(MASK.DAT, START);
  });
  const guestPage = (page: number, value: bigint) =>
    machine.storage.set64(ORIGIN + GUEST_PAGES + page * 8, value);
  const hostPage = (page: number, value: bigint) => machine.storage.set64(PAGES + page * 8, value);

  it('protects a page by the guest’s tables although the guest has stored into its frame by another page', () => {
    guestPage(0x20, 0x3_0000n);
    guestPage(0x21, 0x3_0200n);
    program(load(1, 0x77), load(2, 0x2_0000), load(3, 0x2_1000), stg(1, 8, 2), lg(4, 8, 3), stg(1, 16, 3));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.PROTECTION);
    expect([cpu.gr[4], guest64(0x3_0008), guest64(0x3_0010)]).toEqual([0x77n, 0x77n, 0n]);
  });

  it('translates by the guest’s tables, then by the host’s', () => {
    guestPage(0x20, 0x3_0000n);
    hostPage(0x30, BigInt(ORIGIN + 0x5_0000));
    program(load(1, 0x77), load(2, 0x2_0000), stg(1, 8, 2), lpswe(DONE));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest64(0x5_0008)).toBe(0x77n);
  });

  it('a page-translation exception of the guest has the guest’s address', () => {
    guestPage(0x20, 0x400n);
    program(load(2, 0x2_0008), lg(1, 0, 2));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.PAGE_TRANSLATION);
    expect(guest64(LOWCORE.TRANSLATION_EXCEPTION) & ~0xfffn).toBe(0x2_0000n);
    expect(guest64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(BigInt(START + 12));
  });

  it('a protection exception of the guest', () => {
    guestPage(0x20, 0x2_0200n);
    program(load(2, 0x2_0008), stg(1, 0, 2));
    run();
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.PROTECTION);
  });

  it('an invalid entry of the host’s tables is a host exception: with the host’s address, the guest’s instruction nullified', () => {
    guestPage(0x20, 0x3_0000n);
    hostPage(0x30, 0x400n);
    program(load(2, 0x2_0008), stg(1, 0, 2), lpswe(DONE));
    const exit = run();
    expect(exit).toEqual({ kind: 'host-exception', code: PGM.PAGE_TRANSLATION, teid: 0x3_0400n, length: 6 });
    expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 12));
    hostPage(0x30, BigInt(ORIGIN + 0x3_0000));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
  });

  it('a page that the host protects is a host exception', () => {
    hostPage(0x20, BigInt(ORIGIN + 0x2_0000) | 0x200n);
    program(load(2, 0x2_0008), stg(1, 0, 2), lpswe(DONE));
    expect(run()).toMatchObject({ kind: 'host-exception', code: PGM.PROTECTION });
  });

  it('an invalid host page of the guest’s tables is a host exception', () => {
    hostPage(GUEST_PAGES >>> 12, 0x400n);
    expect(run()).toMatchObject({
      kind: 'host-exception',
      code: PGM.PAGE_TRANSLATION,
      teid: BigInt(GUEST_PAGES) | 0x800n,
    });
  });

  it('keeps the guest’s TLB entries between two runs, and purges them for another guest', () => {
    program(lpswe(DONE));
    run();
    expect([...cpu.guestTlb.entries()].length).toBeGreaterThan(0);
    setPsw(MASK.DAT, START);
    guestPage(1, 0x400n);
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(get64(SIE.PSW + 8)).toBe(0n);
    machine.storage.write(0x3000, machine.storage.read(DESCRIPTION, 512));
    machine.storage.set64(0x3000 + SIE.PSW, MASK.DAT);
    machine.storage.set64(0x3000 + SIE.PSW + 8, BigInt(START));
    interpret(cpu, 0x3000, 100);
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.PAGE_TRANSLATION);
  });
});

describe('translations and protection of a guest', () => {
  const GUEST_SEGMENTS = 0x1_0000;
  const GUEST_PAGES = 0x1_4000;

  beforeEach(() => {
    hostTables();
    for (let i = 0; i < 2048; i++) machine.storage.set64(ORIGIN + GUEST_SEGMENTS + i * 8, 0x20n);
    machine.storage.set64(ORIGIN + GUEST_SEGMENTS, BigInt(GUEST_PAGES));
    for (let i = 0; i < 256; i++) machine.storage.set64(ORIGIN + GUEST_PAGES + i * 8, BigInt(i * 4096));
    set64(SIE.CONTROL_REGISTERS + 8, BigInt(GUEST_SEGMENTS) | 0x3n);
  });

  it('fetches the guest’s table entries whatever the guest’s key', () => {
    for (const page of [GUEST_SEGMENTS, GUEST_PAGES]) machine.storage.keys[(ORIGIN + page) / 4096] = 0x98;
    program(lg(1, 0x800), lpswe(DONE));
    setPsw(MASK.DAT | (1n << 52n), START);
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(get64(SIE.PSW + 8)).toBe(0n);
  });

  it('applies fetch protection by the guest’s key', () => {
    machine.storage.keys[(ORIGIN + 0x2_0000) / 4096] = 0x98;
    program(load(2, 0x2_0000), lg(1, 0, 2));
    setPsw(MASK.PLAIN | (1n << 52n), START);
    run();
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.PROTECTION);
    expect(guest64(LOWCORE.TRANSLATION_EXCEPTION)).toBe(0x2_0808n);
  });

  it('does not apply the prefix to a 1 MiB frame of the guest', () => {
    const prefix = 0x4_0000;
    set32(SIE.PREFIX, prefix);
    set64(SIE.CONTROL_REGISTERS, 0x80_00e0n);
    // Guest virtual 1 MiB is absolute 0: the frame of 1 MiB there.
    machine.storage.set64(ORIGIN + GUEST_SEGMENTS + 8, 0x400n);
    guestWrite(0x1800, Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1));
    guestWrite(prefix + 0x1800, Uint8Array.of(2, 2, 2, 2, 2, 2, 2, 2));
    guestWrite(prefix + DONE, psw(MASK.DISABLED_WAIT, 0));
    guestWrite(
      prefix + START,
      code(load(2, 0x10_1800), lg(3, 0, 2), load(2, 0x1800), lg(4, 0, 2), lpswe(DONE)),
    );
    setPsw(MASK.DAT, START);
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect([cpu.gr[3], cpu.gr[4]]).toEqual([0x0101_0101_0101_0101n, 0x0202_0202_0202_0202n]);
  });

  it('separates guests with other storage origins or prefixes', () => {
    set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
    cpu.setControl(1, REAL_SPACE);
    set64(SIE.STORAGE_ORIGIN, BigInt(ORIGIN));
    set64(SIE.STORAGE_LIMIT, BigInt(ORIGIN));
    setPsw(MASK.DAT, START);
    program(lg(3, 0x800), lpswe(DONE));
    guestWrite(0x800, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
    run();
    expect(cpu.gr[3]).toBe(1n);
    // The same description with its storage one MiB further on has other tables.
    machine.storage.write(ORIGIN + 0x10_0000, machine.storage.read(ORIGIN, 0x2_0000));
    machine.storage.set64(ORIGIN + 0x10_0000 + GUEST_PAGES, 0x5_0000n);
    machine.storage.set64(ORIGIN + 0x10_0000 + 0x5_0800, 2n);
    machine.storage.write(ORIGIN + 0x10_0000 + 0x5_0000 + DONE, psw(MASK.DISABLED_WAIT, 0));
    set64(SIE.STORAGE_ORIGIN, BigInt(ORIGIN + 0x10_0000));
    set64(SIE.STORAGE_LIMIT, BigInt(ORIGIN + 0x10_0000));
    setPsw(MASK.DAT, START);
    run();
    expect(cpu.gr[3]).toBe(2n);
  });

  it('forgets where real pages of the prefix area are when the host changes the prefix', () => {
    const prefix = 0x4_0000;
    setPsw(MASK.DAT, START);
    program(lg(3, 0x800), lpswe(DONE));
    guestWrite(0x800, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(cpu.gr[3]).toBe(1n);
    set32(SIE.PREFIX, prefix);
    guestWrite(prefix + 0x800, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2));
    guestWrite(prefix + DONE, psw(MASK.DISABLED_WAIT, 0));
    guestWrite(prefix + START, code(lg(3, 0x800), lpswe(DONE)));
    setPsw(MASK.DAT, START);
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(cpu.gr[3]).toBe(2n);
  });

  it('IPTE of a guest purges the guest TLBs of all processors', () => {
    const both = new Machine({ storageSize: 4 << 20, cpus: 2 });
    for (const one of both.cpus)
      one.guestTlb.insert(0x20, 0, GUEST_SEGMENTS | 3, 0x20, GUEST_PAGES / 0x800, false);
    both.storage.write(0, machine.storage.read(0, 4 << 20));
    both.cpu(0).setControl(1, BigInt(SEGMENTS) | 0x3n);
    both.storage.write(
      ORIGIN + START,
      code(load(2, GUEST_PAGES), load(3, 0x2_0000), ipte(2, 3), lpswe(DONE)),
    );
    both.storage.set64(DESCRIPTION + SIE.PSW, MASK.PLAIN);
    both.storage.set64(DESCRIPTION + SIE.PSW + 8, BigInt(START));
    expect(interpret(both.cpu(0), DESCRIPTION, 1000)).toEqual(intercepted(ICPT.WAIT));
    expect([...(both.cpus[1]?.guestTlb.entries() ?? [])]).toEqual([]);
  });
});

describe('what an interception stores', () => {
  it('of a program interruption: length, code, identification, and the registers of MOVE PAGE', () => {
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    machine.storage.fill(ORIGIN, 0x1000, 0);
    // One segment: its page table at guest 0x20000, where page 0x30 is invalid.
    guestWrite(0, Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 0));
    for (let i = 0; i < 256; i++) machine.storage.set64(ORIGIN + 0x2_0000 + i * 8, BigInt(i * 4096));
    machine.storage.set64(ORIGIN + 0x2_0000 + 0x30 * 8, 0x400n);
    program(load(0, 0), load(6, 0x4_0000), load(7, 0x3_0000), [0xb2, 0x54, 0x00, 0x67]);
    setPsw(MASK.DAT, START);
    expect(run()).toEqual(intercepted(ICPT.PROGRAM));
    expect([get16(SIE.PROGRAM_LENGTH), get16(SIE.PROGRAM_CODE)]).toEqual([4, PGM.PAGE_TRANSLATION]);
    expect(get64(SIE.TRANSLATION_EXCEPTION)).toBe(0x3_0804n);
    expect(machine.storage.get8(DESCRIPTION + SIE.OPERAND_ACCESS)).toBe(0x67);
  });

  it('of a monitor event: class and code', () => {
    set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_PROGRAM);
    set64(SIE.CONTROL_REGISTERS + 8 * 8, 0xffffn);
    program([0xaf, 0x05, 0x07, 0x08]);
    expect(run()).toEqual(intercepted(ICPT.PROGRAM));
    expect([get16(SIE.PROGRAM_CODE), get16(SIE.MONITOR_CLASS), get64(SIE.TRANSLATION_EXCEPTION)]).toEqual([
      PGM.MONITOR_EVENT,
      5,
      0x708n,
    ]);
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(0);
  });

  it('saves the guest’s breaking-event address, and restores the host’s', () => {
    cpu.breakingLo = 0x4444;
    set64(SIE.BREAKING_EVENT_ADDRESS, 1n);
    program(jump(4), lpswe(DONE));
    run();
    expect(get64(SIE.BREAKING_EVENT_ADDRESS)).toBe(BigInt(START + 4));
    expect(cpu.breakingLo).toBe(0x4444);
  });

  it.each([
    ['clock comparator', 0x800n, 0x1004, 0n, 1n << 40n],
    ['CPU timer', 0x400n, 0x1005, (1n << 64n) - 1n, (1n << 64n) - 1n],
  ])(
    'a %s whose new PSW is enabled for external interruptions: its code',
    (_, mask, interruption, comparator, timer) => {
      machine.clock.skipTo(1n << 20n);
      guestWrite(LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.EXTERNAL, 0x2000));
      set64(SIE.CONTROL_REGISTERS, mask);
      set64(SIE.CLOCK_COMPARATOR, comparator);
      set64(SIE.CPU_TIMER, timer);
      program(lpswe(DONE));
      setPsw(MASK.EXTERNAL, START);
      expect(run()).toEqual(intercepted(ICPT.EXTERNAL_INTERRUPTION));
      expect([get16(SIE.EXTERNAL_CODE), get64(SIE.PSW + 8)]).toEqual([interruption, BigInt(START)]);
      guestWrite(LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.DISABLED_WAIT, 0x2000));
      expect(run()).toEqual(intercepted(ICPT.WAIT));
      expect(guest16(LOWCORE.EXTERNAL_CODE)).toBe(interruption);
    },
  );

  it('restores the host’s TOD programmable field', () => {
    cpu.todProgrammable = 7;
    set32(SIE.TOD_PROGRAMMABLE, 9);
    program(lpswe(DONE));
    run();
    expect([cpu.todProgrammable, get32(SIE.TOD_PROGRAMMABLE)]).toEqual([7, 9]);
  });
});

describe('storage keys of a guest', () => {
  /** The page whose key the tests examine, 0x20 of guest and host. */
  const GUEST_PAGE = 0x2_0000;
  const FRAME = (ORIGIN + GUEST_PAGE) / 4096;
  const STATUS = PAGES + 0x800 + 0x20 * 8;
  const keys = () => machine.storage.keys;
  const status = () => machine.storage.get32(STATUS);
  const setStatus = (value: number) => machine.storage.set32(STATUS, value);
  /** Runs a load of the page's address into register 2, then the instructions. */
  const runOn = (...instructions: number[][]) => {
    program(load(2, GUEST_PAGE), ...instructions, lpswe(DONE));
    setPsw(MASK.PLAIN, START);
    expect(run()).toEqual(intercepted(ICPT.WAIT));
  };
  /** The condition code that IPM put into register 4. */
  const cc = () => Number((cpu.gr[4] as bigint) >> 28n) & 3;

  beforeEach(() => {
    hostTables();
    machine.storage.fill(PAGES + 0x800, 0x800, 0);
  });

  describe('with page-status-table entries', () => {
    it.each([
      [0x00, 0x0000_0000, 0x00],
      [0x54, 0x0000_0000, 0x54],
      [0x50, 0x0004_0000, 0x54],
      [0x50, 0x0002_0000, 0x52],
      [0xf4, 0x0002_0000, 0xf6],
      [0x00, 0x0060_0000, 0x00],
      [0x30, 0xf800_0000, 0x30],
    ])('ISKE of frame key %i and status %i is %i, and changes neither', (own, kept, seen) => {
      keys()[FRAME] = own;
      setStatus(kept);
      cpu.gr[1] = 0x1122_3344_5566_77ffn;
      runOn(iske(1, 2));
      expect(cpu.gr[1]).toBe(0x1122_3344_5566_7700n | BigInt(seen));
      expect([keys()[FRAME], status()]).toEqual([own, kept]);
    });

    it('ISKE, RRBE, SSKE and TPROT record no reference, whether the page is in the TLB or not', () => {
      cpu.gr[1] = 0n;
      runOn(iske(1, 2), rrbe(0, 2), sske(1, 2), [0xe5, 0x01, 0x20, 0x00, 0x00, 0x00]);
      expect(keys()[FRAME]).toBe(0);
      expect(status()).toBe(0);
    });

    it.each([
      [0x00, 0x0000_0000, 0x56, 0x50, 0x5006_0000],
      [0x36, 0x0000_0000, 0xf8, 0xf8, 0xf860_0000],
      [0x04, 0x0006_0000, 0x00, 0x00, 0x0040_0000],
      [0x02, 0x0040_0000, 0x0c, 0x08, 0x0864_0000],
      [0x00, 0xf866_4000, 0x12, 0x10, 0x1062_4000],
    ])(
      'SSKE over frame key %i and status %i of %i leaves key %i and status %i',
      (own, kept, key, after, now) => {
        keys()[FRAME] = own;
        setStatus(kept);
        cpu.gr[1] = BigInt(key) | 1n;
        runOn(sske(1, 2), iske(3, 2));
        expect([keys()[FRAME], status()]).toEqual([after, now]);
        expect(Number(cpu.gr[3])).toBe(key);
      },
    );

    it.each([
      [0x00, 0x0000_0000, 0, 0x00, 0x0000_0000],
      [0x04, 0x0000_0000, 2, 0x00, 0x0040_0000],
      [0x50, 0x0004_0000, 2, 0x50, 0x0000_0000],
      [0x52, 0x0004_0000, 3, 0x52, 0x0000_0000],
      [0x06, 0x0000_0000, 3, 0x02, 0x0040_0000],
      [0x00, 0x0002_0000, 1, 0x00, 0x0002_0000],
      [0x00, 0x0060_0000, 0, 0x00, 0x0060_0000],
    ])('RRBE of frame key %i and status %i: code %i, key %i, status %i', (own, kept, code, after, now) => {
      keys()[FRAME] = own;
      setStatus(kept);
      runOn(rrbe(0, 2), ipm(4));
      expect(cc()).toBe(code);
      expect([keys()[FRAME], status()]).toEqual([after, now]);
    });

    it('an access after SSKE or RRBE is recorded again', () => {
      cpu.gr[1] = 0n;
      runOn(lg(3, 0, 2), sske(1, 2), lg(3, 0, 2), rrbe(0, 2), ipm(4), stg(3, 0, 2), iske(5, 2));
      expect(cc()).toBe(2);
      expect(Number((cpu.gr[5] as bigint) & 0xffn)).toBe(0x06);
    });

    it('a multiple-block operation sets the rest of the segment, by absolute addresses, and ends at the next segment', () => {
      // The page is real 0: an address that prefixing would change.
      set32(SIE.PREFIX, GUEST_PAGE);
      guestWrite(GUEST_PAGE + DONE, psw(MASK.DISABLED_WAIT, 0));
      guestWrite(GUEST_PAGE + START, code(load(2, GUEST_PAGE), sske(1, 2, 1), lpswe(DONE)));
      keys()[FRAME + 0xdf] = 0x06;
      cpu.gr[1] = 0xa2n;
      expect(run()).toEqual(intercepted(ICPT.WAIT));
      expect(cpu.gr[2]).toBe(0x10_0000n);
      expect([...keys().subarray(FRAME, FRAME + 0xe0)].every((key) => (key & 0xf8) === 0xa0)).toBe(true);
      expect(keys()[FRAME - 1]).toBe(0);
      expect(status() & 0xf806_0000).toBe(0xa002_0000 | 0);
      expect(machine.storage.get32(PAGES + 0xff8)).toBe(0xa062_0000);
    });

    it('a multiple-block operation continues at the first page that the host did not map', () => {
      machine.storage.set64(PAGES + 0x30 * 8, 0x400n);
      cpu.gr[1] = 0x90n;
      program(load(2, GUEST_PAGE), sske(1, 2, 1), lpswe(DONE));
      expect(run()).toEqual({
        kind: 'host-exception',
        code: PGM.PAGE_TRANSLATION,
        teid: 0x3_0800n,
        length: 4,
      });
      expect(cpu.gr[2]).toBe(0x3_0000n);
      expect(get64(SIE.PSW + 8)).toBe(BigInt(START + 12));
      machine.storage.set64(PAGES + 0x30 * 8, BigInt(ORIGIN + 0x3_0000));
      expect(run()).toEqual(intercepted(ICPT.WAIT));
      expect(cpu.gr[2]).toBe(0x10_0000n);
      expect(keys()[FRAME + 0x10]).toBe(0x90);
    });

    it('a page that the host does not map is a host exception, and nothing has changed', () => {
      machine.storage.set64(PAGES + 0x20 * 8, 0x400n);
      cpu.gr[1] = 0x90n;
      for (const instruction of [iske(1, 2), sske(1, 2), rrbe(1, 2)]) {
        setPsw(MASK.PLAIN, START);
        program(load(2, GUEST_PAGE), instruction, lpswe(DONE));
        expect(run()).toMatchObject({ kind: 'host-exception', code: PGM.PAGE_TRANSLATION, teid: 0x2_0800n });
      }
      expect([keys()[FRAME], status(), cpu.gr[1]]).toEqual([0, 0, 0x90n]);
    });

    it('a frame of 1 MiB has no PGSTEs: the key is the frame’s', () => {
      machine.storage.set64(SEGMENTS, BigInt(ORIGIN) | 0x400n);
      cpu.setControl(0, 0x80_0000n);
      setStatus(0x0006_0000);
      cpu.gr[1] = 0x76n;
      runOn(sske(1, 2), iske(3, 2), rrbe(0, 2), ipm(4));
      expect(Number((cpu.gr[3] as bigint) & 0xffn)).toBe(0x76);
      expect(cc()).toBe(3);
      expect([keys()[FRAME], status()]).toEqual([0x72, 0x0006_0000]);
    });
  });

  describe('without', () => {
    const untouched = () => [...machine.storage.read(PAGES + 0x800, 0x800)].every((byte) => byte === 0xee);
    const exercise = () => {
      machine.storage.fill(PAGES + 0x800, 0x800, 0xee);
      keys()[FRAME] = 0x06;
      cpu.gr[1] = 0x76n;
      runOn(sske(1, 2), iske(3, 2), rrbe(0, 2), ipm(4));
      expect(Number((cpu.gr[3] as bigint) & 0xffn)).toBe(0x76);
      expect(cc()).toBe(3);
      expect(keys()[FRAME]).toBe(0x72);
    };

    it('in a guest with main-storage origin and limit, the storage after the host’s page table does not change', () => {
      set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
      set64(SIE.STORAGE_ORIGIN, 0n);
      set64(SIE.STORAGE_LIMIT, 0n);
      exercise();
      expect(untouched()).toBe(true);
    });

    it('for a page table in the second half of a frame, the next frame does not change', () => {
      machine.storage.write(PAGES + 0x800, machine.storage.read(PAGES, 0x800));
      machine.storage.set64(SEGMENTS, BigInt(PAGES + 0x800));
      machine.storage.fill(PAGES + 0x1000, 0x800, 0xee);
      keys()[FRAME] = 0x06;
      cpu.gr[1] = 0x76n;
      runOn(sske(1, 2), iske(3, 2));
      expect(Number((cpu.gr[3] as bigint) & 0xffn)).toBe(0x76);
      expect([...machine.storage.read(PAGES + 0x1000, 0x800)].every((byte) => byte === 0xee)).toBe(true);
    });

    it('in real space', () => {
      cpu.setControl(1, REAL_SPACE);
      set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
      exercise();
      expect(untouched()).toBe(true);
    });
  });

  it('ISKE, SSKE and RRBE are intercepted, each by its own control', () => {
    const controls = [0x4000, 0x2000, 0x1000];
    const instructions = [iske(1, 2), sske(1, 2), rrbe(1, 2)];
    expect(INTERCEPT_KEYS).toBe(0x7000);
    for (const [i, control] of controls.entries()) {
      for (const [n, instruction] of instructions.entries()) {
        set32(SIE.INTERCEPTION_CONTROLS, control);
        setPsw(MASK.PLAIN, START);
        program(load(2, GUEST_PAGE), instruction, lpswe(DONE));
        expect(run()).toEqual(intercepted(i === n ? ICPT.INSTRUCTION : ICPT.WAIT));
      }
    }
  });

  it('a page outside the guest’s storage is an addressing exception', () => {
    set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
    set64(SIE.STORAGE_ORIGIN, 0n);
    set64(SIE.STORAGE_LIMIT, 0n);
    program(load(2, GUEST_SIZE), iske(1, 2));
    setPsw(MASK.PLAIN, START);
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(guest16(LOWCORE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
  });
});

describe('the host’s prefix', () => {
  /** Bytes that a host's page table leads to in its prefix area: real addresses, so prefixing applies. */
  const PREFIX = 0x30_0000;
  const PAGES = 0x2_0000;

  it('applies to the frames of the host’s tables, for the guest as for the host', () => {
    const table = 0x1_8000;
    for (let i = 0; i < 512; i++) machine.storage.set64(table + i * 8, 0x20n);
    machine.storage.set64(table, BigInt(PAGES));
    for (let i = 0; i < 256; i++) machine.storage.set64(PAGES + i * 8, BigInt(ORIGIN + i * 0x1000));
    machine.storage.set64(PAGES + 8 * 8, 0n);
    cpu.setControl(1, BigInt(table));
    cpu.setPrefix(PREFIX);
    set64(SIE.STORAGE_ORIGIN, 0n);
    set64(SIE.STORAGE_LIMIT, 0n);
    machine.storage.set64(PREFIX + 0x10, 0x1122n);
    machine.storage.set64(0x10, 0x3344n);
    program(load(2, 0x8000), lg(3, 0x10, 2), stg(3, 0x18, 2), lpswe(DONE));
    expect(run()).toEqual(intercepted(ICPT.WAIT));
    expect(cpu.gr[3]).toBe(0x1122n);
    expect([machine.storage.get64(PREFIX + 0x18), machine.storage.get64(0x18)]).toEqual([0x1122n, 0n]);
  });
});
