/**
 * Wrong calls of virtual machines and virtual CPUs: each throws a LinuxError with its code and a sentence that names the
 * value, and changes nothing.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { LinuxError } from '../errors.ts';
import { guestPage } from '../numbers.ts';
import { snapshotOf, TestGuest } from '../testing/index.ts';
import type { MemoryRegion } from './slots.ts';
import { VirtualMachine } from './vm.ts';

const MIB = 1n << 20n;
const TOP = 1n << 64n;

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest({ flags: 0 });
});

type Refusal = readonly [title: string, call: () => unknown, code: string, ...named: (string | RegExp)[]];

function refused([, call, code, ...named]: Refusal): void {
  const before = snapshotOf(guest.host, guest.mm, guest.vm.gmap);
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(LinuxError);
  const { code: found, message } = thrown as LinuxError;
  expect(found).toBe(code);
  for (const part of named) expect(message).toMatch(part);
  expect(snapshotOf(guest.host, guest.mm, guest.vm.gmap)).toEqual(before);
}

const region = (changes: Partial<Record<keyof MemoryRegion, unknown>>) => () =>
  guest.vm.setMemoryRegion({
    ...{ slot: 1, flags: 0, guestPhysAddr: 16n * MIB, memorySize: MIB, userspaceAddr: 0x1000_0000n },
    ...changes,
  } as MemoryRegion);

const SLOTS: Refusal[] = [
  ['no object', () => guest.vm.setMemoryRegion(7 as never), 'EINVAL', 'region', '7'],
  ['slot 32767', region({ slot: 32767 }), 'EINVAL', '32767', '0 to 32766'],
  ['slot -1', region({ slot: -1 }), 'EINVAL', '-1', '32766'],
  ['slot 1.5', region({ slot: 1.5 }), 'EINVAL', '1.5'],
  ['flags that are no number', region({ flags: '1' }), 'EINVAL', 'flags'],
  ['unknown flags', region({ flags: 2 }), 'EINVAL', 'flags', '0x2'],
  ...(['guestPhysAddr', 'memorySize', 'userspaceAddr'] as const).flatMap((name): Refusal[] => [
    [`${name} that is no bigint`, region({ [name]: 5 }), 'EINVAL', name, '5'],
    [`${name} that is negative`, region({ [name]: -0x1000n }), 'EINVAL', name],
    [
      `${name} that is no multiple of 4 KiB`,
      region({ [name]: MIB + 1n }),
      'EINVAL',
      name,
      '0x100001',
      '4 KiB',
    ],
    [
      `${name} that is no multiple of 1 MiB`,
      region({ [name]: MIB + 0x1000n }),
      'EINVAL',
      name,
      '0x101000',
      '1 MiB',
    ],
  ]),
  [
    'a size of 2^31 pages',
    region({ memorySize: 1n << 43n, userspaceAddr: 0n, guestPhysAddr: 0n }),
    'EINVAL',
    'memorySize',
    '0x80000000000',
    '2^31 - 1',
  ],
  ['an end at 2^64', region({ guestPhysAddr: TOP - MIB }), 'EINVAL', '0xfffffffffff00000'],
  ['an end above 2^64', region({ guestPhysAddr: TOP - MIB, memorySize: 2n * MIB }), 'EINVAL', '64'],
  [
    'process memory that ends above 4 TiB',
    region({ userspaceAddr: (1n << 42n) - MIB, memorySize: 2n * MIB }),
    'EINVAL',
    'userspaceAddr',
    '0x3fffff00000',
    '4 TiB',
  ],
  ['deleting a slot that does not exist', region({ memorySize: 0n }), 'EINVAL', 'slot 1'],
  ['another size', region({ slot: 0, guestPhysAddr: 0n }), 'EINVAL', 'slot 0', 'size'],
  [
    'another process address',
    region({ slot: 0, guestPhysAddr: 0n, memorySize: 4n * MIB, userspaceAddr: 0x2000_0000n }),
    'EINVAL',
    'slot 0',
    'process address',
  ],
  ['an overlap', region({ guestPhysAddr: 3n * MIB }), 'EEXIST', 'slot 1', '0x300000', 'slot 0'],
  ['the log of a slot that does not exist', () => guest.vm.getDirtyLog(5), 'ENOENT', 'slot 5'],
  ['the log of a slot that has none', () => guest.vm.getDirtyLog(0), 'ENOENT', 'slot 0'],
  ['the log of slot 32767', () => guest.vm.getDirtyLog(32767), 'EINVAL', '32767'],
];

const KEYS: Refusal[] = [
  ['no keys', () => guest.vm.setKeys(0, []), 'EINVAL', '0 keys', '1048576'],
  ['too many keys', () => guest.vm.setKeys(0, new Uint8Array(0x10_0001)), 'EINVAL', '1048577 keys'],
  ['keys that are no object', () => guest.vm.setKeys(0, 3 as never), 'EINVAL', 'keys', '3'],
  ['a key with the lowest bit on', () => guest.vm.setKeys(0, [0x10, 0x11]), 'EINVAL', '17'],
  ['a frame of -1', () => guest.vm.setKeys(-1, [0]), 'EINVAL', '-1'],
  ['a frame of 1.5', () => guest.vm.setKeys(1.5, [0]), 'EINVAL', '1.5'],
  ['a frame in no slot', () => guest.vm.setKeys(0x3ff, [0, 0]), 'EFAULT', '0x400', 'slot'],
  ['an address that is no bigint', () => guest.vm.getKey(5 as never), 'EINVAL', 'address', '5'],
  ['an address to set that is no bigint', () => guest.vm.setKey(5 as never, 0), 'EINVAL', 'address', '5'],
  ['an address outside every slot', () => guest.vm.getKey(64n * MIB), 'EFAULT', '0x4000'],
];

const MACHINE: Refusal[] = [
  ['no options', () => new VirtualMachine(undefined as never), 'EINVAL', 'options'],
  ['no process', () => new VirtualMachine({ mm: {}, gmap: guest.vm.gmap } as never), 'EINVAL', 'mm'],
  ['no gmap', () => new VirtualMachine({ mm: guest.mm, gmap: {} } as never), 'EINVAL', 'gmap'],
  [
    'a range that is no bigint',
    () => guest.vm.hasMemory({ address: 1 as never, length: 1n }),
    'EINVAL',
    'address',
    '1',
  ],
  [
    'a length that is no bigint',
    () => guest.vm.hasMemory({ address: 1n, length: 1 as never }),
    'EINVAL',
    'length',
    '1',
  ],
  ['a read at no bigint', () => guest.vm.readGuest(1 as never, 1), 'EINVAL', 'address', '1'],
  ['a read of -1 bytes', () => guest.vm.readGuest(1n, -1), 'EINVAL', 'length', '-1'],
  ['a fault for 1', () => guest.vm.faultIn(0n, 1 as never), 'EINVAL', 'write', '1'],
  [
    'a watch on page 2^52',
    () => guest.vm.watchPage(guestPage(2 ** 52)),
    'EINVAL',
    'page',
    '4503599627370496',
  ],
  [
    'the key of page 2^52',
    () => guest.vm.setGuestKey(guestPage(2 ** 52), 0),
    'EINVAL',
    'page',
    '4503599627370496',
  ],
];

const CPU: Refusal[] = [
  ['a reset of another kind', () => guest.vcpu.reset('warm' as never), 'EINVAL', 'warm'],
  ['a stop for 1', () => guest.vcpu.requestStop(1 as never), 'EINVAL', 'store', '1'],
  ['a status at -1', () => guest.vcpu.storeStatus(-1), 'EINVAL', 'address', '-1'],
  ['a PSW mask that is no bigint', () => guest.vcpu.setPsw(1 as never, 0n), 'EINVAL', 'mask', '1'],
  ['a PSW address above 64 bits', () => guest.vcpu.setPsw(0n, TOP), 'EINVAL', 'address', '10000000000000000'],
  ['control register 16', () => guest.vcpu.control(16), 'EINVAL', '16', '15'],
  ['setting control register -1', () => guest.vcpu.setControl(-1, 0n), 'EINVAL', '-1', '15'],
  ['a control register of 65 bits', () => guest.vcpu.setControl(1, TOP), 'EINVAL', 'value'],
  ['a limit of 0', () => guest.vcpu.run(guest.host.machine.cpu(0), 0), 'EINVAL', 'limit', '0'],
  ['a refusal with a code of 17 bits', () => guest.vcpu.refuse(0x1_0000), 'EINVAL', 'code', '65536'],
  [
    'an operand of no bytes',
    () => guest.vcpu.storeOperand(guest.host.machine.cpu(0), 0n, new Uint8Array()),
    'EINVAL',
    'length',
    '0',
  ],
  [
    'an operand at no bigint',
    () => guest.vcpu.storeOperand(guest.host.machine.cpu(0), 1 as never, new Uint8Array(1)),
    'EINVAL',
    'address',
    '1',
  ],
  [
    'a field of the state description at 509',
    () => guest.vcpu.block.get32(509),
    'EINVAL',
    'field',
    '509',
    '508',
  ],
  ['a field at -1', () => guest.vcpu.block.set8(-1, 0), 'EINVAL', 'field', '-1'],
  ['a value of 9 bits', () => guest.vcpu.block.set8(0, 256), 'EINVAL', 'value', '256'],
  ['a value of 17 bits', () => guest.vcpu.block.set16(0, 65536), 'EINVAL', 'value', '65536'],
  ['a value of 33 bits', () => guest.vcpu.block.set32(0, 2 ** 32), 'EINVAL', 'value', '4294967296'],
  ['a value of 65 bits', () => guest.vcpu.block.set64(0, TOP), 'EINVAL', 'value'],
  [
    'condition code 4',
    () => {
      guest.vcpu.block.conditionCode = 4;
    },
    'EINVAL',
    'condition code',
    '4',
  ],
  ['an advance of 7 bytes', () => guest.vcpu.block.advance(7), 'EINVAL', 'bytes', '7'],
  [
    'an emergency signal of CPU 65536',
    () => guest.vcpu.local.emergencySignal(65536),
    'EINVAL',
    'sender',
    '65536',
  ],
  [
    'a service signal of 33 bits',
    () => guest.vm.floating.serviceSignal(2 ** 32),
    'EINVAL',
    'parameter',
    '4294967296',
  ],
];

describe.each([
  ['memory slots', SLOTS],
  ['storage keys', KEYS],
  ['a virtual machine', MACHINE],
  ['a virtual CPU', CPU],
])('%s: refused is', (_, refusals) => {
  it.each(refusals)('%s', (...refusal) => refused(refusal as unknown as Refusal));
});

describe('storage keys of a slot without process memory', () => {
  it('are refused; the error names the first frame without memory', () => {
    region({ guestPhysAddr: 4n * MIB, userspaceAddr: 0x5000_0000n })();
    refused(['two frames', () => guest.vm.setKeys(0x3ff, [0, 0]), 'EFAULT', '0x400', 'memory']);
  });
});

describe('the largest values', () => {
  it('slot 32766, an end 1 MiB before 2^64, process memory that ends at 4 TiB', () => {
    region({ slot: 32766, guestPhysAddr: TOP - 2n * MIB, userspaceAddr: (1n << 42n) - MIB })();
    expect([...guest.vm.slots.all.keys()]).toEqual([0, 32766]);
  });

  it('field 508 of the state description, the last control register, 65535 as a CPU address', () => {
    guest.vcpu.block.set32(508, 0xffff_ffff);
    expect(guest.vcpu.block.get32(508)).toBe(0xffff_ffff);
    guest.vcpu.setControl(15, TOP - 1n);
    expect(guest.vcpu.control(15)).toBe(TOP - 1n);
    guest.vcpu.local.emergencySignal(65535);
    expect(guest.vcpu.local.empty).toBe(false);
  });
});

describe('a virtual machine that was destroyed', () => {
  it('is refused, as are its virtual CPUs', () => {
    const { vm, vcpu } = guest;
    expect(() => vcpu.destroy()).toThrow(/virtual CPU 0/);
    vm.destroy();
    expect(() => vm.destroy()).toThrow(
      expect.objectContaining({ code: 'EBADF', message: expect.stringMatching(/destroyed/) }),
    );
    expect(() => vcpu.run(guest.host.machine.cpu(0), 1)).toThrow(
      expect.objectContaining({
        code: 'EBADF',
        message: expect.stringMatching(/virtual CPU 0 was destroyed/),
      }),
    );
  });

  it('a gmap of another process is refused', () => {
    const other = guest.host.createMm();
    const gmap = guest.host.createGmap(other);
    expect(() => new VirtualMachine({ mm: guest.mm, gmap })).toThrow(
      expect.objectContaining({ code: 'EINVAL', message: expect.stringMatching(/gmap 1 .*process 0/) }),
    );
  });
});
