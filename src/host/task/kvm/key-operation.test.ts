/** KVM_S390_KEYOP: what each operation does to a storage key, and what it tells of the former one. */

import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../testing/index.ts';
import type { Thread } from '../process/task.ts';
import { MEMORY, makeLinux, makeThread } from '../testing/threads.ts';
import { KEY_OPERATION, KVM } from './abi.ts';
import { KvmMachine } from './machine.ts';
import { VM_COMMANDS } from './vm-file.ts';

const { ISKE, RRBE, SSKE } = KEY_OPERATION;
const HOME = 0x1000_0000n;

let thread: Thread;
let machine: KvmMachine;

beforeEach(() => {
  const { system } = makeLinux();
  thread = makeThread(system);
  thread.space.mm.mmap({ address: HOME, length: 1n << 20n });
  machine = new KvmMachine(system, thread.space.mm, false);
  const memory = { slot: 0, guestPhysAddr: 0n, memorySize: 1n << 20n, userspaceAddr: HOME };
  machine.vm.setMemoryRegion(memory);
});

/** Performs an operation on the key of a guest address. Returns what it tells. */
function operate(operation: number, address: bigint, key = 0xff): number {
  const request = new DataView(new ArrayBuffer(16));
  request.setBigUint64(0, address);
  request.setUint8(8, key);
  request.setUint8(9, operation);
  thread.space.memory.write(MEMORY, new Uint8Array(request.buffer));
  expect(VM_COMMANDS.get(KVM.S390_KEYOP)?.(machine, MEMORY, thread)).toBe(0);
  return thread.space.memory.read(MEMORY + 8, 1)[0]!;
}

describe('an operation on a storage key', () => {
  it('sets it, without its lowest bit, and tells the former one', () => {
    expect(operate(SSKE, 0x2345n, 0x37)).toBe(0);
    expect(operate(SSKE, 0x2000n, 0xf8)).toBe(0x36);
    expect(operate(ISKE, 0x2fffn)).toBe(0xf8);
    expect(machine.vm.getKey(0x1000n)).toBe(0);
  });

  it('resets the reference bit, and tells this and the change bit', () => {
    operate(SSKE, 0x3000n, 0xf6);
    expect(operate(RRBE, 0x3000n)).toBe(0x06);
    expect(operate(RRBE, 0x3000n)).toBe(0x02);
    expect(operate(ISKE, 0x3000n)).toBe(0xf2);
  });

  it('tells 0 before the guest uses storage keys, and has it use none', () => {
    expect([operate(ISKE, 0n), operate(RRBE, 0n)]).toEqual([0, 0]);
    expect(machine.vm.getKeys(0, 1)).toBeNull();
  });

  it('is one of three, at an address that the guest has', () => {
    expect(codeOf(() => operate(4, 0n))).toBe('EINVAL');
    expect(codeOf(() => operate(0, 0n))).toBe('EINVAL');
    expect(codeOf(() => operate(ISKE, 1n << 20n))).toBe('EFAULT');
    expect(codeOf(() => operate(SSKE, (1n << 64n) - 1n, 0))).toBe('EFAULT');
  });
});
