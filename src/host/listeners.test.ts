/**
 * Listeners observe and do not act: each operation that a listener calls while an event of a running guest is delivered
 * ends with EBUSY, and changes nothing of the guest, the host or its processes.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { code, load, s, svc } from '../machine/testing/index.ts';
import { VirtualMachine } from './kvm/index.ts';
import { guestSegment, processPage, processSegment } from './numbers.ts';
import { bytes, codeOf, GUEST_HOME, MIB, snapshotOf, TestGuest } from './testing/index.ts';

/** An instruction that the host executes. */
const STFL = 0xb2b1;

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest({ vcpus: 2 });
  guest.program([svc(1)]);
});

/** Every operation that can change state. */
const ACTS: readonly [string, (guest: TestGuest) => unknown][] = [
  ['run a second virtual CPU on the processor', ({ vm, host }) => vm.vcpus[1]?.run(host.machine.cpu(0), 10)],
  [
    'run a second virtual CPU on another processor',
    ({ vm, host }) => vm.vcpus[1]?.run(host.machine.cpu(1), 10),
  ],
  ['readAsGuest', ({ host, vm }) => host.readAsGuest(vm.gmap, host.machine.cpu(0), 0x1000n, 2)],
  ['writeAsGuest', ({ host, vm }) => host.writeAsGuest(vm.gmap, host.machine.cpu(1), 0x1000n, bytes(1))],
  ['readAsProcess', ({ host, mm }) => host.readAsProcess(mm, host.machine.cpu(1), GUEST_HOME, 2)],
  ['writeAsProcess', ({ host, mm }) => host.writeAsProcess(mm, host.machine.cpu(1), GUEST_HOME, bytes(1))],
  ['createMm', ({ host }) => host.createMm()],
  ['createFile', ({ host }) => host.createFile(MIB)],
  ['createGmap', ({ host, mm }) => host.createGmap(mm)],
  ['fork', ({ host, mm }) => host.fork(mm)],
  ['exitMm', ({ host, mm }) => host.exitMm(mm)],
  ['mmap', ({ mm }) => mm.mmap({ length: MIB })],
  ['munmap', ({ mm }) => mm.munmap({ address: GUEST_HOME, length: MIB })],
  ['mprotect', ({ mm }) => mm.mprotect({ address: GUEST_HOME, length: MIB, protection: 1 })],
  ['dontNeed', ({ mm }) => mm.dontNeed({ address: GUEST_HOME, length: MIB })],
  ['mremap', ({ mm }) => mm.mremap({ address: GUEST_HOME, oldLength: MIB, newLength: 4096n })],
  ['fault', ({ mm }) => mm.fault(GUEST_HOME + MIB, true)],
  ['read', ({ mm }) => mm.read(GUEST_HOME, 1)],
  ['write', ({ mm }) => mm.write(GUEST_HOME, bytes(1))],
  ['startLog', ({ mm }) => mm.startLog(0, 1)],
  ['enableKeys', ({ mm }) => mm.enableKeys()],
  ['keyOf', ({ mm }) => mm.keyOf(processPage(0))],
  ['watchPage', ({ mm }) => mm.watchPage(processPage(Number(GUEST_HOME >> 12n)))],
  ['map', ({ vm }) => vm.gmap.map({ from: GUEST_HOME, to: 0n, length: MIB })],
  ['mapSegments', ({ vm }) => vm.gmap.mapSegments(processSegment(256), guestSegment(0), 1)],
  [
    'mapSegments of one that is not linked',
    ({ vm }) => vm.gmap.mapSegments(processSegment(256), guestSegment(1), 1),
  ],
  ['unmap', ({ vm }) => vm.gmap.unmap({ address: 0n, length: MIB })],
  ['unmapSegments', ({ vm }) => vm.gmap.unmapSegments(guestSegment(0), 1)],
  ['gmap.fault', ({ vm }) => vm.gmap.fault(0n)],
  ['faultSegment', ({ vm }) => vm.gmap.faultSegment(guestSegment(0))],
  ['discard', ({ vm }) => vm.gmap.discard({ address: 0n, length: MIB })],
  ['watch', ({ vm }) => vm.gmap.watch({ address: 0n, length: 4096n })],
  ['enable', ({ vm, host }) => vm.gmap.enable(host.machine.cpu(1))],
  ['disable', ({ vm, host }) => vm.gmap.disable(host.machine.cpu(1))],
  ['free', ({ vm }) => vm.gmap.free()],
  ['setPsw', ({ vcpu }) => vcpu.setPsw(0n, 0n)],
  ['setControl', ({ vcpu }) => vcpu.setControl(1, 1n)],
  ['setPrefix', ({ vcpu }) => vcpu.setPrefix(0x2000)],
  ['reset', ({ vcpu }) => vcpu.reset('cpu')],
  ['restart', ({ vcpu }) => vcpu.restart()],
  ['requestStop', ({ vcpu }) => vcpu.requestStop(true)],
  ['set16', ({ vcpu }) => vcpu.block.set16(0x50, 1)],
  ['set32', ({ vcpu }) => vcpu.block.set32(4, 1)],
  ['set64', ({ vcpu }) => vcpu.block.set64(0x28, 1n)],
  ['emergencySignal', ({ vcpu }) => vcpu.local.emergencySignal(1)],
  ['externalCall', ({ vcpu }) => vcpu.local.externalCall(1)],
  ['clear of what is pending', ({ vcpu }) => vcpu.local.clear()],
  ['serviceSignal', ({ vm }) => vm.floating.serviceSignal(1)],
  ['resetSubsystem', ({ vm }) => vm.resetSubsystem()],
  ['createVcpu', ({ vm }) => vm.createVcpu()],
  ['setMemoryRegion', (one) => one.slot(1)],
  ['readGuest', ({ vm }) => vm.readGuest(0n, 1)],
  ['writeGuest', ({ vm }) => vm.writeGuest(0n, bytes(1))],
  ['setKey', ({ vm }) => vm.setKey(0n, 0x10)],
  ['vm.destroy', ({ vm }) => vm.destroy()],
];

describe('a listener in the middle of a guest', () => {
  it.each(ACTS)('cannot %s', (_, act) => {
    const { vm, mm, host } = guest;
    const codes: string[] = [];
    host.machine.trace.subscribe(({ type }) => {
      if (type !== 'interruption') return;
      const before = snapshotOf(host, mm, vm.gmap);
      codes.push(codeOf(() => act(guest)));
      expect(snapshotOf(host, mm, vm.gmap)).toEqual(before);
    });
    guest.vm.writeGuest(0x1c0n, bytes(0, 2, 0, 1, 0x80, 0, 0, 0));
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: 0x1c });
    expect(codes).toEqual(['EBUSY']);
    expect(host.machine.cpu(0).sie).toBe(null);
  });

  it('reaches no other process by a second virtual CPU on the busy processor', () => {
    const { host, vm } = guest;
    const victim = host.createMm();
    victim.mmap({ address: GUEST_HOME, length: MIB });
    victim.write(GUEST_HOME, bytes(0x53, 0x45, 0x43, 0x52, 0x45, 0x54, 0x21, 0x21));
    const at = BigInt(victim.tables.pageTableOf(Number(GUEST_HOME >> 20n)));
    const frame = host.machine.storage.get64(Number(at)) & ~0xfffn;
    // LG 4,0(5); STG 4,8(5): by real addresses, were it the host.
    guest.program([load(5, frame), svc(1)]);
    vm.writeGuest(0x1c0n, bytes(0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0));
    vm.writeGuest(0x2000n, code([0xe3, 0x40, 0x50, 0, 0, 0x04], [0xe3, 0x40, 0x50, 0x08, 0, 0x24]));
    let tried = 0;
    host.machine.trace.subscribe(({ type }) => {
      if (type === 'interruption' && tried++ === 0) {
        expect(codeOf(() => vm.vcpus[1]?.run(host.machine.cpu(0), 10))).toBe('EBUSY');
      }
    });
    guest.run(guest.vcpu, 100);
    expect(tried).toBeGreaterThan(0);
    expect(guest.vcpu.gr[4]).toBe(0n);
    expect(victim.read(GUEST_HOME + 8n, 8)).toEqual(new Uint8Array(8));
  });

  it('of another hook cannot act either', () => {
    const { mm, vm } = guest;
    const codes: string[] = [];
    vm.gmap.watch({ address: MIB, length: 4096n });
    vm.gmap.onInvalidated.subscribe(() =>
      codes.push(codeOf(() => mm.munmap({ address: GUEST_HOME, length: MIB }))),
    );
    mm.dontNeed({ address: GUEST_HOME + MIB, length: 4096n });
    expect(codes).toEqual(['EBUSY']);
  });
});

describe('the callback of `run` for pending signals', () => {
  beforeEach(() => guest.program([...Array.from({ length: 4 }, () => s(STFL, 0)), load(1, 1)]));

  it.each(ACTS)('cannot %s', (_, act) => {
    const { vm, mm, host, vcpu } = guest;
    const codes: string[] = [];
    vcpu.run(host.machine.cpu(0), Infinity, () => {
      const before = snapshotOf(host, mm, vm.gmap);
      codes.push(codeOf(() => act(guest)));
      expect(snapshotOf(host, mm, vm.gmap)).toEqual(before);
      return false;
    });
    expect(codes).toEqual(Array(codes.length).fill('EBUSY'));
    expect(codes.length).toBeGreaterThan(3);
    expect([vcpu.block.pswAddress, vcpu.gr[1]]).toEqual([0n, 1n]);
  });

  it('ends the run when it throws, with its error', () => {
    const { host, vcpu } = guest;
    const run = () =>
      vcpu.run(host.machine.cpu(0), Infinity, () => {
        throw new Error('of the caller');
      });
    expect(run).toThrow('of the caller');
    expect(host.machine.cpu(0).sie).toBe(null);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
  });
});

describe('a listener that throws', () => {
  /** Returns what is left to do until this number of segments of the guest is linked. */
  const linkedIn =
    (count: number) =>
    ({ vm }: TestGuest) => {
      const linked = [...vm.gmap.segments()].filter((segment) => segment.linked).length;
      return linked === count ? undefined : `${linked} are linked`;
    };

  it.each<[string, (guest: TestGuest) => unknown, (guest: TestGuest) => unknown]>([
    [
      'munmap',
      ({ mm }) => mm.munmap({ address: GUEST_HOME, length: MIB }),
      ({ mm }) => mm.mappings.at(Number(GUEST_HOME >> 12n)),
    ],
    [
      'fork',
      ({ host, mm }) => host.fork(mm),
      ({ host }) => (host.processes.size === 2 ? undefined : 'no child'),
    ],
    ['free', ({ vm }) => vm.gmap.free(), ({ vm }) => (vm.gmap.freed ? undefined : 'not freed')],
    // Guest segment 0 is linked, segment 1 is not.
    ['map', ({ vm }) => vm.gmap.map({ from: GUEST_HOME, to: 0n, length: MIB }), linkedIn(0)],
    ['mapSegments', ({ vm }) => vm.gmap.mapSegments(processSegment(256), guestSegment(0), 1), linkedIn(0)],
    ['unmap', ({ vm }) => vm.gmap.unmap({ address: 0n, length: MIB }), linkedIn(0)],
    ['unmapSegments', ({ vm }) => vm.gmap.unmapSegments(guestSegment(0), 1), linkedIn(0)],
    ['gmap.fault', ({ vm }) => vm.gmap.fault(MIB), linkedIn(2)],
    ['faultSegment', ({ vm }) => vm.gmap.faultSegment(guestSegment(1)), linkedIn(2)],
    ['run', (one) => one.run(), ({ vcpu }) => (vcpu.block.pswAddress === 0n ? undefined : 'not at its end')],
    ['slot', (one) => one.slot(0, 64n * MIB), ({ vm }) => vm.slots.at(0n)],
  ])('%s is done, and ends with its error; the listener is called no more', (_, act, left) => {
    let calls = 0;
    guest.program([load(1, 1)]);
    guest.host.machine.trace.subscribe(() => {
      calls++;
      throw new Error('of a listener');
    });
    expect(() => act(guest)).toThrow('of a listener');
    expect([calls, left(guest)]).toEqual([1, undefined]);
    expect(guest.problems).toEqual([]);
    expect(guest.host.kernel.locks.held).toEqual([]);
  });
});

it('an object that has ended, or that belongs to another host, is refused', () => {
  const { host, mm, vm, vcpu } = guest;
  const other = new TestGuest();
  const codes = (...operations: (() => unknown)[]) => operations.map(codeOf);
  const cpu = other.host.machine.cpu(0);
  const file = other.host.createFile(MIB);
  const log = other.mm.startLog(0, 1);
  const foreign = host.createGmap(host.createMm());
  const before = snapshotOf(host, mm, vm.gmap);
  const theirs = snapshotOf(other.host, other.mm, other.vm.gmap);
  expect(
    codes(
      () => vcpu.run(cpu, 1),
      () => host.readAsGuest(vm.gmap, cpu, 0n, 1),
      () => host.readAsGuest(other.vm.gmap, host.machine.cpu(0), 0n, 1),
      () => host.writeAsProcess(other.mm, host.machine.cpu(0), GUEST_HOME, bytes(1)),
      () => vm.gmap.enable(cpu),
      () => vm.gmap.disable(cpu),
      () => host.fork(other.mm),
      () => host.createGmap(other.mm),
      () => host.exitMm(other.mm),
      () => mm.mmap({ length: MIB, file }),
      () => mm.stopLog(log),
      () => new VirtualMachine({ mm, gmap: other.vm.gmap }),
      () => new VirtualMachine({ mm, gmap: foreign }),
    ),
  ).toEqual(Array(13).fill('EINVAL'));
  expect(snapshotOf(host, mm, vm.gmap)).toEqual(before);
  expect(snapshotOf(other.host, other.mm, other.vm.gmap)).toEqual(theirs);
});

describe('a virtual machine whose process has ended', () => {
  it('throws ESRCH or ENOENT, can be destroyed, and leaks nothing', () => {
    const { host, mm, vm, vcpu } = guest;
    guest.run();
    const cpu = host.machine.cpu(0);
    host.exitMm(mm);
    const available = host.kernel.frames.available;
    expect(codeOf(() => vcpu.run(cpu, 1))).toBe('ESRCH');
    expect(codeOf(() => vm.createVcpu())).toBe('ESRCH');
    expect(codeOf(() => vm.readGuest(0n, 1))).toBe('ENOENT');
    expect(codeOf(() => guest.slot(1))).toBe('ESRCH');
    expect(codeOf(() => vm.setKey(0n, 0))).toMatch(/ESRCH|EFAULT/);
    expect(host.kernel.frames.available).toBe(available);
    vm.destroy();
    expect(host.kernel.frames.available).toBe(available + 2);
  });

  it('that was destroyed is unusable for its virtual CPUs, too: no frame is written', () => {
    const { host, vm, vcpu } = guest;
    vm.destroy();
    const { storage } = host.machine;
    storage.fill(vcpu.block.origin, 512, 0x55);
    expect(
      [
        () => vcpu.setPsw(0n, 0n),
        () => vcpu.reset('initial'),
        () => vcpu.storeStatus(0),
        () => vcpu.storeStatusAssigned(),
        () => vcpu.storeOperand(host.machine.cpu(0), 0n, Uint8Array.of(1)),
        () => vm.resetSubsystem(),
        () => vcpu.setPrefix(0),
        () => vcpu.refuse(1),
        () => vcpu.block.set64(0, 0n),
        () => vcpu.block.get8(0),
        () => vcpu.destroy(),
        () => vcpu.run(host.machine.cpu(0), 1),
        () => vm.destroy(),
        () => vm.createVcpu(),
        () => vm.enableKeys(),
        () => vm.setKey(0n, 0x10),
        () => vm.readGuest(0n, 1),
        () => guest.slot(0),
      ].map(codeOf),
    ).toEqual(Array(18).fill('EBADF'));
    expect(storage.read(vcpu.block.origin, 512)).toEqual(new Uint8Array(512).fill(0x55));
  });

  it('a virtual CPU ends with it and not before', () => {
    expect(codeOf(() => guest.vcpu.destroy())).toBe('EBUSY');
    guest.vm.destroy();
  });
});
