/** SIGNAL PROCESSOR among the processors of a machine: every order to a CPU in every state. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LOWCORE } from './assigned-storage.ts';
import type { Cpu } from './engine/cpu.ts';

import { EXT } from './interruption.ts';
import { Machine } from './machine.ts';
import {
  CONDITIONAL_EMERGENCY,
  code,
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
} from './testing/index.ts';

const CODE = 0x2_0000;
const STATUS = 0x7000;
const ASSIGNED = 0x1200;
const HANDLER = 0x3_0000;

let cpu: Cpu;
let other: Cpu;

beforeEach(() => {
  const machine = new Machine({ cpus: 2, storageSize: 0x10_0000, tod: 1n << 40n });
  cpu = machine.cpu(0);
  other = machine.cpu(1);
});

/** Sends an order from CPU 0; register 3 has the parameter. Returns condition code and status. */
function send(order: number, target = 1, parameter = 0): string {
  cpu.storage.write(CODE, code(sigp(2, 4, order)));
  cpu.setPsw(MASK.PLAIN, BigInt(CODE));
  cpu.gr[2] = ~0n;
  cpu.gr[3] = 0xdddd_dddd_0000_0000n | BigInt(parameter);
  cpu.gr[4] = 0xffff_ffff_ffff_0000n | BigInt(target);
  cpu.run(1);
  expect((cpu.gr[2] as bigint) >> 32n).toBe(0xffff_ffffn);
  const status = (cpu.gr[2] as bigint) & 0xffff_ffffn;
  if (cpu.cc !== 1) expect(status).toBe(0xffff_ffffn);
  return cpu.cc === 1 ? `1 ${status.toString(16).padStart(3, '0')}` : `${cpu.cc}`;
}

function stateOf(target: Cpu): SigpTargetState {
  return {
    emergency: target.pending.some((p) => p.code === EXT.EMERGENCY_SIGNAL && p.cpuAddress === 0),
    call: target.pending.some((p) => p.code === EXT.EXTERNAL_CALL),
    restart: target.restartPending,
    stopping: target.stopping,
    stopped: target.stopped,
    prefix: target.prefix,
    control4: target.cr[4] as bigint,
    seed: target.pending.some((p) => p.cpuAddress === 9),
    status: target.storage.get64(STATUS + 0x80 + 5 * 8) === 0x55n,
    assigned: target.storage.get64(ASSIGNED + 0x80 + 5 * 8) === 0x55n && target.storage.get8(163) === 1,
  };
}

function put(target: Cpu, state: SigpState): void {
  target.setPsw(SIGP_PSW[state], 0x1234n);
  target.gr[5] = 0x55n;
  target.cr[4] = 5n;
  target.setPrefix(0x4000);
  target.signal(EXT.EMERGENCY_SIGNAL, 0, 9);
  if (state === 'stopped') target.stop();
  if (state === 'stopping') target.requestStop(false);
}

describe.each(Object.entries(SIGP_TABLE))('order %s', (key, row) => {
  it.each(SIGP_STATES.map((state, n) => [state, row[n] as string] as const))(
    'to a CPU that is %s: %s',
    (state, expected) => {
      const order = Number(key);
      const target = state === 'self' ? cpu : other;
      put(target, state);
      const before = stateOf(target);
      const address = state === 'missing' ? 7 : state === 'self' ? 0 : 1;
      const answer = send(order, address, SIGP_PARAMETER[order as keyof typeof SIGP_PARAMETER]);
      expect([answer, ...sigpEffect(before, stateOf(target))].join(' ')).toBe(expected);
    },
  );
});

describe('orders', () => {
  it.each(CONDITIONAL_EMERGENCY)(
    'conditional emergency signal to a CPU $name',
    ({ mask, address, primary, secondary, signalled }) => {
      other.setPsw(mask, address);
      other.cr[4] = 0xffff_0000n | BigInt(primary);
      other.cr[3] = 0xffff_0000n | BigInt(secondary);
      expect(send(0x13, 1, 0xffff_0005)).toBe(signalled ? '0' : '1 200');
      expect(stateOf(other).emergency).toBe(signalled);
    },
  );

  it('a pending external call stays pending, and a second one is not accepted', () => {
    other.stop();
    expect([send(2), send(2), send(1)]).toEqual(['0', '1 080', '1 0c0']);
    expect(other.pending).toHaveLength(1);
  });

  it('after a second restart of a stopped CPU, the first one still precedes all other interruptions', () => {
    const restarted = psw(MASK.EXTERNAL, HANDLER);
    other.storage.write(other.prefix + LOWCORE.RESTART_NEW_PSW, restarted);
    other.storage.write(other.prefix + LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.PLAIN, 0x4_0000));
    other.setPsw(MASK.EXTERNAL, 0x1234n);
    other.setControl(0, 0x4000n);
    other.signal(EXT.EMERGENCY_SIGNAL, 0, 0);
    other.stop();
    expect([send(6), send(6)]).toEqual(['0', '0']);
    other.run(2);
    expect(other.storage.get64(other.prefix + LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(HANDLER));
  });

  it('a parameter outside storage is invalid, whatever its low bits', () => {
    other.stop();
    expect(send(0x0d, 1, 0xe000)).toBe('0');
    expect([send(0x0d, 1, 0x8000_6fff), other.prefix]).toEqual(['0', 0x6000]);
    expect([send(0x0d, 1, 0x10_0000), send(0x0e, 1, 0x10_0000)]).toEqual(['1 100', '1 100']);
    other.start();
    expect([send(0x0d, 1, 0x10_0000), send(0x0e, 1, 0x10_0000)]).toEqual(['1 100', '1 200']);
  });

  it('a stop follows the interruptions that are pending and enabled', () => {
    for (const at of [LOWCORE.EXTERNAL_NEW_PSW, LOWCORE.RESTART_NEW_PSW]) {
      cpu.storage.write(0x4000 + at, psw(MASK.PLAIN, HANDLER + at));
    }
    put(other, 'operating');
    other.setPsw(MASK.EXTERNAL, 0x1234n);
    other.setControl(0, 0x4000n);
    expect([send(6), send(9), send(1)]).toEqual(['0', '0', '2']);
    expect(other.run(100).reason).toBe('stopped');
    expect([other.stopped, other.stopping, other.executed]).toEqual([true, false, 2]);
    // External first, restart then, the stop last: the status has the PSW of that moment.
    expect(other.storage.get64(0x4000 + LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(0x1234n);
    expect(other.storage.get64(0x4000 + LOWCORE.RESTART_OLD_PSW + 8)).toBe(
      BigInt(HANDLER + LOWCORE.EXTERNAL_NEW_PSW),
    );
    expect(stateOf(other).assigned).toBe(true);
    expect(other.storage.get64(ASSIGNED + 0x108)).toBe(BigInt(HANDLER + LOWCORE.RESTART_NEW_PSW));
  });

  it('a restart of a stopped CPU precedes the pending interruptions', () => {
    put(other, 'stopped');
    cpu.storage.write(0x4000 + LOWCORE.RESTART_NEW_PSW, psw(MASK.EXTERNAL, HANDLER));
    cpu.storage.write(0x4000 + LOWCORE.EXTERNAL_NEW_PSW, psw(MASK.PLAIN, HANDLER + 8));
    other.setPsw(MASK.EXTERNAL, 0x1234n);
    other.setControl(0, 0x4000n);
    expect(send(6)).toBe('0');
    other.run(2);
    expect(other.storage.get64(0x4000 + LOWCORE.RESTART_OLD_PSW + 8)).toBe(0x1234n);
    expect(other.storage.get64(0x4000 + LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(HANDLER));
  });

  it('store status stores every register, and does not change reserved fields', () => {
    put(other, 'stopped');
    for (let n = 0; n < 16; n++) {
      other.gr[n] = 0x1000n + BigInt(n);
      other.fr[n] = 0x2000n + BigInt(n);
      other.ar[n] = 0x3000 + n;
      other.cr[n] = 0x4000n + BigInt(n);
    }
    other.fpc = 0x80_0000;
    other.todProgrammable = 0xabcd;
    other.setTimer(-5n);
    other.setClockComparator(0x1122_3344_5566_7788n);
    other.storage.bytes.fill(0xee, STATUS, STATUS + 512);
    expect(send(0x0e, 1, STATUS | 0x1ff)).toBe('0');
    const { storage } = other;
    for (let n = 0; n < 16; n++) {
      expect(storage.get64(STATUS + n * 8)).toBe(0x2000n + BigInt(n));
      expect(storage.get64(STATUS + 0x80 + n * 8)).toBe(0x1000n + BigInt(n));
      expect(storage.get32(STATUS + 0x140 + n * 4)).toBe(0x3000 + n);
      expect(storage.get64(STATUS + 0x180 + n * 8)).toBe(0x4000n + BigInt(n));
    }
    expect(storage.get64(STATUS + 0x100)).toBe(SIGP_PSW.stopped);
    expect(storage.get64(STATUS + 0x108)).toBe(0x1234n);
    expect(storage.get32(STATUS + 0x118)).toBe(0x4000);
    expect(storage.get32(STATUS + 0x11c)).toBe(0x80_0000);
    expect(storage.get32(STATUS + 0x124)).toBe(0xabcd);
    expect(BigInt.asIntN(64, storage.get64(STATUS + 0x128))).toBeLessThan(0n);
    expect(storage.get64(STATUS + 0x130)).toBe(0x11_2233_4455_6677n);
    for (const reserved of [0x110, 0x114, 0x120, 0x138, 0x13c]) {
      expect(storage.get32(STATUS + reserved)).toBe(0xeeee_eeee);
    }
  });
});
