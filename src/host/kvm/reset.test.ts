/** The resets of a virtual CPU, each cell of their table, and the subsystem reset. */

import { describe, expect, it, vi } from 'vitest';
import { type CpuReset, LOWCORE, RESETS, type ResetPart, SIE } from '../../machine/index.ts';
import { lg, load, MASK, psw } from '../../machine/testing/index.ts';
import { TestGuest } from '../testing/index.ts';

const PARTS = (Object.keys(RESETS) as ResetPart[]).filter((part) => part !== 'floating-interruptions');
const RESET_NAMES: readonly CpuReset[] = ['cpu', 'initial', 'clear'];

/** Sets every part of a virtual CPU, and resets it. Returns, for each part, whether it was kept. */
function kept(reset: CpuReset): Record<string, boolean> {
  const guest = new TestGuest();
  const { vcpu, host } = guest;
  const { block } = vcpu;
  guest.program([load(2, 0x8000), lg(3, 0, 2)]);
  guest.run();
  vcpu.setPrefix(0x4000);
  guest.program([load(2, 0x8000), lg(3, 0, 2)]);
  guest.run();
  const purge = vi.spyOn(host.machine.cpu(0).guestTlb, 'purgeAll');
  vcpu.setPsw(MASK.EXTERNAL, 0x1234n);
  block.set64(SIE.CPU_TIMER, 7n);
  block.set64(SIE.CLOCK_COMPARATOR, 7n);
  block.set32(SIE.TOD_PROGRAMMABLE, 7);
  for (let n = 0; n < 16; n++) {
    vcpu.setControl(n, 0x77n);
    vcpu.gr[n] = 7n;
    vcpu.fr[n] = 7n;
    vcpu.ar[n] = 7;
  }
  vcpu.fpc = 0x80_0000;
  block.set64(SIE.BREAKING_EVENT_ADDRESS, 7n);
  block.set64(SIE.PROGRAM_PARAMETER, 7n);
  vcpu.guarded.fill(7n);
  vcpu.pageFaultToken = 0x8000n;
  vcpu.local.emergencySignal(1);
  vcpu.local.externalCall(1);
  vcpu.restart();
  vcpu.requestStop(true);
  guest.vm.floating.serviceSignal(1);
  vcpu.reset(reset);
  expect([guest.vm.floating.empty, vcpu.stopped]).toEqual([false, false]);
  const initial = (n: number) => (n === 0 ? 0xe0n : n === 14 ? 0xc200_0000n : 0n);
  const controls = Array.from({ length: 16 }, (_, n) => vcpu.control(n));
  return {
    'local-interruptions': !(vcpu.local.empty && !vcpu.restartPending && !vcpu.stopping),
    tlb: purge.mock.calls.length === 0,
    'page-fault-handshake': vcpu.pageFaultToken !== null,
    psw: block.pswMask !== 0n || block.pswAddress !== 0n,
    prefix: block.prefix !== 0,
    'cpu-timer': block.get64(SIE.CPU_TIMER) !== 0n,
    'clock-comparator': block.get64(SIE.CLOCK_COMPARATOR) !== 0n,
    'tod-programmable': block.get32(SIE.TOD_PROGRAMMABLE) !== 0,
    'control-registers': !controls.every((value, n) => value === initial(n)),
    fpc: vcpu.fpc !== 0,
    'breaking-event-address': block.get64(SIE.BREAKING_EVENT_ADDRESS) !== 1n,
    'program-parameter': block.get64(SIE.PROGRAM_PARAMETER) !== 0n,
    'guarded-storage': !vcpu.guarded.every((value) => value === 0n),
    'access-registers': !vcpu.ar.every((value) => value === 0),
    'general-registers': !vcpu.gr.every((value) => value === 0n),
    'floating-point-registers': !vcpu.fr.every((value) => value === 0n),
  };
}

describe.each(RESET_NAMES)('a virtual CPU after reset %s', (reset) => {
  const left = kept(reset);
  it.each(PARTS)('%s', (part) => {
    expect(left[part]).toBe(!RESETS[part].includes(reset));
  });
});

describe('the subsystem reset', () => {
  it('clears the floating interruptions and nothing of a CPU', () => {
    const { vm, vcpu } = new TestGuest();
    vm.floating.serviceSignal(0x1000);
    vcpu.local.emergencySignal(1);
    vm.resetSubsystem();
    expect([vm.floating.empty, vcpu.local.empty]).toEqual([true, false]);
  });
});

describe('a CPU that waits', () => {
  it('keeps the CPU timer, which has run during the wait, at a CPU reset', () => {
    const guest = new TestGuest();
    const { vcpu, host } = guest;
    vcpu.setPsw(MASK.ENABLED_WAIT, 0n);
    vcpu.block.set64(SIE.CPU_TIMER, 1000n);
    guest.run();
    const { clock } = host.machine;
    clock.skipTo(clock.tod + 300n);
    vcpu.reset('cpu');
    clock.skipTo(clock.tod + 300n);
    expect(vcpu.block.get64(SIE.CPU_TIMER)).toBe(700n);
  });

  it('takes a restart that was requested twice while it was stopped before all other interruptions', () => {
    const guest = new TestGuest();
    const { vcpu, vm } = guest;
    vm.writeGuest(BigInt(LOWCORE.RESTART_NEW_PSW), psw(MASK.EXTERNAL, 0x3_0000));
    vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.DISABLED_WAIT, 0));
    vcpu.setPsw(MASK.EXTERNAL, 0x1234n);
    vcpu.setControl(0, 0x4000n);
    vcpu.local.emergencySignal(0);
    vcpu.stopped = true;
    vcpu.restart();
    vcpu.restart();
    guest.run();
    const old = vm.readGuest(BigInt(LOWCORE.EXTERNAL_OLD_PSW + 8), 8);
    expect(new DataView(old.buffer).getBigUint64(0)).toBe(0x3_0000n);
  });
});
