/** LOAD PSW of a guest with a machine check pending, which the host executes. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE, PGM, PSW } from '../../machine/index.ts';
import { MASK, psw } from '../../machine/testing/index.ts';
import { bytes, TestGuest } from '../testing/index.ts';

const START = 0x1_0000n;
const TARGET = 0x2_0000n;
const HANDLER = 0x3_0000n;
const PROGRAM_HANDLER = 0x3_1000n;
/** Where the PSW is that the guest loads. */
const OPERAND = 0x600;
const CHECKED = MASK.PLAIN | PSW.MACHINE_CHECK;
/** A bit of the mask that must be zero. */
const RESERVED = 1n << 63n;

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
  const { vm, vcpu } = guest;
  vm.writeGuest(BigInt(LOWCORE.MACHINE_CHECK_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
  vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, PROGRAM_HANDLER));
  vcpu.setControl(14, 0x1000_0000n);
  vcpu.inject({
    ...{ type: 'machine-check', cr14: 0x1000_0000n, mcic: 1n << 56n },
    ...{ failingStorageAddress: 0n, externalDamageCode: 0, fixedLogout: new Uint8Array(16) },
  });
  return () => expect(guest.problems).toEqual([]);
});

const doubleword = (at: number) => new DataView(guest.vm.readGuest(BigInt(at), 8).buffer).getBigUint64(0);

/** The instructions that load a PSW from an address, each with the form of the PSW. */
const long = (mask: bigint, address: bigint) => psw(mask, address);
const short = (mask: bigint, address: bigint) => psw(mask | (1n << 51n) | address, 0n).subarray(0, 8);
const LPSW = (at: number) => [0x82, 0x00, at >>> 8, at & 0xff];
const LPSWE = (at: number) => [0xb2, 0xb2, at >>> 8, at & 0xff];
const LPSWEY = (at: number) => [0xeb, 0x00, at >>> 8, at & 0xff, 0x00, 0x71];

/** Runs an instruction that loads a PSW. Returns where the guest was when it took an interruption, and which. */
function run(instruction: number[], operand: Uint8Array, at = OPERAND) {
  const { vm, vcpu } = guest;
  vm.writeGuest(BigInt(at), operand);
  vm.writeGuest(TARGET, bytes(...LPSWE(0x700)));
  guest.program([instruction]);
  guest.run();
  const old = {
    [`${HANDLER}`]: LOWCORE.MACHINE_CHECK_OLD_PSW,
    [`${PROGRAM_HANDLER}`]: LOWCORE.PROGRAM_OLD_PSW,
  };
  const from = old[`${vcpu.block.pswAddress}`];
  if (from === undefined) return null;
  const name = from === LOWCORE.PROGRAM_OLD_PSW ? 'program' : 'machine check';
  return { name, mask: doubleword(from), address: doubleword(from + 8) };
}

describe.each([
  ['LPSW', LPSW, short],
  ['LPSWE', LPSWE, long],
  ['LPSWEY', LPSWEY, long],
] as const)('%s', (name, instruction, form) => {
  it('that enables machine checks lets the pending one in, before the next instruction', () => {
    expect(run(instruction(OPERAND), form(CHECKED, TARGET))).toEqual({
      name: 'machine check',
      mask: CHECKED,
      address: TARGET,
    });
    expect(guest.vcpu.counts.exit_instruction).toBe(1);
  });

  it('that does not enable them goes on there', () => {
    expect(run(instruction(OPERAND), form(MASK.PLAIN, TARGET))).toBe(null);
    expect(guest.vcpu.block.pswAddress).toBe(0n);
    // The one that loads this PSW, and the one at the target.
    expect(guest.vcpu.counts.exit_instruction).toBe(2);
  });

  it('of an address that is not a multiple of 8 is a specification exception', () => {
    const next = START + BigInt(instruction(0).length);
    expect(run(instruction(OPERAND + 4), form(CHECKED, TARGET))).toEqual({
      ...{ name: 'program', mask: MASK.PLAIN, address: next },
    });
  });

  it('of an invalid PSW leads to an early exception, with the address of the breaking event', () => {
    guest.vcpu.block.set64(0x180, 0x1234n);
    const end = run(instruction(OPERAND), form(MASK.PLAIN | RESERVED, TARGET));
    expect(end).toEqual({ name: 'program', mask: MASK.PLAIN | RESERVED, address: TARGET });
    expect(doubleword(LOWCORE.BREAKING_EVENT_ADDRESS)).toBe(name === 'LPSWEY' ? 0x1234n : START);
    expect(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)).toEqual(bytes(0, PGM.SPECIFICATION));
  });

  it('outside storage is an addressing exception', () => {
    guest.vcpu.gr[5] = 0x40_0000n;
    const based = instruction(0).slice();
    based[2] = 0x50;
    expect(run(based, new Uint8Array(0), 0)?.name).toBe('program');
  });
});

it('LPSW of a PSW whose bit 12 is zero is a specification exception', () => {
  expect(run(LPSW(OPERAND), psw(CHECKED | TARGET, 0n))).toMatchObject({
    name: 'program',
    address: START + 4n,
  });
});

it('without a pending machine check is executed by the machine', () => {
  guest.vcpu.reset('initial');
  guest.vcpu.stopped = false;
  expect(run(LPSWE(OPERAND), long(CHECKED, TARGET))).toBe(null);
  expect(guest.vcpu.counts.exit_instruction).toBe(0);
});
