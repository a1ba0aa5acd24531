/** I/O and machine-check interruptions: priority, masks, what they store, TPI and TSCH. */

import { beforeEach, describe, expect, it } from 'vitest';
import { ICPT, LOWCORE, PGM, SIE } from '../../machine/index.ts';
import { code, jump, lctlg, load, MASK, psw, stosm } from '../../machine/testing/index.ts';
import { TestGuest } from '../testing/index.ts';
import type { Vcpu } from './vcpu.ts';

const HANDLER = 0x3_0000;
const DATA = 0x8000;
const SCHID = 0x1_0003;
const IO_MASK = 1n << 57n;
const MACHINE_CHECK_MASK = 1n << 50n;
/** TPI 0 or 8(0,…): B236 and the operand. */
const tpi = (base: number, displacement: number) => [
  0xb2,
  0x36,
  (base << 4) | (displacement >> 8),
  displacement & 0xff,
];
const tsch = (base: number) => [0xb2, 0x35, base << 4, 0];
const stsch = (base: number) => [0xb2, 0x34, base << 4, 0];
/** CR6 with some subclasses enabled. */
const subclasses = (...list: number[]) =>
  list.reduce((mask, isc) => mask | (0x8000_0000n >> BigInt(isc)), 0n);

let guest: TestGuest;
let vcpu: Vcpu;
let other: Vcpu;

beforeEach(() => {
  guest = new TestGuest({ vcpus: 2 });
  ({ vcpu } = guest);
  other = guest.vm.vcpus[1] as Vcpu;
  guest.vm.writeGuest(BigInt(LOWCORE.IO_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
  guest.vm.writeGuest(BigInt(LOWCORE.MACHINE_CHECK_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER + 0x100));
  guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER + 0x200));
  vcpu.setControl(6, subclasses(0, 1, 2, 3, 4, 5, 6, 7));
  return () => expect(guest.problems).toEqual([]);
});

const words = (at: number, count: number) => {
  const view = new DataView(guest.vm.readGuest(BigInt(at), count * 4).buffer);
  return Array.from({ length: count }, (_, i) => view.getUint32(i * 4));
};
const stored = () => words(LOWCORE.IO_CODE, 3);
/** Runs the guest from an enabled wait. Returns where it stopped. */
function wait(mask = MASK.PLAIN | IO_MASK | (1n << 49n), of = vcpu): bigint {
  of.setPsw(mask, 0x5000n);
  guest.run(of);
  return of.block.pswAddress;
}

describe('an I/O interruption', () => {
  it('stores the words of its code, and loads the new PSW', () => {
    guest.vm.floating.io.request(SCHID, 0xcafe_0001, 3);
    expect(wait()).toBe(BigInt(HANDLER));
    expect(stored()).toEqual([SCHID, 0xcafe_0001, 3 << 27]);
    expect(words(LOWCORE.IO_OLD_PSW + 12, 1)).toEqual([0x5000]);
    expect(guest.vm.floating.empty).toBe(true);
  });

  it('of an adapter has the adapter bit and no subchannel', () => {
    guest.vm.floating.io.requestAdapter(7);
    guest.vm.floating.io.requestAdapter(7);
    expect(wait()).toBe(BigInt(HANDLER));
    expect(stored()).toEqual([0, 0, 0xb800_0000]);
    expect(guest.vm.floating.empty).toBe(true);
  });

  it('comes in the order of the subclasses, and within one in the order of requests, subchannels first', () => {
    const { io } = guest.vm.floating;
    io.requestAdapter(2);
    io.request(SCHID + 1, 1, 5);
    io.request(SCHID + 2, 2, 2);
    io.request(SCHID + 3, 3, 2);
    io.request(SCHID + 4, 4, 0);
    const order: number[] = [];
    for (let n = 0; n < 5; n++) {
      wait();
      order.push(stored()[0] as number);
    }
    expect(order).toEqual([SCHID + 4, SCHID + 2, SCHID + 3, 0, SCHID + 1]);
  });

  it('is pending once for a subchannel, until it is withdrawn', () => {
    const { io } = guest.vm.floating;
    io.request(SCHID, 1, 3);
    io.request(SCHID, 2, 4);
    expect(io.withdraw(SCHID)).toEqual({ subchannel: SCHID, parameter: 1, identification: 3 << 27 });
    expect([io.withdraw(SCHID), io.pending]).toEqual([null, 0]);
  });

  it('waits for its subclass in control register 6, whose load is intercepted', () => {
    guest.vm.floating.io.request(SCHID, 1, 3);
    vcpu.setControl(6, subclasses(2, 4));
    guest.vm.writeGuest(BigInt(DATA), code([0, 0, 0, 0, 0xff, 0, 0, 0]));
    guest.program([load(2, DATA), stosm(64, 0x02, 2), load(3, 1), lctlg(6, 6, 0, 2), jump(0)]);
    guest.run();
    expect([vcpu.block.pswAddress, vcpu.gr[3]]).toEqual([BigInt(HANDLER), 1n]);
  });

  it('waits for the mask in the PSW, which the guest can set at any time', () => {
    guest.vm.floating.io.request(SCHID, 1, 3);
    guest.program([load(2, DATA), load(3, 1), stosm(64, 0x02, 2), jump(0)]);
    guest.run();
    expect([vcpu.block.pswAddress, vcpu.gr[3]]).toEqual([BigInt(HANDLER), 1n]);
  });

  it('is left to another CPU that waits and is enabled for it', () => {
    other.stopped = false;
    other.setControl(6, subclasses(3));
    other.setPsw(MASK.PLAIN | IO_MASK | (1n << 49n), 0x5000n);
    guest.vm.floating.io.request(SCHID, 1, 3);
    vcpu.setPsw(MASK.PLAIN | IO_MASK, 0x5000n);
    expect([vcpu.interruptible, other.interruptible, other.runnable]).toEqual([false, true, true]);
  });

  it('comes after external interruptions and before a restart', () => {
    guest.vm.floating.io.request(SCHID, 1, 3);
    guest.vm.floating.serviceSignal(8);
    vcpu.setControl(0, 0x200n);
    guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.PLAIN | IO_MASK, 0x6000));
    guest.vm.writeGuest(BigInt(LOWCORE.RESTART_NEW_PSW), psw(MASK.DISABLED_WAIT, 0x7000));
    vcpu.restart();
    expect(wait(MASK.PLAIN | IO_MASK | MASK.EXTERNAL)).toBe(0x7000n);
    expect(words(LOWCORE.EXTERNAL_OLD_PSW + 12, 1)).toEqual([0x5000]);
    expect(words(LOWCORE.IO_OLD_PSW + 12, 1)).toEqual([0x6000]);
    expect(words(LOWCORE.RESTART_OLD_PSW + 12, 1)).toEqual([HANDLER]);
  });

  it('is cleared by a subsystem reset', () => {
    guest.vm.floating.io.request(SCHID, 1, 3);
    guest.vm.floating.io.requestAdapter(1);
    guest.vm.floating.requestChannelReport();
    guest.vm.resetSubsystem();
    expect([guest.vm.floating.empty, guest.vm.floating.io.pending]).toEqual([true, 0]);
  });
});

describe('the machine check for channel reports', () => {
  it('comes first, and stores the registers and a valid code', () => {
    guest.vm.floating.requestChannelReport();
    guest.vm.floating.io.request(SCHID, 1, 3);
    vcpu.setControl(14, 0x1000_0000n);
    vcpu.gr[5] = 0x1234_5678_9abc_def0n;
    expect(wait(MASK.PLAIN | IO_MASK | MACHINE_CHECK_MASK)).toBe(BigInt(HANDLER + 0x100));
    expect(words(LOWCORE.MACHINE_CHECK_CODE, 2)).toEqual([0x0040_0f1d, 0x4033_0000]);
    expect(words(0x1280 + 5 * 8, 2)).toEqual([0x1234_5678, 0x9abc_def0]);
    expect(words(0x1380 + 14 * 8, 2)).toEqual([0, 0x1000_0000]);
    expect(words(0x1300, 4)).toEqual([0, 0, 0, 0]);
    expect(guest.vm.floating.channelReportPending).toBe(false);
  });

  it.each([
    ['control register 14', 0n, MACHINE_CHECK_MASK],
    ['the PSW', 0x1000_0000n, 0n],
  ])('waits for its mask in %s', (_, control, mask) => {
    guest.vm.floating.requestChannelReport();
    vcpu.setControl(14, control);
    wait(MASK.PLAIN | IO_MASK | mask | (1n << 49n));
    expect(guest.vm.floating.channelReportPending).toBe(true);
  });
});

describe('TPI', () => {
  beforeEach(() => guest.vm.enableChannelSubsystem());
  const cc = () => Number((vcpu.block.pswMask >> 44n) & 3n);

  it('stores the code in the prefix area for address 0, whatever the PSW masks', () => {
    guest.vm.floating.io.request(SCHID, 7, 3);
    guest.program([tpi(0, 0)]);
    vcpu.setPsw(MASK.PLAIN, vcpu.block.pswAddress);
    guest.run();
    expect(stored()).toEqual([SCHID, 7, 3 << 27]);
    expect(guest.vm.floating.io.pending).toBe(0);
  });

  it('stores two words at its operand', () => {
    guest.vm.floating.io.request(SCHID, 7, 3);
    guest.program([load(2, DATA), tpi(2, 4)]);
    guest.vm.writeGuest(BigInt(DATA), new Uint8Array(16).fill(0xff));
    guest.run();
    expect(words(DATA, 4)).toEqual([0xffff_ffff, SCHID, 7, 0xffff_ffff]);
  });

  it('leaves interruptions whose subclass is disabled, with condition code 0', () => {
    guest.vm.floating.io.request(SCHID, 7, 3);
    vcpu.setControl(6, subclasses(4));
    vcpu.setPsw(MASK.PLAIN | (3n << 44n), 0n);
    guest.program([tpi(0, 0), [0xb2, 0x22, 0, 0x10]]);
    guest.run();
    expect([vcpu.gr[1], guest.vm.floating.io.pending]).toEqual([0n, Number(subclasses(3))]);
    expect(cc()).toBe(0);
  });

  it('is a specification exception at an address that is no multiple of 4', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER + 0x300));
    guest.program([load(2, DATA), tpi(2, 2)]);
    guest.run();
    expect(words(LOWCORE.PROGRAM_ILC, 1)).toEqual([(4 << 16) | PGM.SPECIFICATION]);
  });
});

describe('an I/O instruction', () => {
  it('is for user space once there is a channel subsystem', () => {
    guest.vm.enableChannelSubsystem();
    guest.program([load(2, DATA), stsch(2)]);
    expect(guest.run()).toMatchObject({
      reason: 'KVM_EXIT_S390_SIEIC',
      icptcode: ICPT.INSTRUCTION,
      ipa: 0xb234,
    });
  });

  it('TSCH takes the pending interruption of its subchannel along', () => {
    guest.vm.enableChannelSubsystem();
    guest.vm.floating.io.request(SCHID, 7, 3);
    guest.program([load(1, SCHID), load(2, DATA), tsch(2)]);
    expect(guest.run()).toEqual({
      reason: 'KVM_EXIT_S390_TSCH',
      subchannel: SCHID,
      dequeued: { subchannel: SCHID, parameter: 7, identification: 3 << 27 },
      ipb: 0x2000_0000,
    });
    expect(vcpu.block.get32(SIE.IPB)).toBe(0x2000_0000);
    expect(guest.vm.floating.empty).toBe(true);
  });

  it.each([
    ['TPI', tpi(0, 0)],
    ['TSCH', tsch(2)],
    ['STSCH', stsch(2)],
  ])('%s finds nothing operational without one', (_, instruction) => {
    guest.program([load(2, DATA), instruction, [0xb2, 0x22, 0, 0x10]]);
    guest.run();
    expect((vcpu.gr[1] as bigint) >> 28n).toBe(3n);
  });
});
