import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromEbcdic } from '../devices/index.ts';
import { Host, type Mm } from '../host/index.ts';
import { codeOf, frameCounts } from '../host/testing/index.ts';
import { EXT, LOWCORE, Machine, PGM, PSW, SIE } from '../machine/index.ts';
import {
  code,
  diag,
  exrl,
  jump,
  load,
  lpswe,
  MASK,
  psw,
  s,
  servc,
  sigp,
  stg,
} from '../machine/testing/index.ts';
import { type ElfImage, ImageError, parseElf } from './elf.ts';
import type { MemoryMap } from './memory-map.ts';
import { describeEnd, Monitor, type MonitorOptions } from './monitor.ts';

const MIB = 1n << 20n;
const HOME = 256n * MIB;
const START = 0x2_0000;

let host: Host;
let mm: Mm;
let said: string;

beforeEach(() => {
  host = new Host(new Machine({ storageSize: 64 << 20 }));
  mm = host.createMm();
  said = '';
});

const example = (name: string) =>
  parseElf(readFileSync(new URL(`../../examples/images/${name}.elf`, import.meta.url)));
/** An image of code at START and of other ranges. `lpswe(0x700)` in it ends the guest with `status`. */
function guest(instructions: number[][], parts: Record<number, Uint8Array> = {}, status = 0): ElfImage {
  const all = { 1792: psw(MASK.DISABLED_WAIT, status), [START]: code(...instructions), ...parts };
  const segments = Object.entries(all).map(([address, bytes]) => ({
    address: BigInt(address),
    memorySize: BigInt(bytes.length),
    bytes,
    flags: 7,
  }));
  return { entry: BigInt(START), segments };
}
/** Memory of the process at HOME, mapped to the guest from 0 on. */
const mapped = (length: bigint): MemoryMap => {
  mm.mmap({ address: HOME, length });
  return { from: HOME, to: 0n, length };
};
const DONE = lpswe(0x700);
function monitor(image: ElfImage, options: Partial<MonitorOptions> = {}): Monitor {
  const maps = options.maps ?? [mapped(2n * MIB)];
  const console = { write: (text: string) => void (said += text) };
  return new Monitor(host, mm, { image, console, ...options, maps });
}
/** Returns the error of the constructor, and checks that nothing is leaked. */
function refusal(image: ElfImage, options: Partial<MonitorOptions>): string {
  const before = [frameCounts(host)['gmap-table'], frameCounts(host).kernel, mm.gmaps.size];
  let message = 'made';
  try {
    monitor(image, options);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    message = error.message;
  }
  expect([frameCounts(host)['gmap-table'], frameCounts(host).kernel, mm.gmaps.size]).toEqual(before);
  expect(message).not.toContain('\n');
  return message;
}

it('reports to the guest all memory that begins at address 0, whatever the order of the mappings', () => {
  mm.mmap({ address: HOME, length: 8n * MIB });
  const piece = (at: bigint, length: bigint) => ({ from: HOME + at, to: at, length });
  const pieces = [piece(0n, MIB), piece(MIB, 2n * MIB), piece(3n * MIB, MIB)] as const;
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ] as const) {
    const one = monitor(example('memory'), { maps: order.map((n) => pieces[n]) });
    one.run();
    one.destroy();
  }
  expect(said.match(/memory: \d+ MiB/g)).toEqual(['memory: 4 MiB', 'memory: 4 MiB', 'memory: 4 MiB']);
});

describe('an image', () => {
  it('is loaded and runs, with its console', () => {
    const one = monitor(example('hello'));
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: 0n });
    expect(said).toBe('Hello from a guest!\nno arguments\n');
  });

  it('gets its arguments', () => {
    monitor(example('hello'), { arguments: 'world' }).run();
    const expected = new URL('../../examples/images/hello.expected', import.meta.url);
    expect(said).toBe(readFileSync(expected, 'utf8'));
  });

  it('gets up to 895 bytes of ASCII as arguments', () => {
    monitor(example('hello'), { arguments: 'x'.repeat(895) }).run();
    expect(said).toContain(`${'x'.repeat(895)}\n`);
    const maps = [{ from: HOME, to: 0n, length: 2n * MIB }];
    expect(refusal(example('hello'), { arguments: 'x'.repeat(896), maps })).toContain('896');
    expect(refusal(example('hello'), { arguments: 'grüße', maps })).toContain('not ASCII: 0xfc');
    expect(refusal(example('hello'), { arguments: 'a\0b', maps })).toContain('not ASCII: 0x0');
  });

  it('must be in guest memory', () => {
    const maps = [mapped(2n * MIB)];
    const beyond = guest([DONE], { 2097144: new Uint8Array(16) });
    expect(refusal(beyond, { maps })).toMatch(/0x/);
    expect(refusal(guest([DONE]), { maps: [{ ...(maps[0] as MemoryMap), to: MIB }] })).toMatch(/0x/);
  });

  it('may span two maps', () => {
    mm.mmap({ address: HOME, length: 8n * MIB });
    const maps = [
      { from: HOME + 4n * MIB, to: 0n, length: MIB },
      { from: HOME, to: MIB, length: MIB },
    ];
    const one = monitor(guest([DONE], { 1048568: new Uint8Array(16).fill(5) }), { maps });
    expect(one.run().kind).toBe('disabled-wait');
    expect(mm.read(HOME, 8)).toEqual(new Uint8Array(8).fill(5));
  });
});

describe('maps', () => {
  it('show the same memory at two guest addresses', () => {
    const map = mapped(2n * MIB);
    const far = 1n << 40n;
    const image = guest([load(1, 0x1234), load(2, far + 0x8000n), stg(1, 0, 2), DONE]);
    const one = monitor(image, { maps: [map, { ...map, to: far }] });
    expect(one.run().kind).toBe('disabled-wait');
    expect(one.vm.readGuest(0x8006n, 2)).toEqual(Uint8Array.of(0x12, 0x34));
  });

  it('that are invalid are reported', () => {
    const map = mapped(2n * MIB);
    expect(codeOf(() => monitor(guest([DONE]), { maps: [map, map] }))).toBe('EEXIST');
    expect(codeOf(() => monitor(guest([DONE]), { maps: [{ ...map, to: 5n }] }))).toBe('EINVAL');
    expect(refusal(guest([DONE]), { maps: [{ ...map, from: 4n << 40n }] })).toContain('beyond 4 TiB');
    expect(mm.gmaps.size).toBe(0);
    expect(frameCounts(host).kernel).toBe(0);
  });
});

describe('the end', () => {
  it('disabled wait: the address is the status', () => {
    const end = monitor(guest([DONE], {}, 42)).run();
    expect(end).toEqual({ kind: 'disabled-wait', cpu: 0, address: 42n });
    expect(describeEnd(end)).toBe('disabled wait at 0x2a (status 42)');
    expect(describeEnd({ kind: 'disabled-wait', cpu: 0, address: 0n })).toBe('the guest ended');
  });

  it('memory fault: continues once the process has the memory again', () => {
    const one = monitor(guest([load(2, MIB), stg(1, 0, 2), DONE]));
    mm.munmap({ address: HOME + MIB, length: MIB });
    const end = one.run();
    expect(end).toEqual({ kind: 'memory-fault', cpu: 0, gpa: MIB, write: true });
    expect(describeEnd(end)).toContain('stored into guest address 0x100000');
    expect(describeEnd({ ...end, write: false } as typeof end)).toContain('the guest read');
    mm.mmap({ address: HOME + MIB, length: MIB });
    expect(one.run().kind).toBe('disabled-wait');
  });

  it('program loop', () => {
    const parts = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.PLAIN, 1n << 62n) };
    const end = monitor(guest([load(2, 1n << 60n), stg(1, 0, 2)], parts)).run();
    expect(end).toEqual({ kind: 'program-loop', cpu: 0, code: PGM.ADDRESSING, address: 1n << 62n });
    expect(describeEnd(end)).toContain('addressing (code 0x5)');
  });

  it('idle: an enabled wait that no interruption can end', () => {
    const end = monitor(guest([lpswe(0x710)], { 1808: psw(MASK.ENABLED_WAIT, 0x99) })).run();
    expect(end).toEqual({ kind: 'idle', address: 0x99n });
    expect(describeEnd(end)).toContain('waits at 0x99');
  });

  it('reset', () => {
    const end = monitor(guest([load(2, 3), diag(0, 2, 0x308)])).run();
    expect(end).toEqual({ kind: 'reset' });
    expect(describeEnd(end)).toContain('reset');
  });

  it('stopped: every CPU stopped itself', () => {
    const end = monitor(guest([load(4, 0), sigp(2, 4, 5), DONE]), { cpus: 2 }).run();
    expect(end).toEqual({ kind: 'stopped' });
    expect(describeEnd(end)).toContain('stopped');
  });

  it('unhandled: a state description that cannot be entered', () => {
    const one = monitor(guest([DONE]));
    one.vm.vcpus[0]?.block.set32(0, 0);
    const end = one.run();
    expect(end).toMatchObject({ kind: 'unhandled', what: 'validity interception 0x1' });
    expect(describeEnd(end)).toContain('not implemented');
  });

  it('limit: the guest can continue', () => {
    const one = monitor(guest([load(1, 1), load(2, 2), load(3, 3), DONE]));
    const end = one.run(4);
    expect(end).toEqual({ kind: 'limit' });
    expect(describeEnd(end)).toContain('limit');
    expect(one.run().kind).toBe('disabled-wait');
  });

  it('limit or an external loop: for guests that execute no instruction, or only one that is rejected', () => {
    const wait = {
      [LOWCORE.EXTERNAL_NEW_PSW]: psw(MASK.ENABLED_WAIT, 0x77),
      1808: psw(MASK.ENABLED_WAIT, 0),
    };
    let one = monitor(guest([lpswe(0x710)], wait));
    one.vm.vcpus[0]?.block.set64(0x100, 0x800n);
    expect(one.run(300_000)).toMatchObject({ kind: 'external-loop', cpu: 0, code: EXT.CLOCK_COMPARATOR });
    for (const [handler, timer] of [
      [MASK.ENABLED_WAIT, 0n],
      [MASK.ENABLED_WAIT, 1n << 40n],
    ] as const) {
      const again = { ...wait, [LOWCORE.EXTERNAL_NEW_PSW]: psw(handler, 0x77) };
      one.destroy();
      mm.munmap({ address: HOME, length: 2n * MIB });
      one = monitor(guest([lpswe(0x710)], again));
      one.vm.vcpus[0]?.block.set64(SIE.CONTROL_REGISTERS, 0x400n);
      one.vm.vcpus[0]?.block.set64(SIE.CPU_TIMER, timer);
      expect(one.run(300_000)).toMatchObject({ kind: 'external-loop', cpu: 0, code: EXT.CPU_TIMER });
    }
    one.destroy();
    const again = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.PLAIN, START) };
    for (const instruction of [diag(2, 3, 0x999), s(0xb220, 0), s(0xb202, 1), s(0xb27d, 1)]) {
      mm.munmap({ address: HOME, length: 2n * MIB });
      const other = monitor(guest([instruction], again));
      expect(['limit', 'program-loop']).toContain(other.run(5000).kind);
      other.destroy();
    }
  });

  it('ENOMEM is thrown, and the guest can continue', () => {
    const one = monitor(guest([load(2, MIB), stg(1, 0, 2), DONE]));
    one.run(1);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => one.run())).toBe('ENOMEM');
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: 0n });
  });

  it('ENOMEM in the constructor leaks nothing', () => {
    const maps = [mapped(2n * MIB)];
    monitor(guest([DONE]), { maps }).destroy();
    mm.dontNeed({ address: HOME, length: 2n * MIB });
    for (let n = 1; ; n++) {
      host.kernel.frames.failIn(n);
      const result = codeOf(() => monitor(guest([DONE]), { maps, cpus: 2 }));
      const fired = host.kernel.frames.failing === 0;
      host.kernel.frames.failIn(0);
      if (!fired) break;
      expect(result).toBe('ENOMEM');
      expect([frameCounts(host)['gmap-table'], frameCounts(host).kernel, mm.gmaps.size]).toEqual([0, 0, 0]);
      mm.dontNeed({ address: HOME, length: 2n * MIB });
    }
  });
});

describe('a wait', () => {
  it('is ended by the CPU timer', () => {
    const parts = {
      1808: psw(MASK.ENABLED_WAIT, 0x99),
      [LOWCORE.EXTERNAL_NEW_PSW]: psw(MASK.DISABLED_WAIT, 5),
    };
    const one = monitor(guest([lpswe(0x710)], parts));
    const block = one.vm.vcpus[0]?.block;
    block?.set64(SIE.CONTROL_REGISTERS, 0x400n);
    block?.set64(SIE.CPU_TIMER, 1n << 40n);
    expect(one.run(300_000)).toEqual({ kind: 'disabled-wait', cpu: 0, address: 5n });
    expect(host.machine.clock.tod).toBeGreaterThan(1n << 40n);
    const stored = new DataView(one.vm.readGuest(BigInt(LOWCORE.EXTERNAL_CODE), 2).buffer);
    expect(stored.getUint16(0)).toBe(EXT.CPU_TIMER);
  });
});

describe('CPUs of a guest', () => {
  it('may signal one another and then wait: a restart is not lost', () => {
    const WAIT = lpswe(0x710);
    // CPU 0 restarts CPU 1 and waits; CPU 1 ends the guest.
    const parts = {
      1808: psw(MASK.ENABLED_WAIT, 0x99),
      [LOWCORE.RESTART_NEW_PSW]: psw(MASK.PLAIN, 0x3_0000),
      196608: code(DONE),
    };
    const end = monitor(guest([load(4, 1), sigp(2, 4, 6), WAIT], parts, 7), { cpus: 2 }).run();
    expect(end).toEqual({ kind: 'disabled-wait', cpu: 1, address: 7n });
  });

  it('a waiting CPU is restarted by one with a later turn', () => {
    const parts = {
      1808: psw(MASK.ENABLED_WAIT, 0x99),
      196608: code(load(4, 0), sigp(2, 4, 6), lpswe(0x710)),
      262144: code(DONE),
      [LOWCORE.RESTART_NEW_PSW]: psw(MASK.PLAIN, 0x4_0000),
    };
    const one = monitor(guest([lpswe(0x710)], parts, 7), { cpus: 2 });
    const [, second] = one.vm.vcpus;
    if (!second) throw new Error('no second CPU');
    second.setPsw(MASK.PLAIN, 0x3_0000n);
    second.stopped = false;
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: 7n });
  });

  it('a wait for I/O is not ended by an external call', () => {
    const parts = { 1808: psw(0x0202_0001_8000_0000n, 0x99) };
    const one = monitor(guest([load(4, 0), sigp(2, 4, 2), lpswe(0x710)], parts));
    one.vm.vcpus[0]?.block.set64(0x100, 0x2000n);
    expect(one.run(1_000_000)).toEqual({ kind: 'idle', address: 0x99n });
  });

  it.each([[[730_000]], [[1, 99_999, 100_000, 150_000, 380_000]], [[200_000, 530_000]]])(
    'one CPU has a turn that does not depend on how its run is divided: %j',
    (parts) => {
      const one = monitor(guest([jump(0)]));
      for (const units of parts) one.run(units);
      expect(one.save().turn).toBe(70_000);
    },
  );

  it('take turns', () => {
    const parts = { 196608: code(jump(0)), [LOWCORE.RESTART_NEW_PSW]: psw(MASK.PLAIN, 0x3_0000) };
    const one = monitor(guest([load(4, 1), sigp(2, 4, 6), jump(0)], parts), { cpus: 2 });
    expect(one.run(400_000)).toEqual({ kind: 'limit' });
    expect(one.vm.vcpus.map(({ block }) => block.pswAddress)).toEqual([BigInt(START + 16), 0x3_0000n]);
  });
});

describe('CPUs of a guest that end', () => {
  /** CPU 0 restarts CPU 1 at 0x30000, and then executes `first`; CPU 1 executes `second`. */
  const two = (first: number[][], second: number[][], parts: Record<number, Uint8Array> = {}) =>
    monitor(
      guest([load(4, 1), sigp(2, 4, 6), ...first], {
        [LOWCORE.RESTART_NEW_PSW]: psw(MASK.PLAIN, 0x3_0000),
        1808: psw(MASK.ENABLED_WAIT, 0x99),
        1824: psw(MASK.DISABLED_WAIT, 5),
        1840: psw(MASK.DISABLED_WAIT, 6),
        196608: code(...second),
        ...parts,
      }),
      { cpus: 2 },
    );
  const IDLE = lpswe(0x710);
  const FIVE = lpswe(0x720);
  const SIX = lpswe(0x730);
  /** Some hundred thousand instructions: LLILF 5 with a count, then BRCT on itself. */
  const long = [load(5, 300_000), [0xa7, 0x56, 0x00, 0x00]];
  /** Stops the CPU that executes it, whose address is in register 4. */
  const stopSelf = (address: number) => [load(4, address), sigp(2, 4, 5), jump(0)];

  it.each([
    [
      'one at 0, the other later at 5',
      [DONE],
      [...long, FIVE],
      { kind: 'disabled-wait', cpu: 1, address: 5n },
    ],
    [
      'one at 5, the other later at 0',
      [FIVE],
      [...long, DONE],
      { kind: 'disabled-wait', cpu: 0, address: 5n },
    ],
    [
      'one at 5, the other later at 6',
      [FIVE],
      [...long, SIX],
      { kind: 'disabled-wait', cpu: 1, address: 6n },
    ],
    ['both at 0: the last', [...long, ...long, DONE], [DONE], { kind: 'disabled-wait', cpu: 0, address: 0n }],
    ['one at 0, the other waits for nothing', [DONE], [IDLE], { kind: 'disabled-wait', cpu: 0, address: 0n }],
    ['one at 5, the other is stopped', [FIVE], stopSelf(1), { kind: 'disabled-wait', cpu: 0, address: 5n }],
    [
      'one stops itself, the other is at 0',
      stopSelf(0),
      [DONE],
      { kind: 'disabled-wait', cpu: 1, address: 0n },
    ],
    ['both stop themselves', stopSelf(0), stopSelf(1), { kind: 'stopped' }],
    ['one stops itself, the other waits for nothing', stopSelf(0), [IDLE], { kind: 'idle', address: 0x99n }],
  ] as [string, number[][], number[][], object][])('%s', (_, first, second, end) => {
    const one = two(first, second);
    expect(one.run()).toEqual(end);
    // The end is reported again.
    expect(one.run()).toEqual(end);
  });

  it('a disabled wait does not stop the other CPU, and can be ended by a restart', () => {
    // CPU 0 waits at 5. CPU 1 continues, restarts it at 0x40000, and both end at 0.
    const parts = { 262144: code(DONE) };
    const one = two(
      [FIVE],
      [...long, load(2, 0x4_0000), stg(2, LOWCORE.RESTART_NEW_PSW + 8), load(4, 0), sigp(2, 4, 6), DONE],
      parts,
    );
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: 0n });
  });

  it('a CPU in an enabled wait is not running', () => {
    const parts = { 1856: psw(MASK.DISABLED_WAIT, 0x400) };
    // CPU 1 ends with the result of SENSE RUNNING STATUS of CPU 0 as the address of its PSW.
    const one = two([IDLE], [load(4, 0), load(2, 0), sigp(2, 4, 0x15), stg(2, 1856 + 8), lpswe(1856)], parts);
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 1, address: 0x400n });
  });

  it('a run is the same however it is divided', () => {
    const states = [37, 1000, 99_999, 100_001, 1 << 30].map((slice) => {
      host = new Host(new Machine({ storageSize: 64 << 20 }));
      mm = host.createMm();
      const one = two([...long, ...long, jump(0)], [...long, load(4, 0), sigp(2, 4, 3), jump(0)]);
      // Each CPU counts in register 5 or loops. All stop at the same unit of work.
      for (let left = 700_000; left > 0; left -= slice) one.run(Math.min(slice, left));
      const cpu = host.machine.cpu(0);
      return [cpu.executed, cpu.tod, ...one.vm.vcpus.flatMap(({ block, gr }) => [block.pswAddress, gr[5]])];
    });
    for (const state of states) expect(state).toEqual(states[0]);
  });
});

describe('the service signal', () => {
  /** Control register 0 enables it on each CPU; the handler of CPU n ends at n + 1. */
  const sccb = 0x5000;
  const call = [load(6, 0x0002_0001), load(7, sccb), servc(6, 7)];

  it('of a command is taken by another CPU that waits for it', () => {
    const one = monitor(
      guest([...call, ...[load(5, 1)], lpswe(0x700)], {
        [sccb]: Uint8Array.of(0x10, 0),
        [LOWCORE.EXTERNAL_NEW_PSW]: psw(MASK.DISABLED_WAIT, 3),
      }),
      { cpus: 2 },
    );
    const [first, second] = one.vm.vcpus;
    if (!first || !second) throw new Error('no CPUs');
    for (const vcpu of [first, second]) vcpu.setControl(0, 0x200n);
    first.block.pswMask = MASK.EXTERNAL;
    second.stopped = false;
    second.setPsw(MASK.ENABLED_WAIT, 0x77n);
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 1, address: 3n });
    expect([first.gr[5], first.block.pswAddress]).toEqual([1n, 0n]);
  });

  it.each([
    ['in the prefix area', 0x10_0000, true],
    ['at real 0 to 8K, which is the prefix area', 0x1000, true],
    ['at 8K', 0x2000, false],
  ])('an SCCB %s: rejected %s', (_, address, refused) => {
    const prefix = 0x10_0000;
    const one = monitor(
      guest([load(6, 0x0002_0001), load(7, address), servc(6, 7), DONE], {
        // All would be valid elsewhere: each has a length. Real 0x100000 is absolute 0 here, real 0x1000 absolute 0x101000.
        0: Uint8Array.of(0x10, 0),
        8192: Uint8Array.of(0x10, 0),
        [prefix + 0x1000]: Uint8Array.of(0x10, 0),
        [prefix + LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 9),
        [prefix + 0x700]: psw(MASK.DISABLED_WAIT, 0),
      }),
    );
    one.vm.vcpus[0]?.setPrefix(prefix);
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: refused ? 9n : 0n });
  });
});

describe('console input', () => {
  const sccb = 0x5000;
  /** Enables the ASCII console and waits for a service signal. Then it reads events and ends with the first input byte. */
  const reader = (): ElfImage =>
    guest([load(6, 0x0078_0005), load(7, sccb), servc(6, 7), lpswe(0x710)], {
      [sccb]: Uint8Array.of(0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0x40),
      [sccb + 0x1000]: Uint8Array.of(0x10, 0),
      // The first signal is that of the mask: its handler waits again. The parameter of the second has bit 31 alone.
      1808: psw(MASK.ENABLED_WAIT, 0x99),
      [LOWCORE.EXTERNAL_NEW_PSW]: psw(MASK.PLAIN, 0x3_0000),
      // CLI 131(0),1; BRC 7 to the wait.
      196608: code(
        [0x95, 0x01, 0x00, 0x83],
        [0xa7, 0x74, 0x00, 0x10],
        load(6, 0x0077_0005),
        load(7, sccb + 0x1000),
        [...servc(6, 7), 0xa7, 0xf4, 0x00, 0x04],
      ),
      // LLGC 2,sccb+0x100f; STG 2 into the PSW at 0x720; LPSWE 0x720.
      196644: code(lpswe(0x710)),
    });

  it('is delivered by a service signal, and read as an event', () => {
    const one = monitor(reader(), { input: true });
    one.vm.vcpus[0]?.setControl(0, 0x200n);
    expect(one.run()).toEqual({ kind: 'input', until: null });
    expect(one.run()).toEqual({ kind: 'input', until: null });
    expect(describeEnd({ kind: 'input', until: null })).toContain('input');
    expect(one.inputSpace).toBe(65_536);
    expect(one.input(Uint8Array.of(0x41, 0x42))).toBe(2);
    expect(one.run()).toEqual({ kind: 'input', until: null });
    expect(one.vm.readGuest(BigInt(sccb + 0x1008), 9)).toEqual(
      Uint8Array.of(0, 9, 0x1a, 0x80, 0, 0, 0, 0x41, 0x42),
    );
    one.endInput();
    expect(one.run().kind).toBe('idle');
    expect(one.vm.readGuest(BigInt(sccb + 0x1008), 8)).toEqual(Uint8Array.of(0, 8, 0x1a, 0x80, 0, 0, 0, 4));
  });

  it('does not wake a guest that has enabled no console', () => {
    const image = guest([lpswe(0x710)], { 1808: psw(MASK.ENABLED_WAIT, 0x99) });
    expect(monitor(image, { input: true }).run()).toEqual({ kind: 'idle', address: 0x99n });
  });

  it('is requested once before the clock is moved', () => {
    const one = monitor(reader(), { input: true });
    const vcpu = one.vm.vcpus[0];
    if (!vcpu) throw new Error('no CPU');
    vcpu.setControl(0, 0x600n);
    vcpu.block.set64(SIE.CPU_TIMER, 1n << 40n);
    const asked = one.run();
    expect(asked).toEqual({ kind: 'input', until: expect.any(BigInt) });
    expect(host.machine.clock.tod).toBeLessThan(1n << 40n);
    // Without input, the clock moves to the interruption. Its handler here waits again, with the timer due.
    expect(one.run(1000).kind).not.toBe('idle');
    expect(host.machine.clock.tod).toBeGreaterThan(1n << 40n);
  });
});

describe('devices that interrupt on their own', () => {
  /** A guest that waits, enabled for I/O interruptions and for the CPU timer. */
  function waiting(timer: bigint | null) {
    const image = guest([lpswe(0x710)], { 1808: psw(MASK.ENABLED_WAIT | PSW.IO, 0x99) });
    const one = monitor(image, { devices: [], realTime: true });
    const vcpu = one.vm.vcpus[0];
    if (!vcpu) throw new Error('no CPU');
    vcpu.setControl(6, 0xff00_0000n);
    vcpu.setControl(0, timer === null ? 0n : 0x400n);
    if (timer !== null) vcpu.block.set64(SIE.CPU_TIMER, timer);
    return { one, vcpu };
  }

  it('make the caller move the clock', () => {
    const { one } = waiting(1n << 40n);
    const asked = one.run();
    const { clock } = host.machine;
    const tod = clock.tod;
    // Asked again, the monitor waits as before.
    expect(one.run()).toEqual(asked);
    expect(clock.tod).toBe(tod);
    if (asked.kind !== 'input' || asked.until === null) throw new Error(asked.kind);
    clock.skipTo(asked.until);
    // The handler of the interruption is at address 0 here.
    expect(one.run(1000).kind).not.toBe('input');
  });

  it('may wake a guest without clocks, but none that is disabled', () => {
    const { one, vcpu } = waiting(null);
    expect(one.run()).toEqual({ kind: 'input', until: null });
    expect(one.run()).toEqual({ kind: 'input', until: null });
    vcpu.setControl(6, 0n);
    expect(one.run()).toEqual({ kind: 'idle', address: 0x99n });
  });
});

describe('STORE SYSTEM INFORMATION', () => {
  const text = (page: Uint8Array, at: number, length: number) => fromEbcdic(page.subarray(at, at + length));
  /** Returns the page that the instruction stores, or null for condition code 3. */
  function stored(fc: number, sel1: number, sel2: number): Uint8Array | null {
    const image = guest([
      load(0, fc * 0x1000_0000 + sel1),
      load(1, sel2),
      load(2, 0x4_0000),
      s(0xb27d, 0, 2),
      jump(0),
    ]);
    const one = monitor(image, { cpus: 3 });
    one.run(100);
    const vcpu = one.vm.vcpus[0];
    const cc = Number(((vcpu?.block.pswMask ?? 0n) >> 44n) & 3n);
    const page = one.vm.readGuest(0x4_0000n, 4096);
    one.destroy();
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect([0, 3]).toContain(cc);
    return cc === 3 ? null : page;
  }
  const halves = (page: Uint8Array, ...at: number[]) =>
    at.map((offset) => new DataView(page.buffer, page.byteOffset).getUint16(offset));

  it('describes machine, partition and virtual machine', () => {
    const machine = stored(1, 1, 1) as Uint8Array;
    expect([text(machine, 32, 16), text(machine, 48, 4)]).toEqual(['IBM             ', '2817']);
    expect(halves(stored(1, 2, 1) as Uint8Array, 102)).toEqual([0]);
    expect(halves(stored(1, 2, 2) as Uint8Array, 36, 38, 40, 42)).toEqual([3, 3, 0, 0]);
    expect(halves(stored(2, 2, 1) as Uint8Array, 100, 102)).toEqual([0, 0]);
    const partition = stored(2, 2, 2) as Uint8Array;
    expect([...halves(partition, 36, 38), text(partition, 44, 8)]).toEqual([3, 3, 'GUEST   ']);
    const guestInfo = stored(3, 2, 2) as Uint8Array;
    expect([text(guestInfo, 44, 8), text(guestInfo, 56, 16)]).toEqual(['KVMguest', 'KVM/Linux       ']);
  });

  it.each([
    [1, 1, 2],
    [1, 3, 1],
    [2, 1, 1],
    [2, 2, 3],
    [3, 1, 1],
    [4, 1, 1],
    [15, 1, 2],
  ])('has no information for %i.%i.%i', (fc, sel1, sel2) => {
    expect(stored(fc, sel1, sel2)).toBeNull();
  });
});

describe('DIAGNOSE 0x308', () => {
  const SHORT_PSW = Uint8Array.of(0, 0x08, 0, 0, 0x80, 0x03, 0, 0);
  /** Executes DIAGNOSE 0x308 with register 2 or 3 as address. Returns register 3 or 4, or the exception. */
  function diagnosed(subcode: bigint, address: bigint, r1 = 2, one?: Monitor): bigint | string {
    const image = guest([load(r1, address), load(5, subcode), diag(r1, 5, 0x308), DONE], {
      [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 0xbad),
    });
    const fresh = one ?? monitor(image);
    const vcpu = fresh.vm.vcpus[0];
    if (!vcpu) throw new Error('no CPU');
    if (one) {
      for (const { address: at, bytes } of image.segments) one.vm.writeGuest(at, bytes);
      vcpu.setPsw(MASK.PLAIN, BigInt(START));
    }
    fresh.run();
    if (vcpu.block.pswAddress !== 0xbadn) return vcpu.gr[r1 + 1] as bigint;
    return `0x${(fresh.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE) + 1n, 1)[0] as number).toString(16)}`;
  }

  it.each([
    [5n, 0x5000n, 3, '0x6'],
    [6n, 0x5000n, 3, '0x6'],
    [5n, 0x5008n, 2, '0x6'],
    [6n, 0x5008n, 2, '0x6'],
    [5n, 1n << 40n, 2, '0x5'],
    [6n, 1n << 40n, 2, '0x5'],
    [2n, 0x5000n, 2, '0x6'],
    [7n, 0x5000n, 2, '0x6'],
    [0x1_0001n, 0x5000n, 2, '0x6'],
    [0xffff_ffff_ffff_ffffn, 0x5000n, 2, '0x6'],
    [5n, 0x5000n, 2, 0x402n],
    [6n, 0x5000n, 2, 0x102n],
  ])('subcode %i of 0x%x in register %i: %s', (subcode, address, r1, expected) => {
    expect(diagnosed(subcode, address, r1)).toBe(expected);
  });

  it.each([
    [200, 2, 1n],
    [199, 2, 0x402n],
    [384, 0, 1n],
    [383, 0, 0x402n],
    [4096, 0, 1n],
    [4097, 0, 0x402n],
    [4096, 9, 0x402n],
  ])('5 sets and 6 stores parameters of %i bytes and kind %i: 0x%x', (length, kind, expected) => {
    const one = monitor(guest([DONE]));
    const block = new Uint8Array(4096).fill(0xaa);
    new DataView(block.buffer).setUint32(0, length);
    block[12] = kind;
    one.vm.writeGuest(0x6000n, block);
    expect(diagnosed(5n, 0x6000n, 2, one)).toBe(expected);
    expect(diagnosed(6n, 0x8000n, 2, one)).toBe(expected === 1n ? 1n : 0x102n);
    if (expected !== 1n) return;
    const stored = one.vm.readGuest(0x8000n, 4096);
    expect(stored.subarray(0, length)).toEqual(block.subarray(0, length));
    expect(stored.subarray(length).every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    [0n, 0n],
    [1n, 0x77n],
  ])('%i resets CPUs and subsystem, and loads the short PSW at absolute 0', (subcode, kept) => {
    const one = monitor(
      guest([load(7, 0x77), load(5, subcode), diag(2, 5, 0x308)], { 0: SHORT_PSW, 196608: code(DONE) }),
      { cpus: 2 },
    );
    const [first, second] = one.vm.vcpus;
    if (!first || !second) throw new Error('no CPUs');
    second.stopped = false;
    second.setPsw(MASK.ENABLED_WAIT, 0x55n);
    second.gr[7] = 0x77n;
    second.setControl(3, 3n);
    second.local.emergencySignal(0);
    first.setControl(3, 3n);
    one.vm.floating.serviceSignal(0x5000);
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: 0n });
    expect([first.gr[7], first.control(3)]).toEqual([kept, 0n]);
    expect([second.gr[7], second.control(3), second.stopped]).toEqual([kept, subcode === 0n ? 0n : 3n, true]);
    expect([second.local.empty, one.vm.floating.empty]).toEqual([true, true]);
    // A CPU reset keeps the PSW.
    expect(second.block.pswAddress).toBe(subcode === 0n ? 0n : 0x55n);
  });

  it('with a PSW at 0 that is not short loads an invalid one', () => {
    const one = monitor(
      guest([load(5, 1), diag(2, 5, 0x308)], {
        0: Uint8Array.of(0, 0, 0, 0, 0x80, 0x03, 0, 0),
        [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 0xbad),
      }),
    );
    expect(one.run()).toMatchObject({ kind: 'disabled-wait', address: 0xbadn });
  });

  it('does not change the guest if its process has no memory at 0', () => {
    const one = monitor(guest([load(7, 0x77), load(5, 0), diag(2, 5, 0x308)], { 196608: code(DONE) }));
    one.vm.vcpus[0]?.setPrefix(0x10_0000);
    one.run(4);
    mm.munmap({ address: HOME, length: 4096n });
    expect(one.run()).toMatchObject({ kind: 'memory-fault', gpa: 0n });
    expect(one.vm.vcpus[0]?.gr[7]).toBe(0x77n);
    mm.mmap({ address: HOME, length: 4096n });
    one.vm.writeGuest(0n, SHORT_PSW);
    one.vm.writeGuest(0x700n, psw(MASK.DISABLED_WAIT, 0));
    expect(one.run()).toMatchObject({ kind: 'disabled-wait', address: 0n });
  });
});

describe('DIAGNOSE', () => {
  it('is passed to the option of the monitor', () => {
    const codes: number[] = [];
    const diagnose = (which: number) => codes.push(which) > 0;
    const one = monitor(guest([load(5, 0x1_0000), diag(2, 3, 0x600), diag(2, 3, 0x5ff, 5), DONE]), {
      diagnose,
    });
    expect(one.run().kind).toBe('disabled-wait');
    expect(codes).toEqual([0x600, 0x5ff]);
  });

  it('0x500: every virtio hypercall is unknown', () => {
    const one = monitor(guest([load(1, 3), load(2, 7), diag(2, 3, 0x500), DONE]));
    expect(one.run()).toMatchObject({ kind: 'disabled-wait', address: 0n });
    expect(BigInt.asIntN(64, one.vm.vcpus[0]?.gr[2] as bigint)).toBe(-22n);
  });

  it('that is not handled is a specification exception; other unknown instructions are operation exceptions', () => {
    const parts = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 0xbad) };
    const one = monitor(guest([diag(2, 3, 0x600)], parts));
    expect(one.run()).toMatchObject({ address: 0xbadn });
    expect(one.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)).toEqual(Uint8Array.of(0, PGM.SPECIFICATION));
  });

  it('that is the target of EXECUTE is rejected with the length of EXECUTE', () => {
    const parts = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 0xbad) };
    const one = monitor(guest([exrl(0, 10), DONE, diag(2, 3, 0x600)], parts));
    expect(one.run()).toMatchObject({ address: 0xbadn });
    const stored = one.vm.readGuest(BigInt(LOWCORE.PROGRAM_ILC), 4);
    expect(stored).toEqual(Uint8Array.of(0, 6, 0, PGM.SPECIFICATION));
  });
});

describe('called at the wrong time or with a wrong limit', () => {
  it('runs once at a time: its console and its callbacks cannot run it', () => {
    const codes: string[] = [];
    const again = () => {
      codes.push(
        codeOf(() => running.run()),
        codeOf(() => running.destroy()),
      );
      return false;
    };
    const write = (text: string) => {
      said += text;
      again();
    };
    const running = monitor(example('hello'), { console: { write } });
    expect(running.run(Infinity, again)).toMatchObject({ kind: 'disabled-wait', address: 0n });
    expect(said).toContain('Hello from a guest!');
    expect(new Set(codes)).toEqual(new Set(['EBUSY']));
  });

  it.each([0, -1, 1.5, Number.NaN, '5' as never, null as never])('run(%s) is EINVAL', (limit) => {
    expect(codeOf(() => monitor(example('hello')).run(limit))).toBe('EINVAL');
  });

  it('after `destroy` it is EBADF', () => {
    const ended = monitor(example('hello'));
    ended.destroy();
    expect([() => ended.run(), () => ended.destroy()].map(codeOf)).toEqual(['EBADF', 'EBADF']);
  });
});

it.each([
  ['options', () => null],
  ['image', (one) => ({ ...one, image: 5 })],
  ['segments', (one) => ({ ...one, image: { entry: 0n, segments: 'x' } })],
  ['maps', (one) => ({ ...one, maps: {} })],
  ['length', (one) => ({ ...one, maps: [{ from: 0n, to: 0n, length: 5 }] })],
  ['console.write', (one) => ({ ...one, console: {} })],
  ['cpus', (one) => ({ ...one, cpus: 249 })],
  ['input', (one) => ({ ...one, input: 'yes' })],
  ['diagnose', (one) => ({ ...one, diagnose: {} })],
  ['arguments', (one) => ({ ...one, arguments: 5 })],
] as [string, (good: MonitorOptions) => unknown][])('%s of the wrong type: EINVAL', (name, wrong) => {
  const good = { image: guest([DONE]), maps: [mapped(MIB)], console: { write: () => {} } };
  let message = 'made';
  const before = frameCounts(host);
  expect(codeOf(() => new Monitor(host, mm, wrong(good) as MonitorOptions))).toBe('EINVAL');
  try {
    new Monitor(host, mm, wrong(good) as MonitorOptions);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain(name);
  expect(frameCounts(host)).toEqual(before);
});

it('a monitor requires a host, and bytes as input', () => {
  const options = { image: guest([DONE]), maps: [mapped(MIB)], console: { write: () => {} } };
  expect(codeOf(() => new Monitor({} as Host, mm, options))).toBe('EINVAL');
  expect(codeOf(() => new Monitor(host, mm, options).input('x' as never))).toBe('EINVAL');
});

it('arguments need memory at their address', () => {
  const image = guest([DONE]);
  const start = image.segments.find(
    ({ address }) => address === BigInt(START),
  ) as ElfImage['segments'][number];
  mm.mmap({ address: HOME, length: MIB });
  const high = { entry: MIB, segments: [{ ...start, address: MIB }] };
  const maps = [{ from: HOME, to: MIB, length: MIB }];
  expect(refusal(high, { maps, arguments: 'a' })).toContain('no memory for its arguments');
});

it('input that comes while the example reads the last one is not lost', () => {
  const one = monitor(example('echo'), { maps: [mapped(1n * MIB)], input: true });
  const executed = () => host.machine.cpu(0).executed;
  const toInput = () => expect(one.run(1_000_000).kind).toBe('input');
  toInput();
  const start = executed();
  one.input(Buffer.from('a\n'));
  toInput();
  const total = executed() - start;
  // The last instructions before it waits again: among them are the command that finds nothing, and its signal.
  for (let rest = 1; rest <= 120; rest++) {
    one.input(Buffer.from('a\n'));
    one.run(total - rest);
    said = '';
    one.input(Buffer.from('b\n'));
    toInput();
    expect(said, `${rest} before it waits`).toBe('B\n');
  }
});
