/** Accesses of user space to guest storage: by absolute and by logical address, with storage keys, and their exceptions. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE, PGM } from '../../machine/index.ts';
import { MASK, psw } from '../../machine/testing/index.ts';
import { PROT } from '../mm/index.ts';
import { bytes, codeOf, GUEST_BYTES, GUEST_HOME, TestGuest } from '../testing/index.ts';

const MIB = 1n << 20n;
const PAGE = 4096n;
/** Guest absolute address of two pages, with their keys. */
const AT = 0x2_0000n;
const FETCH_OVERRIDE = 1n << 25n;
const STORAGE_OVERRIDE = 1n << 24n;
const LOW_PROTECTION = 1n << 28n;
/** Guest tables: a segment table for 8 MiB, and a page table. */
const SEGMENTS = 0x10_0000n;
const PAGES = 0x11_0000n;
const INVALID = 0x400n;
const PROTECT = 0x200n;

let guest: TestGuest;
let cpu: ReturnType<TestGuest['host']['machine']['cpu']>;

beforeEach(() => {
  guest = new TestGuest();
  cpu = guest.host.machine.cpu(0);
  guest.vcpu.setPsw(MASK.PLAIN, 0n);
  return () => {
    expect(guest.problems).toEqual([]);
    expect(guest.host.kernel.locks.held).toEqual([]);
  };
});

const doubleword = (value: bigint) => {
  const result = new Uint8Array(8);
  new DataView(result.buffer).setBigUint64(0, value);
  return result;
};
/** Sets the keys of the two pages at `AT`. */
const keys = (first: number, second = first) => guest.vm.setKeys(Number(AT / PAGE), [first, second]);
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + 1) & 0xff);
/** Makes the guest's tables: the first 256 pages of the address space, each with an entry. Turns DAT on. */
function translate(entryOf: (page: number) => bigint, mask: bigint = MASK.DAT): void {
  for (let i = 0; i < 4; i++) {
    const entry = i === 0 ? PAGES : 0x20n;
    guest.vm.writeGuest(SEGMENTS + BigInt(i) * 8n, doubleword(entry));
  }
  for (let page = 0; page < 256; page++) {
    guest.vm.writeGuest(PAGES + BigInt(page) * 8n, doubleword(entryOf(page)));
  }
  guest.vcpu.setControl(1, SEGMENTS);
  guest.vcpu.setPsw(mask, 0n);
  guest.vcpu.forgetTranslations();
}
const identity = (page: number) => BigInt(page) * PAGE;
/** Runs the guest, which takes the pending interruption. Returns the TEID. */
function taken(): bigint {
  guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xdead));
  guest.run();
  expect(guest.vcpu.block.pswAddress).toBe(0xdeadn);
  return new DataView(guest.vm.readGuest(BigInt(LOWCORE.TRANSLATION_EXCEPTION), 8).buffer).getBigUint64(0);
}

describe('absolute memory', () => {
  const memory = () => guest.vm.absoluteMemory;

  it('is read and written across pages, and checks change nothing', () => {
    const data = pattern(10_000);
    expect(memory().check(AT + 5n, data.length, true)).toBe(0);
    expect(guest.vm.readGuest(AT + 5n, 4)).toEqual(bytes(0, 0, 0, 0));
    expect(memory().write(AT + 5n, data)).toBe(0);
    const back = new Uint8Array(data.length);
    expect(memory().check(AT + 5n, data.length, false)).toBe(0);
    expect(memory().read(AT + 5n, back)).toBe(0);
    expect(back).toEqual(data);
  });

  it.each([0, 3])(
    'is allowed by key %i that is 0 or matches; others may fetch without fetch protection',
    (key) => {
      keys(0x30);
      expect(memory().write(AT, bytes(1), key)).toBe(0);
      expect(memory().check(AT, 1, true, key)).toBe(0);
      for (const other of [1, 2, 15]) {
        expect(memory().write(AT, bytes(9), other)).toBe(PGM.PROTECTION);
        expect(memory().check(AT, 1, true, other)).toBe(PGM.PROTECTION);
        expect(memory().read(AT, new Uint8Array(1), other)).toBe(0);
        expect(memory().check(AT, 1, false, other)).toBe(0);
      }
      keys(0x38);
      expect(memory().read(AT, new Uint8Array(1), 2)).toBe(PGM.PROTECTION);
      expect(memory().check(AT, 1, false, 2)).toBe(PGM.PROTECTION);
      expect(guest.vm.readGuest(AT, 1)).toEqual(bytes(1));
    },
  );

  it('has no overrides of protection', () => {
    guest.vcpu.setControl(0, STORAGE_OVERRIDE | FETCH_OVERRIDE);
    guest.vm.setKeys(0, [0x18]);
    keys(0x98);
    expect(memory().read(0n, new Uint8Array(8), 2)).toBe(PGM.PROTECTION);
    expect(memory().read(AT, new Uint8Array(8), 2)).toBe(PGM.PROTECTION);
  });

  it('the pages before a protected one are written', () => {
    keys(0x10, 0x20);
    const at = AT + PAGE - 2n;
    expect(memory().write(at, bytes(1, 2, 3, 4), 1)).toBe(PGM.PROTECTION);
    expect(guest.vm.readGuest(at, 4)).toEqual(bytes(1, 2, 0, 0));
    expect(memory().check(at, 4, true, 1)).toBe(PGM.PROTECTION);
    expect(memory().check(at, 2, true, 1)).toBe(0);
  });

  it('outside all slots: an addressing exception', () => {
    const end = GUEST_BYTES;
    expect(memory().read(end, new Uint8Array(1))).toBe(PGM.ADDRESSING);
    expect(memory().write(end - 1n, bytes(7, 8))).toBe(PGM.ADDRESSING);
    expect(guest.vm.readGuest(end - 1n, 1)).toEqual(bytes(7));
    expect(memory().check(end, 1, false)).toBe(PGM.ADDRESSING);
    expect(memory().check(end - 1n, 2, false)).toBe(0);
    expect(memory().check(end - 1n, 2, false, 1)).toBe(PGM.ADDRESSING);
    expect(memory().check((1n << 64n) - PAGE, 1, false)).toBe(PGM.ADDRESSING);
  });

  it('what the process has not mapped, or not for stores, is protected; for a check of keys it is EFAULT', () => {
    guest.mm.munmap({ address: GUEST_HOME + AT, length: PAGE });
    guest.mm.mprotect({ address: GUEST_HOME + AT + PAGE, length: PAGE, protection: PROT.READ });
    guest.vm.enableKeys();
    expect(memory().read(AT, new Uint8Array(1))).toBe(PGM.PROTECTION);
    expect(memory().read(AT, new Uint8Array(1), 3)).toBe(PGM.PROTECTION);
    expect(memory().read(AT + PAGE, new Uint8Array(1))).toBe(0);
    expect(memory().write(AT + PAGE, bytes(1))).toBe(PGM.PROTECTION);
    expect(memory().check(AT, 1, false)).toBe(0);
    expect(codeOf(() => memory().check(AT, 1, false, 1))).toBe('EFAULT');
    expect(memory().compareAndExchange(AT + PAGE, bytes(0), bytes(0)).code).toBe(PGM.PROTECTION);
  });

  it.each([1, 2, 4, 8, 16])('compares and exchanges %i bytes', (size) => {
    const [old, fresh] = [
      pattern(size),
      pattern(size)
        .reverse()
        .map((byte) => byte ^ 0x55),
    ];
    guest.vm.writeGuest(AT + 16n, old);
    expect(memory().compareAndExchange(AT + 16n, old, fresh)).toEqual({ code: 0, exchanged: true, old });
    expect(guest.vm.readGuest(AT + 16n, size)).toEqual(fresh);
    expect(memory().compareAndExchange(AT + 16n, old, old)).toEqual({
      code: 0,
      exchanged: false,
      old: fresh,
    });
    expect(guest.vm.readGuest(AT + 16n, size)).toEqual(fresh);
    keys(0x10);
    expect(memory().compareAndExchange(AT + 16n, fresh, old, 1).exchanged).toBe(true);
    const refused = { code: PGM.PROTECTION, exchanged: false, old: new Uint8Array() };
    expect(memory().compareAndExchange(AT + 16n, fresh, old, 2)).toEqual(refused);
    expect(memory().compareAndExchange(GUEST_BYTES, old, old).code).toBe(PGM.ADDRESSING);
    if (size > 1) expect(codeOf(() => memory().compareAndExchange(AT + 17n, old, old))).toBe('EINVAL');
  });

  it('wrong sizes and keys are refused', () => {
    const m = memory();
    const exchange = (size: number, other = size) =>
      m.compareAndExchange(AT, new Uint8Array(size), new Uint8Array(other));
    for (const size of [0, 3, 5, 7, 9, 15, 17, 32])
      expect(
        codeOf(() => exchange(size)),
        `${size}`,
      ).toBe('EINVAL');
    expect(codeOf(() => exchange(4, 8))).toBe('EINVAL');
    expect(codeOf(() => m.read(AT, new Uint8Array()))).toBe('EINVAL');
    expect(codeOf(() => m.write(AT, new Uint8Array(0x1_0001)))).toBe('E2BIG');
    expect(codeOf(() => m.read(AT, new Uint8Array(1), 16))).toBe('EINVAL');
    expect(m.write(AT, new Uint8Array(0x1_0000))).toBe(0);
  });
});

describe('logical memory', () => {
  const read = (at: bigint, length: number, options = {}) => {
    const into = new Uint8Array(length);
    const code = guest.vcpu.readLogical(cpu, at, into, options);
    return code === 0 ? into : code;
  };
  const write = (at: bigint, data: Uint8Array, options = {}) =>
    guest.vcpu.writeLogical(cpu, at, data, options);
  const check = (at: bigint, length: number, store: boolean, options = {}) =>
    guest.vcpu.checkLogical(cpu, at, length, store, options);

  it('is that of real addresses without DAT: the prefix applies', () => {
    guest.vcpu.setPrefix(0x1_0000);
    expect(write(0x100n, bytes(1, 2))).toBe(0);
    expect(guest.vm.readGuest(0x1_0100n, 2)).toEqual(bytes(1, 2));
    expect(read(0x100n, 2)).toEqual(bytes(1, 2));
    expect(check(GUEST_BYTES, 1, false)).toBe(PGM.ADDRESSING);
    expect(read(GUEST_BYTES - 1n, 2)).toBe(PGM.ADDRESSING);
  });

  it('is translated page by page with DAT', () => {
    translate((page) => (page === 4 ? AT : page === 5 ? AT - PAGE : INVALID));
    const data = pattern(16);
    expect(check(0x4ff8n, 16, true)).toBe(0);
    expect(write(0x4ff8n, data)).toBe(0);
    expect(guest.vm.readGuest(AT + 0xff8n, 8)).toEqual(data.slice(0, 8));
    expect(guest.vm.readGuest(AT - PAGE, 8)).toEqual(data.slice(8));
    expect(read(0x4ff8n, 16)).toEqual(data);
  });

  it('exceptions of the translation are found before anything is stored', () => {
    translate((page) => (page === 4 ? AT : page === 6 ? AT | PROTECT : page === 7 ? GUEST_BYTES : INVALID));
    expect(write(0x4ff8n, pattern(16))).toBe(PGM.PAGE_TRANSLATION);
    expect(guest.vm.readGuest(AT + 0xff8n, 8)).toEqual(new Uint8Array(8));
    expect(check(0x4ff8n, 16, false)).toBe(PGM.PAGE_TRANSLATION);
    expect(check(MIB, 1, false)).toBe(PGM.SEGMENT_TRANSLATION);
    expect(check((1n << 64n) - PAGE, 1, false)).toBe(PGM.ASCE_TYPE);
    expect(check(0x6000n, 1, false)).toBe(0);
    expect(check(0x6000n, 1, true)).toBe(PGM.PROTECTION);
    expect(check(0x7000n, 1, false)).toBe(PGM.ADDRESSING);
  });

  it('a table outside all slots is an addressing exception; one that the process has not mapped is EFAULT', () => {
    translate(identity);
    guest.mm.munmap({ address: GUEST_HOME + PAGES, length: PAGE });
    expect(codeOf(() => check(AT, 1, false))).toBe('EFAULT');
    guest.vcpu.setControl(1, GUEST_BYTES);
    expect(check(AT, 1, false)).toBe(PGM.ADDRESSING);
  });

  it('low-address protection applies to stores, and not in a private space', () => {
    translate(identity);
    guest.vcpu.setControl(0, LOW_PROTECTION);
    expect(write(0x1ffn, bytes(1))).toBe(PGM.PROTECTION);
    expect(write(0x200n, bytes(1))).toBe(0);
    expect(write(0xfffn, bytes(1, 2))).toBe(PGM.PROTECTION);
    expect(guest.vm.readGuest(0xfffn, 1)).toEqual(bytes(0));
    expect(check(0x1000n, 1, true)).toBe(PGM.PROTECTION);
    expect(check(0x1000n, 1, false)).toBe(0);
    guest.vcpu.setControl(1, SEGMENTS | 0x100n);
    expect(write(0x1ffn, bytes(1))).toBe(0);
    expect(write(0n, bytes(1), { inject: true })).toBe(0);
    guest.vcpu.setPsw(MASK.PLAIN, 0n);
    expect(check(0x1ffn, 1, true)).toBe(PGM.PROTECTION);
  });

  it('keys apply, and storage-protection override to key 9', () => {
    translate(identity);
    keys(0x18, 0x98);
    for (const key of [0, 1]) expect(check(AT, 1, true, { key })).toBe(0);
    expect(check(AT, 1, true, { key: 2 })).toBe(PGM.PROTECTION);
    expect(read(AT, 1, { key: 2 })).toBe(PGM.PROTECTION);
    guest.vcpu.setControl(0, STORAGE_OVERRIDE);
    expect(read(AT + PAGE, 1, { key: 2 })).toEqual(bytes(0));
    expect(write(AT + PAGE, bytes(5), { key: 2 })).toBe(0);
    expect(write(AT, bytes(5), { key: 2 })).toBe(PGM.PROTECTION);
    keys(0x10);
    expect(read(AT, 1, { key: 2 })).toEqual(bytes(0));
  });

  it('fetch-protection override opens the first 2 KiB, also of a range that wraps around', () => {
    guest.vm.setKeys(0, [0x18]);
    guest.vm.writeGuest(0n, pattern(2049));
    guest.vcpu.setControl(0, FETCH_OVERRIDE);
    expect(read(0n, 2048, { key: 2 })).toEqual(pattern(2048));
    expect(check(0n, 2048, false, { key: 2 })).toBe(0);
    expect(read(0n, 2049, { key: 2 })).toBe(PGM.PROTECTION);
    expect(check(0n, 2049, false, { key: 2 })).toBe(PGM.PROTECTION);
    expect(check(0n, 1, true, { key: 2 })).toBe(PGM.PROTECTION);
    guest.vcpu.setPsw(MASK.PLAIN & ~(3n << 31n), 0n);
    expect(check(0xff_ffffn, 2, false, { key: 2 })).toBe(PGM.ADDRESSING);
    expect(check(0x100_0000n, 2048, false, { key: 2 })).toBe(0);
    translate(identity);
    guest.vcpu.setControl(1, SEGMENTS | 0x100n);
    expect(read(0n, 2048, { key: 2 })).toBe(PGM.PROTECTION);
  });

  it('an access register designates the space in the access-register mode', () => {
    translate((page) => (page === 4 ? AT : INVALID), MASK.DAT | (1n << 46n));
    guest.vm.writeGuest(SEGMENTS + PAGE, doubleword(0x20n));
    guest.vcpu.setControl(7, SEGMENTS + PAGE);
    guest.vcpu.ar[1] = 0;
    guest.vcpu.ar[2] = 1;
    guest.vcpu.ar[3] = 0x0200_0000;
    cpu.ar.fill(77);
    expect(write(0x4000n, bytes(3), { register: 1 })).toBe(0);
    expect(check(0x4000n, 1, false, { register: 2 })).toBe(PGM.SEGMENT_TRANSLATION);
    expect(check(0x4000n, 1, false, { register: 3 })).toBe(PGM.ALET_SPECIFICATION);
    expect([...new Set(cpu.ar)]).toEqual([77]);
    expect(codeOf(() => check(0x4000n, 1, false, { register: 16 }))).toBe('EINVAL');
  });

  it('an exception is injected when the guest runs next, with its identification', () => {
    translate((page) => (page === 4 ? AT : INVALID));
    keys(0x18);
    expect(write(0x4000n, bytes(1), { key: 1 })).toBe(0);
    expect(guest.vcpu.interruptible).toBe(false);
    expect(write(0x5123n, bytes(1), { inject: true })).toBe(PGM.PAGE_TRANSLATION);
    expect(guest.vcpu.interruptible).toBe(true);
    expect(taken()).toBe(0x5400n);
    expect(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)).toEqual(bytes(0, PGM.PAGE_TRANSLATION));
    translate((page) => (page === 4 ? AT : INVALID));
    expect(read(0x4000n, 1, { key: 2, inject: true })).toBe(PGM.PROTECTION);
    expect(taken()).toBe(0x4808n);
    expect(guest.vcpu.interruptible).toBe(false);
  });

  it('a store that a key forbids after the first page has terminated: the reason is 0', () => {
    keys(0x18, 0x98);
    const at = AT + PAGE - 2n;
    expect(check(at, 4, true, { key: 1 })).toBe(PGM.PROTECTION);
    expect(write(at, bytes(1, 2, 3, 4), { key: 1, inject: true })).toBe(PGM.PROTECTION);
    expect(guest.vm.readGuest(at, 4)).toEqual(bytes(1, 2, 0, 0));
    expect(taken()).toBe((AT + PAGE) | 0x400n);
    guest.vcpu.setPsw(MASK.PLAIN, 0n);
    expect(check(at, 4, true, { key: 1, inject: true })).toBe(PGM.PROTECTION);
    expect(taken()).toBe((AT + PAGE) | 0x408n);
  });

  it('what the process has not mapped, or not for stores, is protected', () => {
    guest.mm.mprotect({ address: GUEST_HOME + AT, length: PAGE, protection: PROT.READ });
    expect(check(AT, 1, true)).toBe(0);
    expect(write(AT, bytes(1), { inject: true })).toBe(PGM.PROTECTION);
    expect(taken()).toBe(AT | 0x408n);
    guest.mm.munmap({ address: GUEST_HOME + AT, length: PAGE });
    expect(read(AT, 1)).toBe(PGM.PROTECTION);
  });

  it('leaves the processor as it was', () => {
    translate(identity);
    read(0n, 1);
    const before = [...cpu.cr, ...cpu.gr, cpu.pswMask, cpu.pswAddress, cpu.prefix];
    write(AT, pattern(6000));
    expect([...cpu.cr, ...cpu.gr, cpu.pswMask, cpu.pswAddress, cpu.prefix]).toEqual(before);
  });
});

describe('a program interruption that is made pending', () => {
  const at = (location: number, count: number) => guest.vm.readGuest(BigInt(location), count);

  it('takes the length of the last intercepted instruction, and sets the PSW back if it nullifies', () => {
    guest.program([[0x83, 0, 0x05, 0x01]]);
    expect(guest.run().reason).toBe('KVM_EXIT_S390_SIEIC');
    const next = guest.vcpu.block.pswAddress;
    guest.vcpu.injectProgram({ code: PGM.SEGMENT_TRANSLATION, teid: 0x1234_5000n });
    expect(taken()).toBe(0x1234_5000n);
    expect(at(LOWCORE.PROGRAM_ILC, 2)).toEqual(bytes(0, 4));
    expect(new DataView(at(LOWCORE.PROGRAM_OLD_PSW + 8, 8).buffer).getBigUint64(0)).toBe(next - 4n);
  });

  it('has the length that it is given, and need not set the PSW back', () => {
    guest.vcpu.setPsw(MASK.PLAIN, 0x1000n);
    guest.vcpu.injectProgram({ code: PGM.SEGMENT_TRANSLATION, length: 6, rewind: false });
    taken();
    expect(at(LOWCORE.PROGRAM_ILC, 2)).toEqual(bytes(0, 6));
    expect(new DataView(at(LOWCORE.PROGRAM_OLD_PSW + 8, 8).buffer).getBigUint64(0)).toBe(0x1000n);
  });

  it('is combined with a program event, in either order', () => {
    const event = { code: PGM.PER, perCode: 0x40, perAtmid: 0x80, perAddress: 0x77n, perAccess: 3 };
    const other = { code: PGM.DATA, dataExceptionCode: 0x99 };
    for (const [first, second] of [
      [event, other],
      [other, event],
    ] as const) {
      guest.vcpu.setPsw(MASK.PLAIN, 0x1000n);
      guest.vcpu.injectProgram(first);
      guest.vcpu.injectProgram(second);
      taken();
      expect(at(LOWCORE.PROGRAM_CODE, 2)).toEqual(bytes(0, PGM.PER | PGM.DATA));
      expect(at(LOWCORE.DATA_EXCEPTION_CODE, 4)).toEqual(bytes(0, 0, 0, 0x99));
      expect(at(LOWCORE.PER_CODE, 2)).toEqual(bytes(0x40, 0x80));
      expect(at(LOWCORE.PER_ADDRESS, 8)).toEqual(bytes(0, 0, 0, 0, 0, 0, 0, 0x77));
    }
    guest.vcpu.setPsw(MASK.PLAIN, 0x1000n);
    guest.vcpu.injectProgram(event);
    guest.vcpu.injectProgram({ ...event, code: PGM.PER | PGM.OPERATION, perCode: 0x20 });
    taken();
    expect(at(LOWCORE.PER_CODE, 1)).toEqual(bytes(0x20));
  });

  it('is cleared by a reset, and stays pending while the prefix area is not backed', () => {
    guest.vcpu.injectProgram({ code: PGM.DATA });
    guest.mm.munmap({ address: GUEST_HOME, length: PAGE });
    expect(guest.run().reason).toBe('KVM_EXIT_MEMORY_FAULT');
    expect(guest.vcpu.interruptible).toBe(true);
    guest.vcpu.reset('cpu');
    expect(guest.vcpu.interruptible).toBe(false);
  });

  it('fields out of range are refused', () => {
    const inject = (request: object) => codeOf(() => guest.vcpu.injectProgram({ code: 1, ...request }));
    expect(inject({ code: 0x1_0000 })).toBe('EINVAL');
    expect(inject({ teid: 1n << 64n })).toBe('EINVAL');
    expect(inject({ perCode: 256 })).toBe('EINVAL');
    expect(inject({ length: 3 })).toBe('EINVAL');
    expect(guest.vcpu.interruptible).toBe(false);
  });
});
