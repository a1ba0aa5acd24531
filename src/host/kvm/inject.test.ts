/** A program interruption that the host injects: it stores everything that the machine would store. */

import { describe, expect, it } from 'vitest';
import { INTERCEPTION_STATUS, LOWCORE, PGM, SIE } from '../../machine/index.ts';
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

it('the operand of an intercepted instruction is in the space of its access register', () => {
  const DAT_BY_REGISTER = 0x0400_4000_0000_0000n;
  const guest = new TestGuest();
  const { vcpu, vm } = guest;
  vm.writeGuest(160n, new Uint8Array(4).fill(0xee));
  vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0));
  // The access list of the dispatchable unit at 0x2000, whose entry 2 is invalid.
  vm.writeGuest(0x1010n, Uint8Array.of(0, 0, 0x20, 0));
  vm.writeGuest(0x2020n, Uint8Array.of(0x80, 0, 0, 0));
  // STORE PREFIX at 0x800(%r9).
  guest.program([s(0xb211, 0x800, 9)]);
  vcpu.setControl(1, 0x20n);
  vcpu.setControl(2, 0x1000n);
  vcpu.gr[9] = 0n;
  vcpu.ar[9] = 0x0007_0002;
  vcpu.block.pswMask |= DAT_BY_REGISTER;
  guest.run();
  expect([...vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)]).toEqual([0, PGM.ALEN_TRANSLATION]);
  expect([...vm.readGuest(160n, 2)]).toEqual([9, 0xee]);
});

describe('the program event of an intercepted instruction', () => {
  const FETCH = 0x4000_0000n;
  const PER = 0x4000_0000_0000_0000n;

  /** A guest that watches the fetch of the instruction at `offset` bytes into its program. */
  function watching(offset: number, instructions: readonly number[][]): TestGuest {
    const guest = new TestGuest();
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
    guest.program(instructions);
    const { vcpu } = guest;
    vcpu.block.pswMask |= PER;
    const at = vcpu.block.pswAddress + BigInt(offset);
    vcpu.setControl(9, FETCH);
    vcpu.setControl(10, at);
    vcpu.setControl(11, at);
    return guest;
  }

  /** Runs the guest. Returns code and length of its program interruption, PER code, PER address and old address. */
  function events(guest: TestGuest) {
    guest.run();
    expect(guest.vcpu.block.pswAddress).toBe(0xbadn);
    const bytes = guest.vm.readGuest(0n, 0x200);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const start = guest.vcpu.control(10);
    return {
      code: view.getUint16(LOWCORE.PROGRAM_CODE),
      length: view.getUint16(LOWCORE.PROGRAM_ILC),
      events: view.getUint8(LOWCORE.PER_CODE),
      address: view.getBigUint64(LOWCORE.PER_ADDRESS) - start,
      old: view.getBigUint64(LOWCORE.PROGRAM_OLD_PSW + 8) - start,
    };
  }

  it('is indicated when the host has executed the instruction', () => {
    // STORE PREFIX, after an instruction that is not watched.
    const guest = watching(2, [[0x07, 0x00], s(0xb211, 0x800, 0)]);
    guest.vm.writeGuest(0x800n, new Uint8Array(4).fill(0xee));
    expect(events(guest)).toEqual({ code: PGM.PER, length: 4, events: 0x40, address: 0n, old: 4n });
    expect(guest.vm.readGuest(0x800n, 4)).toEqual(new Uint8Array(4));
  });

  it('is indicated with the exception of the instruction', () => {
    const guest = watching(0, [s(0xb211, 0x801, 0)]);
    const code = PGM.PER | PGM.SPECIFICATION;
    expect(events(guest)).toEqual({ code, length: 4, events: 0x40, address: 0n, old: 4n });
  });

  it('is indicated once', () => {
    const guest = watching(0, [s(0xb211, 0x800, 0), jump(0)]);
    events(guest);
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_CODE), new Uint8Array(2));
    guest.vcpu.block.pswMask = MASK.PLAIN | PER;
    guest.vcpu.block.pswAddress = guest.vcpu.control(10) + 4n;
    guest.run(guest.vcpu, 5);
    expect(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)).toEqual(new Uint8Array(2));
  });

  it('is dropped by a reset', () => {
    const guest = watching(0, [s(0xb211, 0x800, 0)]);
    guest.run(guest.vcpu, 1);
    const pending = () => guest.vcpu.block.get8(SIE.INTERCEPTION_STATUS) & INTERCEPTION_STATUS.FETCH_EVENT;
    expect(pending()).not.toBe(0);
    guest.vcpu.reset('cpu');
    expect(pending()).toBe(0);
  });
});
