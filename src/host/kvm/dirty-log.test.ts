/** Dirty logs of memory slots: the pages that guest, process and KVM wrote since the log was last taken. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE } from '../../machine/index.ts';
import { diag, lg, load, MASK, pfmf, psw, s, stg } from '../../machine/testing/index.ts';
import { PROT } from '../mm/index.ts';
import { bytes, codeOf, frameCounts, GUEST_BYTES, GUEST_HOME, TestGuest } from '../testing/index.ts';

const MIB = 1n << 20n;
const LOG = 1;
const PAGES = Number(GUEST_BYTES / 4096n);
/** The pages of the prefix area: made writable before the guest runs. */
const PREFIX = [0, 1];
/** The page of the program. */
const CODE = 0x10;

describe.each([
  ['pages of 4 KiB', false],
  ['frames of 1 MiB', true],
])('the log of a slot of %s', (_, large) => {
  let guest: TestGuest;
  const take = (slot = 0) => guest.vm.getDirtyLog(slot);
  /** Takes the log. Returns its pages without those of the prefix area and the program, which every run writes. */
  const takeData = () => take().filter((page) => page > CODE);

  beforeEach(() => {
    guest = new TestGuest({ large, vcpus: 2 });
    return () => {
      expect(guest.problems).toEqual([]);
      expect(guest.host.kernel.locks.held).toEqual([]);
    };
  });

  it('has the pages written since it was switched on, and none from before', () => {
    guest.on(0x20, stg(1, 0, 2));
    guest.mm.write(guest.processAddress(0x30), bytes(1));
    guest.slot(LOG);
    expect(take()).toEqual([]);
    guest.on(0x21, stg(1, 0, 2));
    guest.mm.write(guest.processAddress(0x31), bytes(1));
    expect(take()).toEqual([...PREFIX, CODE, 0x21, 0x31]);
    expect(take()).toEqual([]);
  });

  it('has a page again when guest, process or KVM writes it again', () => {
    guest.slot(LOG);
    guest.on(0x20, stg(1, 0, 2), stg(1, 8, 2));
    expect(takeData()).toEqual([0x20]);
    guest.on(0x20, stg(1, 0, 2));
    expect(takeData()).toEqual([0x20]);
    guest.host.writeAsProcess(guest.mm, guest.host.machine.cpu(1), guest.processAddress(0x20), bytes(1));
    expect(takeData()).toEqual([0x20]);
    guest.vm.writeGuest(0x2_0000n, bytes(1));
    expect(takeData()).toEqual([0x20]);
  });

  it('has no page that is only read, present or not', () => {
    guest.on(0x20, stg(1, 0, 2));
    guest.slot(LOG);
    guest.on(0x20, lg(1, 0, 2), load(2, 0x5_0000), lg(1, 0, 2));
    guest.mm.read(guest.processAddress(0x60), 1);
    guest.vm.readGuest(0x7_0000n, 1);
    expect(takeData()).toEqual([]);
    guest.on(0x50, stg(1, 0, 2));
    expect(takeData()).toEqual([0x50]);
  });

  it('has the first and the last page of the slot, ascending, and none outside', () => {
    guest.mm.mmap({ address: GUEST_HOME + GUEST_BYTES, length: MIB });
    guest.slot(LOG);
    for (const page of [PAGES, PAGES - 1, 300, 0, 255, 256])
      guest.mm.write(guest.processAddress(page), bytes(1));
    expect(take()).toEqual([0, 255, 256, 300, PAGES - 1]);
  });

  it('has page numbers in the slot, at whatever guest address the slot is', () => {
    guest.slot(LOG);
    guest.vm.writeGuest(0x2_0000n, bytes(1));
    guest.slot(LOG, 64n * MIB);
    guest.vm.writeGuest(64n * MIB + 0x3_0000n, bytes(1));
    expect(take()).toEqual([0x20, 0x30]);
  });

  it('of each slot is separate', () => {
    guest.slot(LOG);
    const memory = guest.mm.mmap({ address: GUEST_HOME + 16n * MIB, length: MIB, large });
    const region = { slot: 7, guestPhysAddr: 32n * MIB, memorySize: MIB, userspaceAddr: memory };
    guest.vm.setMemoryRegion({ ...region, flags: LOG });
    guest.vm.writeGuest(32n * MIB + 0x5000n, bytes(1));
    guest.vm.writeGuest(0x6000n, bytes(1));
    expect(take(7)).toEqual([5]);
    expect(take()).toEqual([6]);
    guest.vm.setMemoryRegion({ ...region, flags: 0 });
    expect(codeOf(() => take(7))).toBe('ENOENT');
    guest.vm.writeGuest(0x6000n, bytes(1));
    expect(take()).toEqual([6]);
  });

  it('of two slots on the same memory: taking one does not empty the other', () => {
    guest.slot(LOG);
    guest.vm.setMemoryRegion({
      slot: 1,
      flags: LOG,
      guestPhysAddr: 32n * MIB,
      memorySize: MIB,
      userspaceAddr: GUEST_HOME + MIB,
    });
    guest.vm.writeGuest(32n * MIB + 0x3000n, bytes(1));
    expect(take()).toEqual([0x103]);
    expect(take(1)).toEqual([3]);
    guest.vm.writeGuest(MIB + 0x3000n, bytes(1));
    expect(take(1)).toEqual([3]);
    guest.vm.writeGuest(MIB + 0x4000n, bytes(1));
    expect(take()).toEqual([0x103, 0x104]);
    expect(take(1)).toEqual([4]);
  });

  it('is kept by an identical request, and lost when it is switched off and on', () => {
    guest.slot(LOG);
    guest.vm.writeGuest(0x5000n, bytes(1));
    guest.slot(LOG);
    expect(take()).toEqual([5]);
    guest.vm.writeGuest(0x5000n, bytes(1));
    guest.slot(0);
    expect(codeOf(() => take())).toBe('ENOENT');
    guest.vm.writeGuest(0x6000n, bytes(1));
    guest.slot(LOG);
    expect(take()).toEqual([]);
  });

  it('can be switched off by a request that moves the slot', () => {
    guest.slot(LOG);
    guest.slot(0, 64n * MIB);
    expect(codeOf(() => take())).toBe('ENOENT');
    expect(guest.mm.logs).toEqual([]);
  });

  it('ends with the slot, and with the virtual machine', () => {
    guest.slot(LOG);
    guest.vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: 0n, userspaceAddr: 0n });
    expect(codeOf(() => take())).toBe('ENOENT');
    expect(guest.mm.logs).toEqual([]);
    guest.slot(LOG);
    expect(guest.mm.logs).toHaveLength(1);
    guest.vm.destroy();
    expect(guest.mm.logs).toEqual([]);
    guest.mm.write(guest.processAddress(1), bytes(1));
  });

  it('ENOENT if the slot does not exist or does not log; EINVAL for a slot number out of range', () => {
    expect([0, 1, 32766].map((slot) => codeOf(() => take(slot)))).toEqual(['ENOENT', 'ENOENT', 'ENOENT']);
    expect([-1, 0.5, 32767].map((slot) => codeOf(() => take(slot)))).toEqual(['EINVAL', 'EINVAL', 'EINVAL']);
  });

  it('has the pages that KVM stores into: injected interruptions, operands, facility lists', () => {
    guest.slot(LOG);
    const prefix = 0x10_0000;
    const { vcpu } = guest;
    vcpu.setPrefix(prefix);
    guest.vm.writeGuest(BigInt(prefix + LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.DISABLED_WAIT, 7));
    guest.program([load(2, 0x20_0000), s(0xb211, 0, 2), s(0xb212, 0x000, 2), s(0xb202, 0, 2), s(0xb2b1, 0)]);
    take();
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect(take()).toEqual([0x100, 0x101, 0x200]);

    vcpu.local.emergencySignal(1);
    vcpu.block.set64(0x100, 0x40e0n);
    vcpu.setPsw(MASK.EXTERNAL, 0x1_0000n);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect(vcpu.block.pswAddress).toBe(7n);
    expect(take()).toEqual([0x100, 0x101]);
  });

  it('has the frames that PFMF clears', () => {
    guest.slot(LOG);
    guest.on(0x20, load(3, 0x1_0000), pfmf(3, 2));
    expect(takeData()).toEqual([0x20]);
  });

  it('has prefix pages each time they are made writable again, as in Linux', () => {
    guest.slot(LOG);
    guest.program([]);
    take();
    guest.run();
    expect(take()).toEqual(PREFIX);
    guest.program([]);
    take();
    guest.run();
    expect(take()).toEqual(PREFIX);
  });

  it('is exact through a fork: the parent’s writes, not the child’s', () => {
    guest.on(0x20, stg(1, 0, 2), load(2, 0x3_0000), stg(1, 0, 2));
    guest.slot(LOG);
    guest.on(0x20, stg(1, 0, 2));
    const child = guest.host.fork(guest.mm);
    expect(takeData()).toEqual([0x20]);
    child.write(guest.processAddress(0x30), bytes(9));
    expect(takeData()).toEqual([]);
    guest.on(0x30, lg(1, 0, 2));
    expect(takeData()).toEqual([]);
    guest.on(0x30, stg(1, 0, 2));
    expect(takeData()).toEqual([0x30]);
    expect(child.read(guest.processAddress(0x30), 1)).toEqual(bytes(9));
    guest.host.exitMm(child);
    guest.on(0x30, stg(1, 0, 2));
    expect(takeData()).toEqual([0x30]);
  });

  it('is exact when the protection of the memory changes', () => {
    guest.slot(LOG);
    guest.mm.write(guest.processAddress(0x20), bytes(1));
    guest.mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.READ });
    guest.mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.READ | PROT.WRITE });
    expect(take()).toEqual([0x20]);
    guest.mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.NONE });
    guest.mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.READ | PROT.WRITE });
    expect(take()).toEqual([]);
    guest.mm.write(guest.processAddress(0x20), bytes(1));
    expect(take()).toEqual([0x20]);
  });

  it('does not have pages that are dropped, but those that are written after they were dropped', () => {
    guest.on(0x20, stg(1, 0, 2));
    guest.slot(LOG);
    guest.on(0x20, diag(2, 2, 0x10));
    guest.mm.dontNeed({ address: guest.processAddress(0x30), length: 4096n });
    expect(takeData()).toEqual([]);
    guest.on(0x20, lg(1, 0, 2));
    expect(takeData()).toEqual([]);
    guest.on(0x20, stg(1, 0, 2));
    expect(takeData()).toEqual([0x20]);
  });

  it('continues over memory that is unmapped and mapped again', () => {
    guest.slot(LOG);
    guest.vm.writeGuest(MIB, bytes(1));
    guest.mm.munmap({ address: GUEST_HOME + MIB, length: MIB });
    guest.mm.mmap({ address: GUEST_HOME + MIB, length: MIB, large });
    expect(take()).toEqual([0x100]);
    guest.vm.readGuest(MIB, 1);
    expect(take()).toEqual([]);
    guest.on(0x100, stg(1, 0, 2));
    expect(takeData()).toEqual([0x100]);
  });
});

describe('a log that cannot be started', () => {
  it.each(['made', 'switched on', 'moved'] as const)('changes nothing of a slot that is being %s', (what) => {
    const guest = new TestGuest({ large: true });
    guest.vm.writeGuest(MIB, bytes(7));
    const other = guest.mm.mmap({ address: GUEST_HOME + 64n * MIB, length: MIB, large: true });
    guest.mm.write(other, bytes(8));
    const made = { slot: 1, flags: 1, guestPhysAddr: 1n << 33n, memorySize: MIB, userspaceAddr: other };
    const action = () =>
      what === 'made' ? guest.vm.setMemoryRegion(made) : guest.slot(1, what === 'moved' ? 1n << 32n : 0n);
    for (let n = 1; ; n++) {
      const slots = [...guest.vm.slots.all.values()];
      const frames = frameCounts(guest.host);
      guest.host.kernel.frames.failIn(n);
      const code = codeOf(action);
      const fired = guest.host.kernel.frames.failing === 0;
      guest.host.kernel.frames.failIn(0);
      if (!fired) break;
      expect(code).toBe('ENOMEM');
      expect([...guest.vm.slots.all.values()]).toEqual(slots);
      expect(guest.mm.logs).toEqual([]);
      expect(guest.vm.readGuest(MIB, 1)).toEqual(bytes(7));
      // Frames of 1 MiB that were split before the failure stay split.
      if (n === 1) expect(frameCounts(guest.host)).toEqual(frames);
    }
    expect(guest.mm.logs).toHaveLength(1);
    expect(guest.vm.getDirtyLog(what === 'made' ? 1 : 0)).toEqual([]);
    expect(guest.problems).toEqual([]);
  });
});
