/** What the execution controls of a state description let a guest use. */

import { beforeEach, describe, expect, it } from 'vitest';
import { EXECUTION, ICPT, LOWCORE, PGM, SIE } from './index.ts';
import { MASK } from './testing/code.ts';
import {
  cpu,
  DESCRIPTION,
  DONE,
  GUEST_SIZE,
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

const bytes = (hex: string) => [...Buffer.from(hex, 'hex')];
/** LPSWE of the disabled wait at DONE. */
const END = bytes(`b2b20${DONE.toString(16)}`);
const LGG = bytes('e34008000004'.replace(/04$/, '4c'));
const LGSC = bytes('e3000800004d');
const STGSC = bytes('e30008200049');
const guest64 = (at: number) => machine.storage.get64(ORIGIN + at);

beforeEach(() => {
  resetGuest();
  set64(SIE.CONTROL_REGISTERS + 16, 0x10n);
});

describe('guarded storage', () => {
  it('is the guest’s own with its execution control: the registers stay in the processor', () => {
    set32(SIE.EXECUTION_CONTROLS, EXECUTION.GUARDED_STORAGE);
    machine.storage.set64(ORIGIN + 0x808, 0x111n);
    machine.storage.set64(ORIGIN + 0x818, 0x333n);
    program(LGSC, STGSC, END);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect([...cpu.guarded]).toEqual([0x111n, 0n, 0x333n]);
    expect([0x820, 0x828, 0x830, 0x838].map(guest64)).toEqual([0n, 0x111n, 0n, 0x333n]);
  });

  it('has its events in the guest', () => {
    set32(SIE.EXECUTION_CONTROLS, EXECUTION.GUARDED_STORAGE);
    cpu.guarded.set([0x4_0000_0000n | 25n, 1n << 63n, 0x900n]);
    machine.storage.set64(ORIGIN + 0x800, 0x4_0000_1234n);
    machine.storage.set64(ORIGIN + 0x908, 0x1100n);
    guestWrite(0x1100, Uint8Array.from(END));
    program(LGG);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect([guest64(0x910), guest64(0x918), guest64(0x920)]).toEqual([BigInt(START), 0x800n, 0x4_0000_1234n]);
    expect(get64(SIE.BREAKING_EVENT_ADDRESS)).toBe(0x1100n);
  });

  it.each([
    ['LGSC', LGSC],
    ['STGSC', STGSC],
  ])('without its execution control %s is intercepted, and no load is an event', (_, instruction) => {
    cpu.guarded.set([25n, 0xffff_ffff_ffff_ffffn, 0x900n]);
    program(LGG, instruction);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.INSTRUCTION });
    expect([get16(SIE.IPA), get64(SIE.PSW + 8)]).toEqual([0xe300, BigInt(START + 12)]);
    expect(cpu.gr[4]).toBe(guest64(0x800));
  });

  it('needs the guest’s control register 2, too', () => {
    set32(SIE.EXECUTION_CONTROLS, EXECUTION.GUARDED_STORAGE);
    set64(SIE.CONTROL_REGISTERS + 16, 0n);
    program(LGSC);
    run();
    expect(machine.storage.get16(ORIGIN + LOWCORE.PROGRAM_CODE)).toBe(PGM.SPECIAL_OPERATION);
  });
});

describe('instruction-execution protection', () => {
  it.each([
    [EXECUTION.EXECUTION_PROTECTION, PGM.PROTECTION],
    [0, 0],
  ])('with execution controls 0x%s', (controls, code) => {
    set32(SIE.EXECUTION_CONTROLS, controls);
    set64(SIE.CONTROL_REGISTERS, 0x90_00e0n);
    set64(SIE.CONTROL_REGISTERS + 8, 0x2_0000n);
    // A frame of 1 MiB that holds the guest's storage, and forbids instruction fetches.
    machine.storage.set64(ORIGIN + 0x2_0000, 0x500n);
    setPsw(MASK.PLAIN | 0x0400_0000_0000_0000n, START);
    program(END);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect(machine.storage.get16(ORIGIN + LOWCORE.PROGRAM_CODE)).toBe(code);
    expect(GUEST_SIZE).toBe(0x10_0000);
  });
});

describe('the registers of a guest', () => {
  it('BEAR and the program parameter are in the state description; the host’s are kept', () => {
    cpu.programParameter = 5n;
    Object.assign(cpu, { breakingHi: 1, breakingLo: 2 });
    set64(SIE.PROGRAM_PARAMETER, 7n);
    machine.storage.set64(ORIGIN + 0x800, 0x1234_5678n);
    // LPP, LBEAR, STBEAR.
    program(bytes('b2800800'), bytes('b2000800'), bytes('b2010808'), END);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect([guest64(0x808), get64(SIE.PROGRAM_PARAMETER)]).toEqual([0x1234_5678n, 0x1234_5678n]);
    expect([cpu.programParameter, cpu.breakingHi, cpu.breakingLo]).toEqual([5n, 1, 2]);
    expect(machine.storage.get64(DESCRIPTION + SIE.BREAKING_EVENT_ADDRESS)).toBe(BigInt(START + 12));
  });

  it('LPSWEY is intercepted with the control of LPSW', () => {
    guestWrite(0x800, Uint8Array.from(bytes('00000001800000000000000000001234')));
    set32(SIE.INTERCEPTION_CONTROLS, 0x0040_0000);
    program(bytes('eb0008000071'));
    expect(run()).toEqual({ kind: 'interception', code: ICPT.INSTRUCTION });
  });

  it('PTFF shows the guest’s epoch difference', () => {
    set64(SIE.EPOCH, 0x7000n);
    Object.assign(cpu.gr, { 0: 1n, 1: 0x800n });
    program(bytes('0104'), END);
    expect(run()).toEqual({ kind: 'interception', code: ICPT.WAIT });
    expect([0x808, 0x810, 0x818].map(guest64)).toEqual([0n, 0x7000n, 0x7000n]);
  });
});
