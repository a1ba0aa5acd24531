import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { Host, type Mm } from '../host/index.ts';
import { codeOf, frameCounts } from '../host/testing/index.ts';
import { EXT, LOWCORE, Machine, PGM, SIE } from '../machine/index.ts';
import { code, diag, exrl, jump, load, lpswe, MASK, psw, s, sigp, stg } from '../machine/testing/index.ts';
import { type ElfImage, ImageError, parseElf } from './elf.ts';
import { describeEnd, type MemoryMap, Monitor, type MonitorOptions } from './monitor.ts';

const MIB = 1n << 20n;
const HOME = 256n * MIB;
const START = 0x2_0000;

let host: Host;
let mm: Mm;
let said: string;

beforeEach(() => {
  host = new Host(new Machine({ storageSize: 64 << 20 }));
  mm = host.createProcess();
  said = '';
});

const example = (name: string) =>
  parseElf(readFileSync(new URL(`../../examples/images/${name}.elf`, import.meta.url)));
/** An image of code at START and of other parts, which ends at `status` where it says `lpswe(0x700)`. */
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
/** Memory of the process at HOME, seen by the guest from 0 on. */
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
/** What making one ends with; nothing of it is left. */
function refusal(image: ElfImage, options: Partial<MonitorOptions>): string {
  const before = [frameCounts(host)['gmap-table'], frameCounts(host).kernel, mm.guests.size];
  let message = 'made';
  try {
    monitor(image, options);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    message = error.message;
  }
  expect([frameCounts(host)['gmap-table'], frameCounts(host).kernel, mm.guests.size]).toEqual(before);
  expect(message).not.toContain('\n');
  return message;
}

describe('an image', () => {
  it('is loaded and runs; its console is ours', () => {
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

  it('must lie in guest memory', () => {
    const maps = [mapped(2n * MIB)];
    const beyond = guest([DONE], { 2097144: new Uint8Array(16) });
    expect(refusal(beyond, { maps })).toMatch(/0x/);
    expect(refusal(guest([DONE]), { maps: [{ ...(maps[0] as MemoryMap), to: MIB }] })).toMatch(/0x/);
  });

  it('may lie across two maps', () => {
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

  it('that cannot be are said', () => {
    const map = mapped(2n * MIB);
    expect(codeOf(() => monitor(guest([DONE]), { maps: [map, map] }))).toBe('EEXIST');
    expect(codeOf(() => monitor(guest([DONE]), { maps: [{ ...map, to: 5n }] }))).toBe('EINVAL');
    expect(refusal(guest([DONE]), { maps: [{ ...map, from: 4n << 40n }] })).toContain('beyond 4 TiB');
    expect(mm.guests.size).toBe(0);
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

  it('memory fault: goes on when the process has the memory again', () => {
    const one = monitor(guest([load(2, MIB), stg(1, 0, 2), DONE]));
    mm.munmap(HOME + MIB, MIB);
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

  it('idle: an enabled wait that nothing can end', () => {
    const end = monitor(guest([lpswe(0x710)], { 1808: psw(MASK.ENABLED_WAIT, 0x99) })).run();
    expect(end).toEqual({ kind: 'idle', address: 0x99n });
    expect(describeEnd(end)).toContain('waits at 0x99');
  });

  it('reset', () => {
    const end = monitor(guest([load(2, 3), diag(0, 2, 0x308)])).run();
    expect(end).toEqual({ kind: 'reset' });
    expect(describeEnd(end)).toContain('reset');
  });

  it('stopped: every CPU has stopped itself', () => {
    const end = monitor(guest([load(4, 0), sigp(2, 4, 5), DONE]), { cpus: 2 }).run();
    expect(end).toEqual({ kind: 'stopped' });
    expect(describeEnd(end)).toContain('stopped');
  });

  it('unhandled: what the host cannot enter', () => {
    const one = monitor(guest([DONE]));
    one.vm.vcpus[0]?.block.set32(0, 0);
    const end = one.run();
    expect(end).toMatchObject({ kind: 'unhandled', what: 'validity interception 0x1' });
    expect(describeEnd(end)).toContain('not implemented');
  });

  it('limit: and the guest goes on', () => {
    const one = monitor(guest([load(1, 1), load(2, 2), load(3, 3), DONE]));
    const end = one.run(4);
    expect(end).toEqual({ kind: 'limit' });
    expect(describeEnd(end)).toContain('limit');
    expect(one.run().kind).toBe('disabled-wait');
  });

  it('limit or an external loop: for guests that never execute an instruction, or only one that is refused', () => {
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
      mm.munmap(HOME, 2n * MIB);
      one = monitor(guest([lpswe(0x710)], again));
      one.vm.vcpus[0]?.block.set64(SIE.CONTROL_REGISTERS, 0x400n);
      one.vm.vcpus[0]?.block.set64(SIE.CPU_TIMER, timer);
      expect(one.run(300_000)).toMatchObject({ kind: 'external-loop', cpu: 0, code: EXT.CPU_TIMER });
    }
    one.destroy();
    const again = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.PLAIN, START) };
    for (const instruction of [diag(2, 3, 0x999), s(0xb220, 0), s(0xb202, 1), s(0xb27d, 1)]) {
      mm.munmap(HOME, 2n * MIB);
      const other = monitor(guest([instruction], again));
      expect(['limit', 'program-loop']).toContain(other.run(5000).kind);
      other.destroy();
    }
  });

  it('ENOMEM is thrown, and the guest goes on', () => {
    const one = monitor(guest([load(2, MIB), stg(1, 0, 2), DONE]));
    one.run(1);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => one.run())).toBe('ENOMEM');
    expect(one.run()).toEqual({ kind: 'disabled-wait', cpu: 0, address: 0n });
  });

  it('ENOMEM while it is made leaves nothing', () => {
    const maps = [mapped(2n * MIB)];
    monitor(guest([DONE]), { maps }).destroy();
    mm.dontNeed(HOME, 2n * MIB);
    for (let n = 1; ; n++) {
      host.kernel.frames.failIn(n);
      const result = codeOf(() => monitor(guest([DONE]), { maps, cpus: 2 }));
      const fired = host.kernel.frames.failing === 0;
      host.kernel.frames.failIn(0);
      if (!fired) break;
      expect(result).toBe('ENOMEM');
      expect([frameCounts(host)['gmap-table'], frameCounts(host).kernel, mm.guests.size]).toEqual([0, 0, 0]);
      mm.dontNeed(HOME, 2n * MIB);
    }
  });
});

describe('a wait', () => {
  it('is ended by the CPU timer alone', () => {
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

  it('a CPU that waits is restarted by one whose turn came later', () => {
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

  it('a wait for I/O only is not ended by an external call', () => {
    const parts = { 1808: psw(0x0202_0001_8000_0000n, 0x99) };
    const one = monitor(guest([load(4, 0), sigp(2, 4, 2), lpswe(0x710)], parts));
    one.vm.vcpus[0]?.block.set64(0x100, 0x2000n);
    expect(one.run(1_000_000)).toEqual({ kind: 'idle', address: 0x99n });
  });

  it('take turns', () => {
    const parts = { 196608: code(jump(0)), [LOWCORE.RESTART_NEW_PSW]: psw(MASK.PLAIN, 0x3_0000) };
    const one = monitor(guest([load(4, 1), sigp(2, 4, 6), jump(0)], parts), { cpus: 2 });
    expect(one.run(400_000)).toEqual({ kind: 'limit' });
    expect(one.vm.vcpus.map(({ block }) => block.pswAddress)).toEqual([BigInt(START + 16), 0x3_0000n]);
  });
});

describe('DIAGNOSE', () => {
  it('is offered to whoever made the monitor', () => {
    const codes: number[] = [];
    const diagnose = (which: number) => codes.push(which) > 0;
    const one = monitor(guest([load(5, 0x1_0000), diag(2, 3, 0x600), diag(2, 3, 0x5ff, 5), DONE]), {
      diagnose,
    });
    expect(one.run().kind).toBe('disabled-wait');
    expect(codes).toEqual([0x600, 0x5ff]);
  });

  it('that nobody handles is a specification exception; other unknown instructions are operation exceptions', () => {
    const parts = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 0xbad) };
    const one = monitor(guest([diag(2, 3, 0x600)], parts));
    expect(one.run()).toMatchObject({ address: 0xbadn });
    expect(one.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2)).toEqual(Uint8Array.of(0, PGM.SPECIFICATION));
  });

  it('that EXECUTE leads to is refused with the length of that', () => {
    const parts = { [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, 0xbad) };
    const one = monitor(guest([exrl(0, 10), DONE, diag(2, 3, 0x600)], parts));
    expect(one.run()).toMatchObject({ address: 0xbadn });
    const stored = one.vm.readGuest(BigInt(LOWCORE.PROGRAM_LENGTH - 1), 4);
    expect(stored).toEqual(Uint8Array.of(0, 6, 0, PGM.SPECIFICATION));
  });
});
