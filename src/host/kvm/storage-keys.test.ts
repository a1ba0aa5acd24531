/** Storage keys of guests: the guest's instructions, the ioctls for a migration, and the lifetime of a key. */

import { beforeEach, describe, expect, it } from 'vitest';
import { INTERCEPT_KEYS, LOWCORE, PGM, SIE } from '../../machine/index.ts';
import {
  diag,
  exrl,
  ipm,
  iske,
  lg,
  load,
  lpswe,
  MASK,
  pfmf,
  psw,
  rrbe,
  sske,
  stg,
} from '../../machine/testing/index.ts';
import { PROT } from '../mm/index.ts';
import { bytes, codeOf, frameCounts, GUEST_BYTES, GUEST_HOME, TestGuest } from '../testing/index.ts';

const MIB = 1n << 20n;
const PAGE = 4096n;
const AT = 0x20;
const ADDRESS = BigInt(AT) * PAGE;
const MAX_KEYS = 1 << 20;

describe.each([
  ['pages of 4 KiB', false],
  ['frames of 1 MiB', true],
])('the keys of a guest of %s', (_, large) => {
  let guest: TestGuest;

  beforeEach(() => {
    guest = new TestGuest({ large, vcpus: 2 });
    return () => {
      expect(guest.problems).toEqual([]);
      expect(guest.host.kernel.locks.held).toEqual([]);
    };
  });
  /** Returns the key that ISKE inserts. */
  const seen = (page = AT) => Number(guest.on(page, load(1, 0), iske(1, 2)));
  /** Sets a key by SSKE. */
  const set = (key: number, page = AT) => guest.on(page, load(1, key), sske(1, 2));
  /** Executes RRBE. Returns the condition code. */
  const reset = (page = AT) => Number(guest.on(page, rrbe(0, 2), load(1, 0), ipm(1)) >> 28n) & 3;
  const controls = (vm = guest.vm) => vm.vcpus.map(({ block }) => block.get32(SIE.INTERCEPTION_CONTROLS));

  it.each([
    ['ISKE', iske(1, 2)],
    ['SSKE', sske(1, 2)],
    ['RRBE', rrbe(1, 2)],
  ])('are used from the first %s on, by all its virtual CPUs, without an exit', (_name, instruction) => {
    expect(controls()).toEqual([INTERCEPT_KEYS, INTERCEPT_KEYS]);
    guest.on(AT, load(1, 0));
    expect(guest.mm.ptes.usesKeys).toBe(false);
    guest.on(AT, load(1, 0), instruction);
    expect(guest.mm.ptes.usesKeys).toBe(true);
    expect(controls()).toEqual([0, 0]);
    const other = guest.vm.createVcpu();
    expect(other.block.get32(SIE.INTERCEPTION_CONTROLS)).toBe(INTERCEPT_KEYS);
    guest.on(AT, load(1, 0), instruction);
    expect(frameCounts(guest.host)['large-page']).toBe(0);
  });

  it('are enabled for a second virtual machine of the process by its own first instruction', () => {
    const vm = guest.host.createVm(guest.mm);
    vm.createVcpu();
    set(0x30);
    expect(controls(vm)).toEqual([INTERCEPT_KEYS]);
    vm.enableKeys();
    expect(controls(vm)).toEqual([0]);
    expect(guest.vm.getKey(ADDRESS) & 0xf8).toBe(0x30);
  });

  it('are not enabled by an instruction in the problem state', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
    guest.program([iske(1, 2)]);
    guest.vcpu.setPsw(MASK.PROBLEM, 0x1_0000n);
    guest.run();
    expect(guest.vcpu.block.pswAddress).toBe(0xbadn);
    expect(guest.mm.ptes.usesKeys).toBe(false);
  });

  it('are enabled by the target of an EXECUTE, which is executed again', () => {
    guest.program([load(2, ADDRESS), load(1, 0x58), exrl(0, 10), lpswe(0x700), sske(1, 2)]);
    guest.run();
    expect(guest.vcpu.block.pswAddress).toBe(0n);
    expect(guest.vm.getKey(ADDRESS)).toBe(0x58);
  });

  it('are all 0 at first, except for bits that the guest’s own accesses set', () => {
    guest.on(AT, stg(1, 0, 2));
    expect(seen()).toBe(0);
    expect(seen(0x30)).toBe(0);
    guest.on(AT, stg(1, 0, 2));
    expect(seen()).toBe(0x06);
  });

  it('record fetches and stores of the guest, the process and KVM', () => {
    set(0x30);
    expect(seen()).toBe(0x30);
    guest.on(AT, lg(1, 0, 2));
    expect(seen()).toBe(0x34);
    set(0x30);
    guest.host.writeAsProcess(guest.mm, guest.host.machine.cpu(1), guest.processAddress(AT), bytes(1));
    expect(seen()).toBe(0x36);
    set(0x30);
    guest.vm.writeGuest(ADDRESS, bytes(1));
    expect(seen()).toBe(0x36);
    expect(guest.vm.getKey(ADDRESS)).toBe(0x36);
  });

  it('have a reference bit that RRBE resets and returns', () => {
    set(0x30);
    expect(reset()).toBe(0);
    guest.on(AT, lg(1, 0, 2));
    expect(reset()).toBe(2);
    expect(reset()).toBe(0);
    guest.on(AT, stg(1, 0, 2));
    expect(reset()).toBe(3);
    expect(reset()).toBe(1);
    expect(seen()).toBe(0x32);
  });

  const losses: Record<string, () => void> = {
    'dropped by the process': () => guest.mm.dontNeed({ address: guest.processAddress(AT), length: PAGE }),
    'given back by DIAGNOSE 0x10': () => void guest.on(AT, diag(2, 2, 0x10)),
    'discarded by its user': () => guest.vm.gmap.discard({ address: 0n, length: GUEST_BYTES }),
    'copied by the guest after a fork': () => {
      guest.host.fork(guest.mm);
      guest.on(AT, lg(3, 0, 2), stg(3, 0, 2));
    },
    'made unreachable and reachable again': () => {
      guest.mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.NONE });
      guest.mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.READ | PROT.WRITE });
    },
    'unmapped and mapped again beside other memory': () => {
      guest.mm.munmap({ address: guest.processAddress(AT), length: PAGE });
      guest.mm.mmap({ address: guest.processAddress(AT), length: PAGE });
    },
    'unlinked from the guest and linked again': () => {
      guest.slot(0, 64n * MIB);
      guest.slot(0);
    },
  };

  it.each(Object.keys(losses))('outlive a page that is %s', (what) => {
    guest.on(AT, stg(1, 0, 2));
    set(0x58);
    guest.on(AT, stg(1, 0, 2));
    set(0x9a, AT + 1);
    losses[what]?.();
    expect(guest.vm.getKey(ADDRESS)).toBe(0x5e);
    expect(seen()).toBe(0x5e);
    expect(seen(AT + 1)).toBe(0x9a);
    guest.on(AT, stg(1, 0, 2));
    expect(seen()).toBe(0x5e);
    expect(reset()).toBe(3);
    expect(seen()).toBe(0x5a);
    set(0x40);
    expect(seen()).toBe(0x40);
  });

  it('can be set for pages without a frame, and apply when the pages get one', () => {
    guest.vm.setKey(ADDRESS, 0xa6);
    expect(guest.vm.getKey(ADDRESS)).toBe(0xa6);
    expect(seen()).toBe(0xa6);
    guest.mm.dontNeed({ address: guest.processAddress(AT), length: PAGE });
    guest.vm.setKey(ADDRESS, 0xb0);
    expect(guest.vm.getKey(ADDRESS)).toBe(0xb0);
    guest.on(AT, stg(1, 0, 2));
    expect(seen()).toBe(0xb6);
  });

  it('protect from the guest’s own accesses with another key, before and after a discard', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
    set(0x58);
    for (const drop of [false, true]) {
      if (drop) guest.vm.gmap.discard({ address: ADDRESS, length: PAGE });
      for (const [key, instruction, protectedFrom] of [
        [5n, stg(1, 0, 2), false],
        [6n, lg(1, 0, 2), true],
        [6n, stg(1, 0, 2), true],
        [0n, stg(1, 0, 2), false],
      ] as const) {
        guest.program([load(2, ADDRESS), instruction]);
        guest.vm.setKey(0x1_0000n, Number(key) << 4);
        guest.vcpu.setPsw(MASK.PLAIN | (key << 52n), 0x1_0000n);
        guest.run();
        expect([key, guest.vcpu.block.pswAddress]).toEqual([key, protectedFrom ? 0xbadn : 0n]);
      }
    }
    expect(new DataView(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2).buffer).getUint16(0)).toBe(
      PGM.PROTECTION,
    );
  });

  it('of a page that the process unmaps under the guest are an exit; once mapped again, the guest continues', () => {
    set(0x58);
    guest.mm.munmap({ address: GUEST_HOME + MIB, length: MIB });
    guest.program([load(2, MIB), load(1, 0x70), sske(1, 2), iske(3, 2)]);
    const fault = { reason: 'KVM_EXIT_MEMORY_FAULT', gpa: MIB, size: PAGE, write: false };
    expect(guest.run()).toEqual(fault);
    expect(guest.run()).toEqual(fault);
    guest.mm.mmap({ address: GUEST_HOME + MIB, length: MIB, large });
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect((guest.vcpu.gr[3] as bigint) & 0xffn).toBe(0x70n);
    expect(frameCounts(guest.host)['large-page']).toBe(0);
  });

  it('outside the guest’s memory are an addressing exception', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
    for (const instruction of [iske(1, 2), sske(1, 2), rrbe(1, 2)]) {
      guest.program([load(2, GUEST_BYTES), instruction]);
      guest.run();
      expect(guest.vcpu.block.pswAddress).toBe(0xbadn);
      expect(guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)).toEqual(bytes(0, PGM.ADDRESSING));
    }
  });

  it('are set to the end of a segment by the multiple-block control, which makes missing pages present', () => {
    guest.on(0xf0, load(1, 0x40), sske(1, 2, 1));
    expect(guest.vcpu.gr[2]).toBe(MIB);
    expect([...(guest.vm.getKeys(0xef, 18) as Uint8Array)]).toEqual([0, ...Array(16).fill(0x40), 0]);
    expect(guest.mm.read(guest.processAddress(0xf5), 1)).toEqual(bytes(0));
  });

  it('are separate for the guests of parent and child after a fork', () => {
    guest.on(AT, stg(1, 0, 2));
    set(0x58);
    const child = guest.host.fork(guest.mm);
    const vm = guest.host.createVm(child);
    vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: GUEST_BYTES, userspaceAddr: GUEST_HOME });
    expect(vm.getKeys(AT, 1)).toBe(null);
    vm.setKey(ADDRESS, 0x90);
    expect(seen()).toBe(0x58);
    expect(vm.getKey(ADDRESS)).toBe(0x90);
    guest.host.exitMm(child);
    expect(seen()).toBe(0x58);
  });

  it('are null for another guest of the process until it uses them itself', () => {
    guest.on(AT, stg(1, 0, 2));
    set(0x58);
    const vm = guest.host.createVm(guest.mm);
    vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: GUEST_BYTES, userspaceAddr: GUEST_HOME });
    expect(vm.getKeys(AT, 1)).toBe(null);
    vm.setKeys(AT + 1, [0x20]);
    expect(vm.getKeys(AT, 2)).toEqual(bytes(0x58, 0x20));
  });

  it('cannot be enabled without memory: the guest can continue later, at the same instruction', () => {
    guest.mm.write(guest.processAddress(AT), bytes(7));
    // Enabling them must split a frame of 1 MiB, or copy a page.
    if (large) guest.mm.write(GUEST_HOME + MIB, bytes(1));
    else guest.host.fork(guest.mm);
    guest.program([load(1, 0x50), load(2, ADDRESS), sske(1, 2)]);
    guest.run(guest.vcpu, 4);
    guest.host.kernel.frames.failIn(1);
    expect(codeOf(() => guest.run())).toBe('ENOMEM');
    expect(guest.mm.ptes.usesKeys).toBe(false);
    expect(controls()).toEqual([INTERCEPT_KEYS, INTERCEPT_KEYS]);
    expect(guest.vcpu.block.pswAddress).toBe(0x1_0018n);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect(guest.vm.getKey(ADDRESS)).toBe(0x50);
    expect(guest.vm.readGuest(ADDRESS, 1)).toEqual(bytes(7));
  });

  it('do not affect the dirty log: setting a key is not a write', () => {
    guest.on(AT, stg(1, 0, 2));
    set(0x10);
    guest.slot(1);
    set(0x58);
    seen();
    reset();
    guest.vm.setKey(ADDRESS, 0x30);
    expect(guest.vm.getDirtyLog(0)).not.toContain(AT);
    guest.on(AT, stg(1, 0, 2));
    expect(guest.vm.getDirtyLog(0)).toContain(AT);
    expect(seen()).toBe(0x36);
  });

  describe('for a migration', () => {
    it('are null while the guest does not use them, for any range', () => {
      expect(guest.vm.getKeys(0, 10)).toBe(null);
      expect(guest.vm.getKeys(1 << 30, 0)).toBe(null);
      expect(guest.vm.getKey(ADDRESS)).toBe(0);
    });

    it('are read and set for ranges across segments and slots', () => {
      const more = guest.mm.mmap({ length: MIB, large });
      guest.vm.setMemoryRegion({
        slot: 3,
        guestPhysAddr: GUEST_BYTES,
        memorySize: MIB,
        userspaceAddr: more,
      });
      const keys = Uint8Array.from({ length: 300 }, (_, i) => (i * 2) & 0xfe);
      guest.vm.setKeys(900, keys);
      expect(guest.mm.ptes.usesKeys).toBe(true);
      expect(guest.vm.getKeys(900, 300)).toEqual(keys);
      expect(guest.vm.getKeys(898, 4)).toEqual(bytes(0, 0, 0, 2));
      expect(seen(1000)).toBe(200);
      expect(guest.vm.getKey(900n * PAGE + 0xfffn)).toBe(0);
      expect(guest.vm.getKey(901n * PAGE + 0xfffn)).toBe(2);
    });

    it('EINVAL for an invalid count or key, and nothing has changed', () => {
      set(0x30);
      for (const count of [0, -1, 1.5, MAX_KEYS + 1]) {
        expect(codeOf(() => guest.vm.getKeys(0, count))).toBe('EINVAL');
      }
      expect(codeOf(() => guest.vm.setKeys(AT, []))).toBe('EINVAL');
      expect(codeOf(() => guest.vm.setKeys(0, new Uint8Array(MAX_KEYS + 1)))).toBe('EINVAL');
      for (const key of [0x01, 0xff, -2, 0x100, 0.5]) {
        expect(codeOf(() => guest.vm.setKeys(AT, [0x40, key]))).toBe('EINVAL');
        expect(codeOf(() => guest.vm.setKey(ADDRESS, key))).toBe('EINVAL');
      }
      expect(codeOf(() => guest.vm.getKey(-1n))).toBe('EINVAL');
      expect(codeOf(() => guest.vm.getKeys(-1, 1))).toBe('EINVAL');
      expect(guest.vm.getKey(ADDRESS)).toBe(0x30);
    });

    it('EFAULT outside slots and where nothing is mapped, and nothing has changed', () => {
      const last = Number(GUEST_BYTES / PAGE) - 1;
      expect(codeOf(() => guest.vm.setKeys(last, [0x40, 0x50]))).toBe('EFAULT');
      expect(guest.mm.ptes.usesKeys).toBe(false);
      expect(codeOf(() => guest.vm.getKey(GUEST_BYTES))).toBe('EFAULT');
      guest.vm.setKeys(last, [0x40]);
      expect(codeOf(() => guest.vm.setKeys(last, [0x60, 0x50]))).toBe('EFAULT');
      expect(codeOf(() => guest.vm.getKeys(last, 2))).toBe('EFAULT');
      expect(guest.vm.getKeys(last, 1)).toEqual(bytes(0x40));
      expect(codeOf(() => guest.vm.getKeys(0, MAX_KEYS))).toBe('EFAULT');
      guest.mm.munmap({ address: guest.processAddress(last), length: PAGE });
      expect(codeOf(() => guest.vm.getKeys(last, 1))).toBe('EFAULT');
      expect(codeOf(() => guest.vm.getKey(BigInt(last) * PAGE))).toBe('EFAULT');
      expect(codeOf(() => guest.vm.setKeys(last, [0]))).toBe('EFAULT');
    });
  });
});

describe('PFMF', () => {
  let guest: TestGuest;
  const KEY = 0x2_0000;
  const CLEAR = 0x1_0000;
  const SEGMENT = 0x1000;
  const REGION = 0x2000;

  beforeEach(() => {
    guest = new TestGuest();
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
    return () => expect(guest.problems).toEqual([]);
  });
  /** Returns the program-interruption code with which it ends. */
  const refused = (page: number, what: number, ...before: number[][]) => {
    guest.program([load(2, page * 4096), load(3, what), ...before, pfmf(3, 2)]);
    guest.run();
    expect(guest.vcpu.block.pswAddress).toBe(0xbadn);
    return guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)[1];
  };

  it('sets the key of a frame, clears it, or both', () => {
    guest.vm.writeGuest(ADDRESS, bytes(1, 2));
    guest.on(AT, load(3, KEY | 0x58), pfmf(3, 2));
    expect(guest.vm.getKey(ADDRESS)).toBe(0x58);
    expect(guest.vm.readGuest(ADDRESS, 2)).toEqual(bytes(1, 2));
    guest.on(AT, load(3, CLEAR), pfmf(3, 2));
    expect(guest.vm.readGuest(ADDRESS, 2)).toEqual(bytes(0, 0));
    guest.vm.writeGuest(ADDRESS, bytes(1, 2));
    guest.on(AT, load(3, CLEAR | KEY | 0x60), pfmf(3, 2));
    expect(guest.vm.getKey(ADDRESS)).toBe(0x60);
    expect(guest.vm.readGuest(ADDRESS, 2)).toEqual(bytes(0, 0));
    expect(guest.vcpu.gr[2]).toBe(ADDRESS);
    expect(guest.mm.ptes.usesKeys).toBe(true);
  });

  it('clears without enabling keys, and clears a copy of a page that is shared', () => {
    guest.vm.writeGuest(ADDRESS, bytes(1));
    const child = guest.host.fork(guest.mm);
    guest.on(AT, load(3, CLEAR), pfmf(3, 2));
    expect(guest.mm.ptes.usesKeys).toBe(false);
    expect(guest.vm.readGuest(ADDRESS, 1)).toEqual(bytes(0));
    expect(child.read(guest.processAddress(AT), 1)).toEqual(bytes(1));
  });

  it('continues to the end of a segment, by absolute addresses, and not beyond it', () => {
    guest.vm.writeGuest(0xf_f000n, bytes(1));
    guest.vm.writeGuest(0xf_3000n, bytes(1));
    guest.on(0xf4, load(3, SEGMENT | KEY | CLEAR | 0x20), pfmf(3, 2));
    expect(guest.vcpu.gr[2]).toBe(MIB);
    expect([...(guest.vm.getKeys(0xf3, 14) as Uint8Array)].map((key) => key & 0xf8)).toEqual([
      0,
      ...Array(12).fill(0x20),
      0,
    ]);
    expect(guest.vm.readGuest(0xf_f000n, 1)).toEqual(bytes(0));
    expect(guest.vm.readGuest(0xf_3000n, 1)).toEqual(bytes(1));
  });

  it('returns the next address, truncated by the addressing mode, with the same byte offset', () => {
    guest.slot(0, 0x7fc0_0000n);
    guest.vcpu.setPrefix(0x7fc0_0000);
    guest.vm.writeGuest(0x7fc0_0000n + BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, 0xbad));
    const start = 0x7fd0_0000n;
    guest.vm.writeGuest(start, Uint8Array.from([...pfmf(3, 2), 0, 0]));
    Object.assign(guest.vcpu.gr, { 2: 0x1234_5678_ffff_f123n, 3: BigInt(SEGMENT | CLEAR) });
    guest.vcpu.setPsw(0x8000_0000n, start);
    guest.run();
    expect(guest.vcpu.gr[2]).toBe(0x1234_5678_0000_0123n);
  });

  it('with masks leaves a key that is equal but for the masked bits', () => {
    const at = BigInt(AT) * PAGE;
    for (const [masks, key, after] of [
      [0x400, 0x24, 0x24],
      [0x600, 0x26, 0x26],
      [0x600, 0x36, 0x20],
      [0, 0x26, 0x20],
    ] as const) {
      guest.vm.enableKeys();
      guest.vm.setKey(at, key);
      guest.on(AT, load(3, KEY | 0x20 | masks), pfmf(3, 2));
      expect(guest.vm.getKey(at)).toBe(after);
    }
  });

  it('of 2 GiB continues from segment to segment; the segments before an exception are done', () => {
    const last = Number(GUEST_BYTES / PAGE) - 1;
    expect(refused(0xff, REGION | KEY | 0x20)).toBe(PGM.ADDRESSING);
    expect(guest.vcpu.gr[2]).toBe(GUEST_BYTES);
    for (const page of [0xff, 0x100, last]) {
      expect(guest.vm.getKey(BigInt(page) * PAGE) & 0xf8).toBe(0x20);
    }
  });

  it('takes a real address for one frame, and an absolute address for the frames of a segment', () => {
    guest.vm.setKey(0n, 0x10);
    guest.vcpu.setPrefix(0x10_0000);
    guest.on(1, load(3, KEY | 0x30), pfmf(3, 2));
    expect(guest.vm.getKey(MIB + PAGE) & 0xf8).toBe(0x30);
    guest.on(0x101, load(3, KEY | 0x40), pfmf(3, 2));
    expect(guest.vm.getKey(PAGE) & 0xf8).toBe(0x40);
    guest.on(0x101, load(3, SEGMENT | KEY | 0x70), pfmf(3, 2));
    expect(guest.vm.getKey(MIB + PAGE) & 0xf8).toBe(0x70);
    expect(guest.vm.getKey(PAGE) & 0xf8).toBe(0x40);
    expect(guest.vm.getKey(0n) & 0xf8).toBe(0x10);
  });

  it('is refused for reserved bits, frames outside storage, and protected low addresses', () => {
    expect(refused(AT, KEY | 1)).toBe(PGM.SPECIFICATION);
    expect(refused(AT, KEY | 0x3000)).toBe(PGM.SPECIFICATION);
    expect(refused(Number(GUEST_BYTES / PAGE), KEY)).toBe(PGM.ADDRESSING);
    expect(refused(0x4000, SEGMENT | CLEAR)).toBe(PGM.ADDRESSING);
    guest.vcpu.block.set64(SIE.CONTROL_REGISTERS, 0x1000_00e0n);
    expect(refused(1, CLEAR)).toBe(PGM.PROTECTION);
    expect([...guest.vm.readGuest(BigInt(LOWCORE.TRANSLATION_EXCEPTION), 8).subarray(6)]).toEqual([
      0x14, 0x80,
    ]);
    guest.on(1, load(3, KEY | 0x10), pfmf(3, 2));
  });

  it('of memory that the process has not mapped is an exit; once mapped, the guest continues', () => {
    guest.mm.munmap({ address: GUEST_HOME + MIB, length: MIB });
    guest.program([load(2, MIB + 0xf_0000n), load(3, SEGMENT | KEY | CLEAR | 0x20), pfmf(3, 2)]);
    const fault = {
      reason: 'KVM_EXIT_MEMORY_FAULT',
      gpa: MIB + 0xf_0000n,
      size: PAGE,
      write: true,
    };
    expect(guest.run()).toEqual(fault);
    guest.mm.mmap({ address: GUEST_HOME + MIB, length: MIB });
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect(guest.vcpu.gr[2]).toBe(2n * MIB);
    guest.mm.munmap({ address: GUEST_HOME + MIB, length: MIB });
    guest.program([load(2, MIB), load(3, KEY), pfmf(3, 2)]);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_MEMORY_FAULT', gpa: MIB });
  });
});
