/** A program interruption that the host injects: it stores everything that the machine would store. */

import { expect, it } from 'vitest';
import { LOWCORE, PGM } from '../../machine/index.ts';
import { jump, load, MASK, psw, s, stg, unknown } from '../../machine/testing/index.ts';
import { TestGuest } from '../testing/index.ts';

const OUTSIDE = 0x1000_0000;
/** Bytes of the prefix area that a program interruption may store. */
const STORED = [
  [LOWCORE.PROGRAM_ILC, 4],
  [LOWCORE.DATA_EXCEPTION_CODE, 8],
  [LOWCORE.EXCEPTION_ACCESS, 4],
  [LOWCORE.TRANSLATION_EXCEPTION, 16],
  [LOWCORE.BREAKING_EVENT_ADDRESS, 8],
  [LOWCORE.PROGRAM_OLD_PSW, 16],
] as const;

/** Runs a program up to its exception. Returns the stored fields in hexadecimal. */
function stored(instructions: readonly number[][], inject?: (guest: TestGuest) => void): string[] {
  const guest = new TestGuest();
  for (const [at, length] of STORED) guest.vm.writeGuest(BigInt(at), new Uint8Array(length).fill(0xee));
  guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0));
  guest.program(instructions);
  inject?.(guest);
  guest.run();
  return STORED.map(([at, length]) => Buffer.from(guest.vm.readGuest(BigInt(at), length)).toString('hex'));
}

it('the breaking-event address', () => {
  // A jump, then the exception: injected by user space, for an address in no slot, and recognized by the machine.
  const branch = jump(4);
  const [host, outside, machine] = [
    stored([branch, s(0xb210, 0x801, 0)]),
    stored([load(2, OUTSIDE), branch, stg(1, 0, 2)]),
    stored([branch, unknown()]),
  ].map((each) => each[4]);
  expect(host).toBe('0000000000010000');
  expect(outside).toBe('000000000001000c');
  expect(machine).toBe(host);
});

it.each([PGM.PAGE_TRANSLATION, PGM.SEGMENT_TRANSLATION])(
  'the access of a translation exception: code %i',
  (code) => {
    const guest = new TestGuest();
    guest.vm.writeGuest(160n, new Uint8Array(4).fill(0xee));
    guest.vcpu.prefixArea.program(code, 4, 0x5000n);
    const access = [...guest.vm.readGuest(160n, 4)];
    expect(access).toEqual(code === PGM.PAGE_TRANSLATION ? [0, 0xee, 0, 0xee] : [0, 0xee, 0xee, 0xee]);
  },
);
