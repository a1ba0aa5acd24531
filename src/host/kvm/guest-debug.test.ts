/** Debugging of guests by user space: single steps, breakpoints, watchpoints, and the guest's own program events. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE, PGM } from '../../machine/index.ts';
import {
  code,
  diag,
  exrl,
  iske,
  jump,
  lctlg,
  load,
  lpswe,
  MASK,
  psw,
  s,
  stg,
  svc,
} from '../../machine/testing/index.ts';
import { bytes, codeOf, TestGuest } from '../testing/index.ts';
import { DEBUG_TYPE } from './guest-debug.ts';

const START = 0x1_0000n;
/** The handler of interruptions, which loops. */
const HANDLER = 0x3000n;
const PER = 1n << 62n;
const STEP = { singleStep: true };

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
  guest.vm.writeGuest(HANDLER, code(jump(0)));
  for (const at of [LOWCORE.PROGRAM_NEW_PSW, LOWCORE.SVC_NEW_PSW, LOWCORE.EXTERNAL_NEW_PSW])
    guest.vm.writeGuest(BigInt(at), psw(MASK.PLAIN, HANDLER));
  return () => {
    expect(guest.problems).toEqual([]);
    expect(guest.host.kernel.locks.held).toEqual([]);
  };
});

/** Stores a program, and sets the PSW to its start. */
function program(...instructions: number[][]): void {
  guest.vm.writeGuest(START, code(...instructions));
  guest.vcpu.setPsw(MASK.PLAIN, START);
}
/** Runs the guest. Returns the address of the PSW if it stopped for a single step, otherwise the exit. */
function step() {
  const exit = guest.run();
  if (exit.reason !== 'KVM_EXIT_DEBUG' || exit.type !== DEBUG_TYPE.SINGLE_STEP) return exit;
  expect(exit.address).toBe(guest.vcpu.block.pswAddress);
  return exit.address;
}
const breakpoint = (offset: bigint, length = 0) => ({
  type: DEBUG_TYPE.BREAKPOINT,
  address: START + offset,
  physical: 0n,
  length,
});
const stored = (at: number, count: number) => guest.vm.readGuest(BigInt(at), count);

describe('single steps', () => {
  const lr = [0x18, 0x12];
  const dr = [0x1d, 0x10];

  it('stop after each instruction, and end with the debugging', () => {
    program(lr, lr, jump(4), lr);
    expect(guest.vcpu.setGuestDebug(STEP)).toBe(0);
    expect([step(), step(), step(), step()]).toEqual([START + 2n, START + 4n, START + 8n, START + 10n]);
    program(lr, lr, diag(0, 0, 0x501));
    guest.vcpu.setGuestDebug();
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: 4 });
  });

  it.each([
    ['SUPERVISOR CALL', svc(0)],
    ['an exception', dr],
    ['an exception of a storage-key instruction', iske(2, 2)],
    ['an exception of LOAD CONTROL', [0xb7, 0x00, 0x00, 0x01]],
    ['an exception of STORE CONTROL', [0xb6, 0x00, 0x00, 0x01]],
  ])('stop at the handler after %s', (_, instruction) => {
    program(instruction);
    guest.vcpu.gr[2] = (1n << 64n) - 1n;
    guest.vcpu.setGuestDebug(STEP);
    expect(step()).toBe(HANDLER);
    expect(step()).toBe(HANDLER);
    expect(stored(LOWCORE.PROGRAM_CODE, 2)[1]! & PGM.PER).toBe(0);
  });

  it('an instruction that user space executes ends with the next run, before it', () => {
    program(diag(0, 0, 0x501), lr);
    guest.vcpu.setGuestDebug(STEP);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: 4 });
    expect(step()).toBe(START + 4n);
    expect(step()).toBe(START + 6n);
  });

  it('an instruction that user space rejects ends at the handler', () => {
    program(diag(0, 0, 0x501));
    guest.vcpu.setGuestDebug(STEP);
    guest.run();
    guest.vcpu.injectProgram({ code: PGM.SPECIFICATION });
    expect(step()).toBe(HANDLER);
    expect(stored(LOWCORE.PROGRAM_CODE, 2)).toEqual(bytes(0, PGM.SPECIFICATION));
    expect(stored(LOWCORE.PROGRAM_ILC, 2)).toEqual(bytes(0, 4));
  });

  it('an interruption that becomes pending is a step, a clock interruption is not', () => {
    program(lr, lr);
    guest.vcpu.setPsw(MASK.EXTERNAL, START);
    guest.vcpu.setControl(0, 0x4800n);
    guest.vcpu.block.set64(0x30, 0n);
    guest.vcpu.setGuestDebug(STEP);
    expect(step()).toBe(START + 2n);
    guest.vcpu.local.emergencySignal(0);
    expect(step()).toBe(HANDLER);
  });

  it('the control registers are the guest’s, which LCTLG and STCTG see', () => {
    const area = [0xebn, 0x9bn, 0x06n, 0x00n, 0x00n, 0x25n].map(Number);
    guest.vm.writeGuest(0x500n, new Uint8Array(24).fill(0x12));
    program(lctlg(9, 11, 0x500), area);
    guest.vcpu.setGuestDebug(STEP);
    expect([step(), step()]).toEqual([START + 6n, START + 12n]);
    expect(stored(0x600, 24)).toEqual(new Uint8Array(24).fill(0x12));
    expect(guest.vcpu.control(10)).toBe(0x1212_1212_1212_1212n);
  });

  it('the guest takes its own program events only', () => {
    program(lr, lr, dr);
    guest.vcpu.setPsw(MASK.PLAIN | PER, START);
    guest.vcpu.setControl(9, 0x4000_0000n);
    guest.vcpu.setControl(10, START + 2n);
    guest.vcpu.setControl(11, START + 3n);
    guest.vcpu.setGuestDebug(STEP);
    expect(step()).toBe(START + 2n);
    expect([step(), step()]).toEqual([START + 4n, HANDLER]);
    expect(stored(LOWCORE.PROGRAM_CODE, 2)).toEqual(bytes(0, PGM.PER));
    expect(stored(LOWCORE.PER_ADDRESS, 8)).toEqual(bytes(0, 0, 0, 0, 0, 1, 0, 2));
    expect(step()).toBe(HANDLER);
    guest.vcpu.setPsw(MASK.PLAIN | PER, START + 4n);
    expect(step()).toBe(HANDLER);
    expect(stored(LOWCORE.PROGRAM_CODE, 2)).toEqual(bytes(0, PGM.SPECIFICATION));
  });

  it('the fetch event of an intercepted instruction, too, and of the target of an EXECUTE', () => {
    program(exrl(0, 10), diag(0, 0, 0x44), diag(0, 0, 0x44));
    const watch = (at: bigint) => {
      guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_CODE), bytes(0, 0));
      guest.vcpu.setPsw(MASK.PLAIN | PER, START);
      guest.vcpu.setControl(9, 0x4000_0000n);
      guest.vcpu.setControl(10, START + at);
      guest.vcpu.setControl(11, START + at);
      step();
      if (stored(LOWCORE.PROGRAM_CODE, 2)[1] === 0) step();
      return stored(LOWCORE.PROGRAM_CODE, 2)[1];
    };
    guest.vcpu.setGuestDebug(STEP);
    expect(watch(0n)).toBe(0);
    program(lpswe(0x700));
    guest.vm.writeGuest(0x700n, psw(MASK.PLAIN, HANDLER));
    expect(step()).toBe(HANDLER);
  });

  it('an invalid program new PSW is an exit', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(0n, 1n));
    program(lpswe(0x708));
    guest.vm.writeGuest(0x708n, psw(0n, 1n));
    guest.vcpu.setGuestDebug({ singleStep: false });
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: 8 });
  });

  it('a reset does not end the debugging', () => {
    guest.vcpu.setGuestDebug(STEP);
    guest.vcpu.reset('clear');
    program(lr, lr);
    expect(step()).toBe(START + 2n);
  });
});

describe('breakpoints', () => {
  const lr = [0x18, 0x12];

  it('stop the guest before the instruction, once', () => {
    program(lr, lr, lr, jump(-6));
    guest.vcpu.setGuestDebug({ singleStep: false, breakpoints: [breakpoint(4n)] });
    const hit = { reason: 'KVM_EXIT_DEBUG', type: DEBUG_TYPE.BREAKPOINT, address: START + 4n };
    expect(guest.run()).toEqual(hit);
    expect(guest.vcpu.block.pswAddress).toBe(START + 4n);
    expect(guest.run()).toEqual(hit);
    guest.vcpu.setGuestDebug({ singleStep: false, breakpoints: [breakpoint(0n, 2)] });
    expect(guest.run()).toMatchObject({ type: DEBUG_TYPE.BREAKPOINT, address: START });
  });

  it('a watchpoint stops the guest after a store that changes memory', () => {
    program(load(1, 7), stg(1, 0x600), stg(1, 0x608), load(1, 8), stg(1, 0x608), jump(0));
    guest.vm.writeGuest(0x608n, bytes(0, 0, 0, 0, 0, 0, 0, 7));
    const watchpoint = { type: DEBUG_TYPE.WATCHPOINT, address: 0x608n, physical: 0x608n, length: 8 };
    expect(guest.vcpu.setGuestDebug({ singleStep: false, breakpoints: [watchpoint] })).toBe(0);
    const exit = { reason: 'KVM_EXIT_DEBUG', type: DEBUG_TYPE.WATCHPOINT, address: 0x608n };
    expect(guest.run()).toEqual(exit);
    expect(guest.vcpu.block.pswAddress).toBe(START + 42n);
  });

  it('wrong ones are refused, and end the debugging', () => {
    const watch = (length: number, physical = 0x608n) => ({
      singleStep: false,
      breakpoints: [{ type: DEBUG_TYPE.WATCHPOINT, address: 0n, physical, length }],
    });
    const set = (options: Parameters<typeof guest.vcpu.setGuestDebug>[0]) =>
      codeOf(() => guest.vcpu.setGuestDebug(options));
    expect(set(watch(101))).toBe('EINVAL');
    expect(set(watch(-1))).toBe('EINVAL');
    expect(set(watch(100))).toBe('ok');
    expect(guest.vcpu.setGuestDebug(watch(8, 1n << 40n))).toBe(PGM.ADDRESSING);
    expect(set({ singleStep: true, breakpoints: Array.from({ length: 51 }, () => breakpoint(0n)) })).toBe(
      'EINVAL',
    );
    program([0x18, 0x12], diag(0, 0, 0x501));
    expect(guest.run().reason).toBe('KVM_EXIT_S390_SIEIC');
  });
});

it('STIDP and other intercepted instructions are stepped', () => {
  program(s(0xb202, 0x600), s(0xb212, 0x700));
  guest.vcpu.setGuestDebug(STEP);
  expect([step(), step()]).toEqual([START + 4n, START + 8n]);
});
