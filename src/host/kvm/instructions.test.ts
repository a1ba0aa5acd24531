/** Intercepted instructions of a guest: TEST BLOCK, STSI, and the PSW after an interception. */

import { beforeEach, describe, expect, it } from 'vitest';
import { EXT, ICPT, LOWCORE, PGM, SIE } from '../../machine/index.ts';
import { code, diag, load, lpswe, MASK, psw, rre, s } from '../../machine/testing/index.ts';
import { GUEST_BYTES, GUEST_HOME, TestGuest } from '../testing/index.ts';
import type { Vcpu } from './vcpu.ts';

const HANDLER = 0x3_0000n;
const DATA = 0x8000;
let guest: TestGuest;
let vcpu: Vcpu;

beforeEach(() => {
  guest = new TestGuest();
  ({ vcpu } = guest);
  guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
  return () => expect(guest.problems).toEqual([]);
});

const get64 = (at: number) => new DataView(guest.vm.readGuest(BigInt(at), 8).buffer).getBigUint64(0);
/** Runs a program to its end. Returns 0, or the code of the program interruption that ended it. */
function run(...instructions: number[][]): number {
  guest.program(instructions);
  expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
  if (vcpu.block.pswAddress !== HANDLER) return 0;
  return new DataView(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2).buffer).getUint16(0);
}

describe('TEST BLOCK', () => {
  const tb = rre(0xb22c, 0, 2);

  it('clears the page of the address, sets register 0 to 0 and condition code 0', () => {
    guest.vm.writeGuest(BigInt(DATA - 1), new Uint8Array(4098).fill(0xee));
    guest.program([load(0, ~0n & 0xffff_ffff_ffff_ffffn), load(2, DATA + 0x123), tb]);
    vcpu.block.pswMask = MASK.PLAIN | (3n << 44n);
    guest.run(vcpu, 5);
    expect([vcpu.gr[0], (vcpu.block.pswMask >> 44n) & 3n]).toEqual([0n, 0n]);
    const bytes = guest.vm.readGuest(BigInt(DATA - 1), 4098);
    expect([bytes[0], bytes[4097], bytes.subarray(1, 4097).every((byte) => byte === 0)]).toEqual([
      0xee,
      0xee,
      true,
    ]);
  });

  it('is subject to prefixing', () => {
    guest.vm.writeGuest(0x5000n, new Uint8Array(16).fill(0xee));
    vcpu.setPrefix(0x4000);
    guest.vm.writeGuest(0x4000n + BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
    expect(run(load(2, 0x1000), tb)).toBe(0);
    expect(get64(0x5000)).toBe(0n);
  });

  it('of a page outside storage is an addressing exception', () => {
    expect(run(load(2, GUEST_BYTES), tb)).toBe(PGM.ADDRESSING);
  });

  it('of pages 0 and 1 is a protection exception while low addresses are protected', () => {
    for (const page of [0, 1]) {
      vcpu.setControl(0, 0x1000_0000n);
      expect(run(load(2, page * 4096 + 8), tb)).toBe(PGM.PROTECTION);
      expect(get64(LOWCORE.TRANSLATION_EXCEPTION) & ~0xfffn).toBe(BigInt(page * 4096));
    }
    expect(run(load(2, 0x2000), tb)).toBe(0);
  });

  it('of memory that the process has not mapped is an exit, and is executed again', () => {
    guest.mm.munmap({ address: GUEST_HOME + 0x10_0000n, length: 4096n });
    guest.program([load(0, 7), load(2, 0x10_0000), tb]);
    expect(guest.run()).toEqual({
      reason: 'KVM_EXIT_MEMORY_FAULT',
      gpa: 0x10_0000n,
      size: 4096n,
      write: true,
    });
    guest.mm.mmap({ address: GUEST_HOME + 0x10_0000n, length: 4096n });
    expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
    expect(vcpu.gr[0]).toBe(0n);
  });
});

describe('STORE SYSTEM INFORMATION', () => {
  const stsi = s(0xb27d, 0, 2);

  it('of the virtual machine is stored by the host, and an exit lets user space add to it', () => {
    guest.vm.createVcpu();
    guest.vm.writeGuest(BigInt(DATA), new Uint8Array(4096).fill(0xee));
    guest.program([load(0, 0x3000_0002), load(1, 2), load(2, DATA), stsi]);
    expect(guest.run()).toEqual({
      reason: 'KVM_EXIT_S390_STSI',
      address: BigInt(DATA),
      fc: 3,
      sel1: 2,
      sel2: 2,
    });
    expect((vcpu.block.pswMask >> 44n) & 3n).toBe(0n);
    const wanted = new Uint8Array(4096);
    wanted[31] = 1;
    wanted.set([0, 2, 0, 2, 0, 0, 0, 0], 36);
    wanted.set([0xd2, 0xe5, 0xd4, 0x87, 0xa4, 0x85, 0xa2, 0xa3], 44);
    wanted.set([0, 0, 0x03, 0xe8], 52);
    wanted.set([0xd2, 0xe5, 0xd4, 0x61, 0xd3, 0x89, 0x95, 0xa4, 0xa7, ...new Array(7).fill(0x40)], 56);
    expect(guest.vm.readGuest(BigInt(DATA), 4096)).toEqual(wanted);
  });

  it.each([
    [0x3000_0001, 1],
    [0x3000_0002, 1],
    [0x3000_0001, 2],
    [0x4000_0000, 0],
    [0xf000_0001, 2],
    [0xf000_0100, 2],
  ])('has no information for 0x%x and %i', (function0, function1) => {
    guest.program([load(0, function0), load(1, function1), load(2, DATA), stsi]);
    guest.run(vcpu, 7);
    expect((vcpu.block.pswMask >> 44n) & 3n).toBe(3n);
  });

  it('to an address outside storage is an addressing exception of the guest', () => {
    expect(run(load(0, 0x3000_0002), load(1, 2), load(2, GUEST_BYTES), stsi)).toBe(PGM.ADDRESSING);
  });

  it('of levels 1 and 2 is left to user space, which stores the operand as the guest would', () => {
    guest.program([load(0, 0x1000_0001), load(1, 1), load(2, DATA), stsi]);
    expect(guest.run()).toEqual({
      reason: 'KVM_EXIT_S390_STSI',
      address: BigInt(DATA),
      fc: 1,
      sel1: 1,
      sel2: 1,
    });
    expect((vcpu.block.pswMask >> 44n) & 3n).toBe(3n);
    const cpu = guest.host.machine.cpu(0);
    // Its page is made present first, and the instruction executed again.
    expect(vcpu.storeOperand(cpu, BigInt(DATA), Uint8Array.of(1, 2, 3))).toBe(false);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_STSI' });
    expect(vcpu.storeOperand(cpu, BigInt(DATA), Uint8Array.of(1, 2, 3))).toBe(true);
    expect(guest.vm.readGuest(BigInt(DATA), 4)).toEqual(Uint8Array.of(1, 2, 3, 0));
    expect(vcpu.storeOperand(cpu, GUEST_BYTES, Uint8Array.of(1))).toBe(false);
    expect(vcpu.block.pswAddress).toBe(HANDLER);
  });
});

describe('the PSW behind an intercepted instruction', () => {
  it.each([
    ['24', 0n, 0xff_fffcn, 0n],
    ['31', 0x8000_0000n, 0x7fff_fffcn, 0n],
  ])('wraps at %s bits, and back when the instruction is refused', (_, mode, last, behind) => {
    // The instruction is 4 bytes at the end of the address space: memory there is the guest's first segments again.
    guest.mm.mmap({ address: 0x6000_0000n, length: 0x10_0000n });
    const userspaceAddr = 0x6000_0000n;
    const segment = last & ~0xf_ffffn;
    guest.vm.setMemoryRegion({ slot: 1, guestPhysAddr: segment, memorySize: 0x10_0000n, userspaceAddr });
    guest.vm.writeGuest(last, code(diag(2, 3, 0x600)));
    vcpu.setPsw(mode, last);
    expect(guest.run()).toMatchObject({ icptcode: ICPT.INSTRUCTION });
    expect(vcpu.block.pswAddress).toBe(behind);
    vcpu.refuse(PGM.SPECIFICATION);
    expect(get64(LOWCORE.PROGRAM_OLD_PSW + 8)).toBe(behind);
    // A page translation that the host handles puts the PSW back to the instruction, across the end of the address space.
    vcpu.setPsw(mode, behind);
    vcpu.block.advance(-4);
    expect(vcpu.block.pswAddress).toBe(last);
    vcpu.block.advance(4);
    expect(vcpu.block.pswAddress).toBe(behind);
  });
});

describe('the prefix area', () => {
  it('is refused when only its second page is outside storage', () => {
    guest.program([]);
    guest.mm.munmap({ address: GUEST_HOME + 4096n, length: 4096n });
    expect(guest.run()).toEqual({ reason: 'KVM_EXIT_MEMORY_FAULT', gpa: 4096n, size: 4096n, write: true });
  });
});

describe('the processor of the host', () => {
  it('gets its own TOD programmable field back, and the guest keeps its own', () => {
    const cpu = guest.host.machine.cpu(0);
    cpu.todProgrammable = 0x1234;
    // SCKPF sets the field of the guest from register 0.
    guest.program([load(0, 0x77), [0x01, 0x07], lpswe(0x700)]);
    guest.run();
    expect([cpu.todProgrammable, vcpu.block.get32(SIE.TOD_PROGRAMMABLE)]).toEqual([0x1234, 0x77]);
  });

  it('reports no external interruption of its own in a guest', () => {
    guest.host.machine.cpu(0).signal(EXT.EXTERNAL_CALL, 0, 1);
    guest.program([load(5, 5)]);
    vcpu.block.pswMask = MASK.EXTERNAL;
    vcpu.setControl(0, 0x2000n);
    expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
    expect(vcpu.gr[5]).toBe(5n);
  });
});
