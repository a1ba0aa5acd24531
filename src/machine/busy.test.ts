import { beforeEach, describe, expect, it } from 'vitest';
import { asGuest, BusyError, type Cpu, interpret, Machine, Storage } from './index.ts';

const PLAIN = 0x1_8000_0000n;
const START = 0x2000n;
const DESCRIPTION = 0x4000;

let machine: Machine;
let cpu: Cpu;

beforeEach(() => {
  machine = new Machine({ storageSize: 1 << 20, cpus: 2 });
  cpu = machine.cpu(0);
  // SVC 1, and a new PSW that waits, disabled.
  machine.storage.write(0x2000, Uint8Array.of(0x0a, 1));
  machine.storage.write(0x1c0, Uint8Array.of(0, 2, 0, 1, 0x80));
  cpu.setPsw(PLAIN, START);
});

/** Returns the state of a machine that an operation could change. */
const snapshot = () => [
  ...machine.cpus.flatMap((one) => [
    one.pswMask,
    one.pswAddress,
    ...one.gr,
    ...one.cr,
    one.executed,
    one.busy,
  ]),
  machine.clock.tod,
];

describe('a listener', () => {
  it.each<[string, () => unknown]>([
    ['its processor', () => cpu.run(1)],
    ['another one', () => machine.cpu(1).run(1)],
    ['a guest', () => interpret(cpu, DESCRIPTION, 1)],
    ['an access of a guest', () => asGuest(machine.cpu(1), DESCRIPTION, () => {}, 0n)],
    ['a purge of everything', () => machine.purgeAll()],
    ['a purge of a space', () => machine.purgeAsce(0, 0x8000)],
    ['a purge of a page', () => machine.purgePage(0x8000, 0)],
  ])('cannot run %s, and nothing has changed', (_, act) => {
    const errors: unknown[] = [];
    machine.trace.subscribe(() => {
      const before = snapshot();
      try {
        act();
      } catch (error) {
        errors.push(error);
      }
      expect(snapshot()).toEqual(before);
    });
    expect(cpu.run(10)).toMatchObject({ reason: 'wait', disabled: true });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(BusyError);
  });

  it('that throws: the run ends with its error', () => {
    machine.trace.subscribe(() => {
      throw new Error('of a listener');
    });
    expect(() => cpu.run(10)).toThrow('of a listener');
    expect([cpu.wait, cpu.busy]).toEqual([true, false]);
    expect(cpu.run(10).reason).toBe('wait');
  });
});

it('a claimed processor does not run anything else until it is released', () => {
  cpu.claim();
  expect(() => cpu.run(1)).toThrow('processor 0 executes already');
  expect(() => interpret(cpu, DESCRIPTION, 1)).toThrow(BusyError);
  expect(cpu.busy).toBe(true);
  cpu.release();
  expect(cpu.run(1).reason).toBe('limit');
});

describe('a prefix area outside storage', () => {
  it.each<[string, () => void]>([
    ['a program interruption', () => machine.storage.write(0x2000, Uint8Array.of(0, 0))],
    ['a supervisor call', () => {}],
    ['a PSW that is invalid', () => cpu.enterPsw(0x8000_0000, 0, 0, 0)],
    [
      'a clock interruption',
      () => {
        cpu.setControl(0, 0x8e0n);
        cpu.setPsw(0x0100_0001_8000_0000n, START);
        machine.clock.skipTo(5n);
      },
    ],
    [
      'a restart',
      () => {
        cpu.restartPending = true;
      },
    ],
  ])('is a check-stop for %s', (_, prepare) => {
    prepare();
    cpu.setPrefix(0x7fff_e000);
    expect(cpu.run(10)).toEqual({ reason: 'check-stop' });
    expect(cpu.busy).toBe(false);
  });
});

describe('options of a machine', () => {
  it.each<[object | null, string]>([
    [{ storageSize: 4096 }, 'storage of 4096 bytes has no room for a prefix area of 8 KiB'],
    [{ storage: new Storage(4096) }, 'has no room for a prefix area'],
    [{ storageSize: '8192' }, 'storageSize must be a number, not string'],
    [{ storageSize: null }, 'storageSize must be a number, not object'],
    [{ cpus: 65 }, '65 processors: a machine has 1 to 64'],
    [{ tod: 5 }, 'tod must be a bigint, not number'],
    [{ tod: -1n }, 'tod -1 is not 0 to 2^64 - 1'],
    [{ trace: {} }, 'trace must be a Trace'],
    [{ storage: {} }, 'storage must be a Storage'],
    [null, 'options must be an object'],
  ])('%o is refused: %s', (options, message) => {
    expect(() => new Machine(options as never)).toThrow(message);
  });

  it('a limit is a positive integer or Infinity', () => {
    for (const limit of [Number.NaN, 0, -1, 0.5, '1', 1n]) {
      expect(() => cpu.run(limit as number)).toThrow(RangeError);
    }
    expect(cpu.run(Number.POSITIVE_INFINITY).reason).toBe('wait');
  });
});
