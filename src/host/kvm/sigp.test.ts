/** SIGNAL PROCESSOR among the virtual CPUs of a guest: every order to a CPU in every state. */

import { beforeEach, describe, expect, it } from 'vitest';
import { EXT, ICPT, LOWCORE, SIE } from '../../machine/index.ts';
import {
  CONDITIONAL_EMERGENCY,
  code,
  load,
  MASK,
  psw,
  SIGP_PARAMETER,
  SIGP_PSW,
  SIGP_STATES,
  SIGP_TABLE,
  type SigpState,
  type SigpTargetState,
  sigp,
  sigpEffect,
} from '../../machine/testing/index.ts';
import { GUEST_BYTES, TestGuest } from '../testing/index.ts';
import type { Vcpu } from './vcpu.ts';

const CODE = 0x2_0000n;
const STATUS = 0x7000;
const ASSIGNED = 0x1200;
const HANDLER = 0x3_0000;

let guest: TestGuest;
let vcpu: Vcpu;
let other: Vcpu;

beforeEach(() => {
  guest = new TestGuest({ vcpus: 2 });
  ({ vcpu } = guest);
  other = guest.vm.vcpus[1] as Vcpu;
  return () => expect(guest.problems).toEqual([]);
});

const get64 = (address: number) =>
  new DataView(guest.vm.readGuest(BigInt(address), 8).buffer).getBigUint64(0);

/** Sends an order from CPU 0; register 3 has the parameter. Returns condition code and status. */
function send(order: number, target = 1, parameter = 0): string {
  guest.vm.writeGuest(CODE, code(sigp(2, 4, order)));
  vcpu.setPsw(MASK.PLAIN, CODE);
  vcpu.gr[2] = ~0n;
  vcpu.gr[3] = 0xdddd_dddd_0000_0000n | BigInt(parameter);
  vcpu.gr[4] = 0xffff_ffff_ffff_0000n | BigInt(target);
  guest.run(vcpu, 1);
  const cc = Number((vcpu.block.pswMask >> 44n) & 3n);
  const status = (vcpu.gr[2] as bigint) & 0xffff_ffffn;
  expect((vcpu.gr[2] as bigint) >> 32n).toBe(0xffff_ffffn);
  if (cc !== 1) expect(status).toBe(0xffff_ffffn);
  return cc === 1 ? `1 ${status.toString(16).padStart(3, '0')}` : `${cc}`;
}

function stateOf(target: Vcpu): SigpTargetState {
  return {
    emergency: target.local.has(EXT.EMERGENCY_SIGNAL) && target.local.senderOf(EXT.EMERGENCY_SIGNAL) === 0,
    call: target.local.has(EXT.EXTERNAL_CALL),
    restart: target.restartPending,
    stopping: target.stopping,
    stopped: target.stopped,
    prefix: target.block.prefix,
    control4: target.control(4),
    seed: target.local.has(EXT.EMERGENCY_SIGNAL),
    status: get64(STATUS + 0x80 + 5 * 8) === 0x55n,
    assigned: get64(ASSIGNED + 0x80 + 5 * 8) === 0x55n && guest.vm.readGuest(163n, 1)[0] === 1,
  };
}

function put(target: Vcpu, state: SigpState): void {
  target.stopped = state === 'stopped';
  target.setPsw(SIGP_PSW[state], 0x1234n);
  target.gr[5] = 0x55n;
  target.setControl(4, 5n);
  target.setPrefix(0x4000);
  target.local.emergencySignal(9);
  if (state === 'stopping') target.requestStop(false);
}

describe.each(Object.entries(SIGP_TABLE))('order %s', (key, row) => {
  it.each(SIGP_STATES.map((state, n) => [state, row[n] as string] as const))(
    'to a CPU that is %s: %s',
    (state, expected) => {
      const order = Number(key);
      const target = state === 'self' ? vcpu : other;
      put(target, state);
      const before = stateOf(target);
      const address = state === 'missing' ? 7 : state === 'self' ? 0 : 1;
      const answer = send(order, address, SIGP_PARAMETER[order as keyof typeof SIGP_PARAMETER]);
      expect([answer, ...sigpEffect(before, stateOf(target))].join(' ')).toBe(expected);
    },
  );
});

describe('orders that are not in the table', () => {
  it.each(CONDITIONAL_EMERGENCY)(
    'conditional emergency signal to a CPU $name',
    ({ mask, address, primary, secondary, signalled }) => {
      other.stopped = false;
      other.setPsw(mask, address);
      other.setControl(4, 0xffff_0000n | BigInt(primary));
      other.setControl(3, 0xffff_0000n | BigInt(secondary));
      expect(send(0x13, 1, 0xffff_0005)).toBe(signalled ? '0' : '1 200');
      expect(stateOf(other).emergency).toBe(signalled);
    },
  );

  it('a pending external call stays pending, and a second one is not accepted', () => {
    expect([send(2), send(2), send(1)]).toEqual(['0', '1 080', '1 0c0']);
  });

  it('a parameter outside storage is invalid, whatever its low bits', () => {
    const end = Number(GUEST_BYTES);
    expect([send(0x0d, 1, 0x8000_6fff), other.block.prefix]).toEqual(['0', 0x6000]);
    expect([send(0x0d, 1, end), send(0x0e, 1, end)]).toEqual(['1 100', '1 100']);
    other.stopped = false;
    expect([send(0x0d, 1, end), send(0x0e, 1, end)]).toEqual(['1 100', '1 200']);
  });

  it('a stop follows the interruptions that are pending and enabled', () => {
    for (const at of [LOWCORE.EXTERNAL_NEW_PSW, LOWCORE.RESTART_NEW_PSW]) {
      guest.vm.writeGuest(BigInt(0x4000 + at), psw(MASK.PLAIN, HANDLER + at));
    }
    put(other, 'operating');
    other.setPsw(MASK.EXTERNAL, 0x1234n);
    other.setControl(0, 0x4000n);
    expect([send(6), send(9), send(1)]).toEqual(['0', '0', '2']);
    expect(guest.run(other)).toEqual({ reason: 'KVM_EXIT_HLT', until: null });
    expect([other.stopped, other.stopping]).toEqual([true, false]);
    // External first, restart then, the stop last: the status has the PSW of that moment.
    expect(get64(0x4000 + LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(0x1234n);
    expect(get64(0x4000 + LOWCORE.RESTART_OLD_PSW + 8)).toBe(BigInt(HANDLER + LOWCORE.EXTERNAL_NEW_PSW));
    expect(stateOf(other).assigned).toBe(true);
    expect(get64(ASSIGNED + 0x108)).toBe(BigInt(HANDLER + LOWCORE.RESTART_NEW_PSW));
  });

  it('a stop takes clock interruptions that are due, and a wait does not keep it from stopping', () => {
    guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.PLAIN, HANDLER));
    other.stopped = false;
    other.setPsw(MASK.ENABLED_WAIT, 0x1234n);
    other.setControl(0, 0x800n);
    guest.host.machine.clock.skipTo(1000n);
    other.requestStop(false);
    guest.run(other);
    expect([other.stopped, other.block.pswAddress]).toEqual([true, BigInt(HANDLER)]);
    other.stopped = false;
    other.setPsw(MASK.DISABLED_WAIT, 0x1234n);
    other.requestStop(false);
    guest.run(other);
    expect([other.stopped, other.block.pswAddress]).toEqual([true, 0x1234n]);
  });

  it('a restart of a stopped CPU precedes the pending interruptions', () => {
    put(other, 'stopped');
    guest.vm.writeGuest(BigInt(0x4000 + LOWCORE.RESTART_NEW_PSW), psw(MASK.EXTERNAL, HANDLER));
    guest.vm.writeGuest(BigInt(0x4000 + LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER + 8));
    other.setPsw(MASK.EXTERNAL, 0x1234n);
    other.setControl(0, 0x4000n);
    expect(send(6)).toBe('0');
    expect(guest.run(other)).toMatchObject({ icptcode: ICPT.WAIT });
    expect(get64(0x4000 + LOWCORE.RESTART_OLD_PSW + 8)).toBe(0x1234n);
    expect(get64(0x4000 + LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(HANDLER));
  });

  it('a CPU that stops itself executes no further instruction', () => {
    guest.program([load(4, 0), sigp(2, 4, 5), load(5, 5)]);
    expect(guest.run()).toEqual({ reason: 'KVM_EXIT_HLT', until: null });
    expect([vcpu.stopped, vcpu.gr[5]]).toEqual([true, 0n]);
    vcpu.stopped = false;
    expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
    expect(vcpu.gr[5]).toBe(5n);
  });

  it('external call and emergency signal store the address of the sender', () => {
    other.stopped = false;
    guest.program([load(4, 0), sigp(2, 4, 2), sigp(2, 4, 3)], other);
    guest.run(other);
    for (const [mask, external] of [
      [0x4000n, EXT.EMERGENCY_SIGNAL],
      [0x2000n, EXT.EXTERNAL_CALL],
    ] as const) {
      guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
      vcpu.setPsw(MASK.EXTERNAL, CODE);
      vcpu.setControl(0, mask);
      expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
      const stored = new DataView(guest.vm.readGuest(BigInt(LOWCORE.EXTERNAL_CPU_ADDRESS), 4).buffer);
      expect([stored.getUint16(0), stored.getUint16(2)]).toEqual([1, external]);
    }
    expect(vcpu.local.empty).toBe(true);
  });

  it('emergency signals of several senders are one interruption each, of one sender one', () => {
    for (const sender of [7, 3, 7]) vcpu.local.emergencySignal(sender);
    const taken: number[] = [];
    for (; vcpu.local.has(EXT.EMERGENCY_SIGNAL); vcpu.local.remove(EXT.EMERGENCY_SIGNAL)) {
      taken.push(vcpu.local.senderOf(EXT.EMERGENCY_SIGNAL));
    }
    expect(taken).toEqual([3, 7]);
  });

  it('store status stores every register, and does not change reserved fields', () => {
    put(other, 'stopped');
    for (let n = 0; n < 16; n++) {
      other.gr[n] = 0x1000n + BigInt(n);
      other.fr[n] = 0x2000n + BigInt(n);
      other.ar[n] = 0x3000 + n;
      other.setControl(n, 0x4000n + BigInt(n));
    }
    other.fpc = 0x80_0000;
    other.block.set32(SIE.TOD_PROGRAMMABLE, 0xabcd);
    other.block.set64(SIE.CPU_TIMER, 77n);
    other.block.set64(SIE.CLOCK_COMPARATOR, 0x1122_3344_5566_7788n);
    guest.vm.writeGuest(BigInt(STATUS), new Uint8Array(512).fill(0xee));
    expect(send(0x0e, 1, STATUS | 0x1ff)).toBe('0');
    for (let n = 0; n < 16; n++) {
      expect(get64(STATUS + n * 8)).toBe(0x2000n + BigInt(n));
      expect(get64(STATUS + 0x80 + n * 8)).toBe(0x1000n + BigInt(n));
      expect(get64(STATUS + 0x140 + (n & ~1) * 4)).toBe(
        (BigInt(0x3000 + (n & ~1)) << 32n) | BigInt(0x3001 + (n & ~1)),
      );
      expect(get64(STATUS + 0x180 + n * 8)).toBe(0x4000n + BigInt(n));
    }
    expect([0x100, 0x108, 0x118, 0x128, 0x130].map((at) => get64(STATUS + at))).toEqual([
      SIGP_PSW.stopped,
      0x1234n,
      0x4000_0080_0000n,
      77n,
      0x11_2233_4455_6677n,
    ]);
    expect([0x110, 0x120, 0x138].map((at) => get64(STATUS + at))).toEqual([
      0xeeee_eeee_eeee_eeeen,
      0xeeee_eeee_0000_abcdn,
      0xeeee_eeee_eeee_eeeen,
    ]);
  });
});

describe('where user space starts CPUs, as in Linux', () => {
  /** Returns whether user space gets an order; otherwise condition code and status. */
  const sent = (order: number, target = 1) => {
    const before = vcpu.counts.exit_instruction;
    const answer = send(order, target);
    expect(vcpu.counts.exit_instruction).toBe(before + 1);
    return leftToUser ? 'user space' : answer;
  };
  let leftToUser = false;

  beforeEach(() => {
    guest.vm.userStarts = true;
    const run = guest.run.bind(guest);
    guest.run = (...args) => {
      const exit = run(...args);
      leftToUser = exit.reason === 'KVM_EXIT_S390_SIEIC' && exit.icptcode === ICPT.INSTRUCTION;
      return exit;
    };
  });

  it.each([0x04, 0x06, 0x0b, 0x0c, 0x00, 0x07, 0xff])('it executes order %i', (order) => {
    expect(sent(order)).toBe('user space');
    expect([other.stopped, other.restartPending]).toEqual([true, false]);
    expect(sent(order, 7)).toBe('3');
  });

  it('the host executes the others', () => {
    expect([0x01, 0x02, 0x03, 0x05, 0x0d, 0x12].map((order) => sent(order))).toEqual([
      '1 040',
      '0',
      '0',
      '0',
      '0',
      '1 100',
    ]);
  });

  it('a CPU with a stop or a restart that is pending is busy, but for resets', () => {
    const orders = [0x01, 0x04, 0x06, 0x0b, 0x0c];
    const wanted = ['2', '2', '2', 'user space', 'user space'];
    other.inject({ type: 'restart' });
    expect(orders.map((order) => sent(order))).toEqual(wanted);
    other.reset('initial');
    other.stopped = false;
    other.requestStop(false);
    expect(orders.map((order) => sent(order))).toEqual(wanted);
  });
});

it('a stop that user space performs stays pending until it has: the CPU is busy', () => {
  guest.vm.userStops = true;
  other.stopped = false;
  guest.program([load(5, 5)], other);
  expect(send(0x09)).toBe('0');
  for (let n = 0; n < 2; n++) {
    expect(guest.run(other)).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: ICPT.STOP_REQUEST });
    expect([other.stopped, other.stopping, other.gr[5]]).toEqual([false, true, 0n]);
    expect([send(0x01), send(0x04)]).toEqual(['2', '2']);
  }
  expect(get64(ASSIGNED + 0x108)).toBe(other.block.pswAddress);
  other.stopped = true;
  expect([other.stopping, send(0x01)]).toEqual([false, '1 040']);
  other.stopped = false;
  guest.run(other);
  expect(other.gr[5]).toBe(5n);
});
