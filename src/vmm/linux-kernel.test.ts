import { describe, expect, it } from 'vitest';
import { GUEST_HOME, makeHost } from '../host/testing/index.ts';
import { type ElfImage, ImageError } from './elf.ts';
import { checkBeginning, parseImage } from './image.ts';
import { linuxKernelOf } from './linux-kernel.ts';
import { Monitor } from './monitor.ts';

const MIB = 1 << 20;
const MAGIC = Buffer.from('S390EP');
/** LGHI 3,3 and DIAGNOSE 0x308 with this subcode, which loads the machine again. */
const RELOAD = [0xa7, 0x39, 0x00, 0x03, 0x83, 0x03, 0x03, 0x08];

/** A raw kernel of `size` bytes. `told` is the size of the command line in its parameter area. */
function kernel(size = 0x1_2000, told = 4096n): Uint8Array {
  const file = new Uint8Array(size);
  file.set(MAGIC, 0x1_0008);
  new DataView(file.buffer).setBigUint64(0x1_0430, told);
  return file;
}

function boot(image: ElfImage, options: { arguments?: string; initrd?: Uint8Array; memory?: number } = {}) {
  const { memory = 32 * MIB, ...rest } = options;
  const { host } = makeHost({ storageSize: 64 * MIB });
  const mm = host.createMm();
  mm.mmap({ address: GUEST_HOME, length: BigInt(memory) });
  const maps = [{ from: GUEST_HOME, to: 0n, length: BigInt(memory) }];
  return new Monitor(host, mm, { image, maps, console: { write: () => {} }, ...rest });
}

describe('a raw kernel', () => {
  it('starts at 0x10000, and tells the size of its command line', () => {
    const image = parseImage(kernel());
    expect(image).toMatchObject({ entry: 0x1_0000n, segments: [{ address: 0n, memorySize: 0x1_2000n }] });
    expect(linuxKernelOf(image)).toEqual({ commandLineSize: 4096, initrdAddress: 8n << 20n });
  });

  it('that tells no size has a command line of 896 bytes', () => {
    expect(linuxKernelOf(parseImage(kernel(0x1_1001, 0n)))?.commandLineSize).toBe(896);
  });

  it('has its RAM disk a mebibyte behind it if it is large', () => {
    expect(linuxKernelOf(parseImage(kernel(9 * MIB)))?.initrdAddress).toBe(10n << 20n);
    expect(linuxKernelOf(parseImage(kernel(9 * MIB + 1)))?.initrdAddress).toBe(11n << 20n);
  });

  it.each([
    [
      'a command line of 0x10001 bytes',
      kernel(0x1_2000, 0x1_0001n),
      'tells a command line of 0x10001 bytes at 0x10430',
    ],
    [
      'an end before its command line',
      kernel(0x1_0480),
      'ends at 0x10480, before its command line at 0x10480',
    ],
    ['no magic', new Uint8Array(0x2_0000), 'neither an ELF file'],
    ['too few bytes', kernel().subarray(0, 0x1_000d), 'neither an ELF file'],
  ])('with %s is rejected', (_, file, message) => {
    expect(() => parseImage(file)).toThrow(ImageError);
    expect(() => parseImage(file)).toThrow(message);
  });

  it('of another architecture is named', () => {
    const arm = new Uint8Array(0x2_0000);
    arm.set(Buffer.from('ARMd'), 0x38);
    expect(() => parseImage(arm)).toThrow('a Linux kernel for 64-bit Arm; one for s390x is needed');
  });

  it('is recognized by its beginning, as soon as that is long enough', () => {
    expect(() => checkBeginning(kernel())).not.toThrow();
    expect(() => checkBeginning(new Uint8Array(100))).not.toThrow();
    expect(() => checkBeginning(new Uint8Array(0x1_000e))).toThrow('neither an ELF file');
    expect(() => checkBeginning(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toThrow('inside its ELF header');
  });
});

describe('loading a kernel', () => {
  it('stores command line, RAM disk and its place', () => {
    const { vm } = boot(parseImage(kernel()), {
      arguments: 'x'.repeat(4095),
      initrd: Uint8Array.of(1, 2, 3),
    });
    const fields = new DataView(vm.readGuest(0x1_0408n, 16).buffer);
    expect([fields.getBigUint64(0), fields.getBigUint64(8)]).toEqual([8n << 20n, 3n]);
    expect([...vm.readGuest(8n << 20n, 4)]).toEqual([1, 2, 3, 0]);
    expect(Buffer.from(vm.readGuest(0x1_0480n, 4096)).toString()).toBe(`${'x'.repeat(4095)}\0`);
  });

  it.each([
    ['a long command line', { arguments: 'x'.repeat(4096) }, 'have 4096 bytes; the maximum is 4095'],
    [
      'a RAM disk beyond memory',
      { initrd: new Uint8Array(24 * MIB + 1) },
      'of 25165825 bytes does not fit in guest memory at 0x800000',
    ],
    [
      'no memory',
      { memory: 0x10_0000, initrd: new Uint8Array(1) },
      'does not fit in guest memory at 0x800000',
    ],
  ])('with %s fails', (_, options, message) => {
    expect(() => boot(parseImage(kernel()), options)).toThrow(message);
  });

  it('gives no RAM disk to another image', () => {
    const other = { ...parseImage(kernel()), entry: 0x1_0002n };
    expect(() => boot(other, { initrd: new Uint8Array(1) })).toThrow('for Linux kernels only');
  });
});

it('a reset with clearing loads the kernel again, into memory of zeros', () => {
  const file = kernel();
  file.set(RELOAD, 0x1_0000);
  const monitor = boot(parseImage(file), { arguments: 'one' });
  const { vm } = monitor;
  const pages = [0x1_0480n, 0x10_0000n] as const;
  for (let n = 0; n < 2; n++) {
    expect(monitor.run(1000)).toEqual({ kind: 'reset' });
    for (const page of pages) vm.writeGuest(page, Uint8Array.of(9));
    vm.setKey(0x10_0000n, 0x30);
    vm.floating.serviceSignal(8);
    monitor.reload();
    expect([vm.getKey(0x10_0000n), vm.floating.empty]).toEqual([0, true]);
    expect(pages.map((page) => vm.readGuest(page, 1)[0])).toEqual(['o'.charCodeAt(0), 0]);
    expect(vm.vcpus[0]?.block.pswAddress).toBe(0x1_0000n);
  }
});
