/** I/O instructions of a guest with devices on channels. */

import { beforeEach, describe, expect, it } from 'vitest';
import { EntropyDevice, SeededBytes, VirtioCcw } from '../devices/index.ts';
import { Host } from '../host/index.ts';
import { LOWCORE, Machine, PGM } from '../machine/index.ts';
import { code, diag, ipm, load, lpswe, MASK, psw, s, stg } from '../machine/testing/index.ts';
import type { ElfImage } from './elf.ts';
import { Monitor } from './monitor.ts';

const MIB = 1n << 20n;
const HOME = 256n * MIB;
const START = 0x2_0000;
const HANDLER = 0x3_0000;
const DATA = 0x8000;
const SCHIB = 0x9000;
const ORB = 0xa000;
const CCW = 0xb000;
/** The subchannel of the entropy device: after those of the console and the balloon. */
const SCHID = 0x1_0002;
const [MSCH, SSCH, STSCH, TSCH, CSCH] = [0xb232, 0xb233, 0xb234, 0xb235, 0xb230];
/** Channel commands: SENSE ID, and one that no device has. */
const SENSE_ID = 0xe4;

let host: Host;

beforeEach(() => {
  host = new Host(new Machine({ storageSize: 64 << 20 }));
});

/** A guest of instructions that then ends. Register 9 collects condition codes: see `cc`. */
function guest(instructions: number[][], devices = true): Monitor {
  const mm = host.createMm();
  mm.mmap({ address: HOME, length: 2n * MIB });
  const orb = new Uint8Array(32);
  new DataView(orb.buffer).setUint32(4, 0x00c0_ff00);
  new DataView(orb.buffer).setUint32(8, CCW);
  const ccw = Uint8Array.of(SENSE_ID, 0x20, 0, 64, 0, 0, DATA >> 8, 0);
  const parts: Record<number, Uint8Array> = {
    1792: psw(MASK.DISABLED_WAIT, 0),
    [LOWCORE.PROGRAM_NEW_PSW]: psw(MASK.DISABLED_WAIT, HANDLER),
    [LOWCORE.IO_NEW_PSW]: psw(MASK.DISABLED_WAIT, HANDLER + 2),
    [START]: code(...instructions, lpswe(0x700)),
    [ORB]: orb,
    [CCW]: ccw,
  };
  const segments = Object.entries(parts).map(([address, bytes]) => ({
    ...{ address: BigInt(address), memorySize: BigInt(bytes.length), bytes, flags: 7 },
  }));
  const image: ElfImage = { entry: BigInt(START), segments };
  const entropy = { device: new VirtioCcw(new EntropyDevice(new SeededBytes(1))), number: 2 };
  return new Monitor(host, mm, {
    image,
    maps: [{ from: HOME, to: 0n, length: 2n * MIB }],
    console: { write: () => {} },
    ...(devices ? { devices: [entropy] } : {}),
  });
}

/** Stores the condition code as the n-th doubleword at 0x600. */
const cc = (n: number) => [ipm(9), stg(9, 0x600 + n * 8)];
const at = (address: number) => load(2, address);
const subchannel = (id = SCHID) => load(1, id);

function codes(monitor: Monitor, count: number): number[] {
  const view = new DataView(monitor.vm.readGuest(0x600n, count * 8).buffer);
  return Array.from({ length: count }, (_, n) => (view.getUint32(n * 8 + 4) >>> 28) & 3);
}
const halfword = (monitor: Monitor, address: number) =>
  new DataView(monitor.vm.readGuest(BigInt(address), 2).buffer).getUint16(0);
/** Enables the subchannel: stores its block, sets the bit and modifies it. */
const enable = [subchannel(), at(SCHIB), s(STSCH, 0, 2), [0x96, 0x80, 0x20, 0x05], s(MSCH, 0, 2)];

describe('a subchannel', () => {
  it('tells its device number, and which exist', () => {
    const monitor = guest([
      ...[subchannel(), at(SCHIB), s(STSCH, 0, 2), ...cc(0)],
      ...[subchannel(0x1_0003), s(STSCH, 0, 2), ...cc(1)],
    ]);
    expect(monitor.run()).toMatchObject({ kind: 'disabled-wait', address: 0n });
    expect(codes(monitor, 2)).toEqual([0, 3]);
    expect(halfword(monitor, SCHIB + 6)).toBe(2);
  });

  it('executes a channel program, interrupts, and has status until TSCH', () => {
    const monitor = guest([
      ...enable,
      ...[at(ORB), s(SSCH, 0, 2), ...cc(0), s(SSCH, 0, 2), ...cc(1)],
      // TPI finds the interruption.
      ...[load(3, 0xff00_0000), stg(3, 0x500), [0xeb, 0x66, 0x05, 0x00, 0x00, 0x2f], s(0xb236, 0), ...cc(2)],
      ...[at(DATA + 0x100), s(TSCH, 0, 2), ...cc(3), s(TSCH, 0, 2), ...cc(4)],
    ]);
    expect(monitor.run()).toMatchObject({ kind: 'disabled-wait', address: 0n });
    expect(codes(monitor, 5)).toEqual([0, 1, 1, 0, 1]);
    expect(halfword(monitor, LOWCORE.IO_CODE + 2)).toBe(2);
    // The sense ID: 0xff, the control unit of virtio and the number of the device's kind.
    expect([...monitor.vm.readGuest(BigInt(DATA), 4)]).toEqual([0xff, 0x38, 0x32, 4]);
  });

  it('keeps its interruption if TSCH cannot store the status', () => {
    const monitor = guest([...enable, at(ORB), s(SSCH, 0, 2), load(2, 0x7fff_0000), s(TSCH, 0, 2)]);
    expect(monitor.run()).toMatchObject({ kind: 'disabled-wait', address: BigInt(HANDLER) });
    expect(halfword(monitor, LOWCORE.PROGRAM_CODE)).toBe(PGM.ADDRESSING);
    expect(monitor.vm.floating.io.first(0xff00_0000)?.subchannel).toBe(SCHID);
  });

  it.each([
    ['STSCH', s(STSCH, 2, 2)],
    ['MSCH', s(MSCH, 2, 2)],
    ['SSCH', s(SSCH, 2, 2)],
    ['TSCH', s(TSCH, 2, 2)],
    ['STCRW', s(0xb239, 2, 2)],
    ['STCPS', s(0xb23a, 4, 2)],
    ['CHSC', [0xb2, 0x5f, 0, 0x30]],
  ])('%s has a specification exception for an operand that is not aligned', (_, instruction) => {
    const monitor = guest([subchannel(), at(SCHIB), load(3, SCHIB + 8), instruction]);
    expect(monitor.run()).toMatchObject({ address: BigInt(HANDLER) });
    expect(halfword(monitor, LOWCORE.PROGRAM_CODE)).toBe(PGM.SPECIFICATION);
  });

  it('has an operand exception for a register that names none', () => {
    const monitor = guest([load(1, 5), s(CSCH, 0)]);
    expect(monitor.run()).toMatchObject({ address: BigInt(HANDLER) });
    expect(halfword(monitor, LOWCORE.PROGRAM_CODE)).toBe(0x15);
  });

  it('does not exist without devices', () => {
    const monitor = guest([subchannel(), at(SCHIB), s(STSCH, 0, 2), ...cc(0)], false);
    monitor.run();
    expect(codes(monitor, 1)).toEqual([3]);
  });
});

describe('traffic', () => {
  it('is that of all virtio devices, by device number', () => {
    const none = { requests: 0, bytesOut: 0, bytesIn: 0 };
    expect(guest([]).traffic).toEqual([
      { number: 1, name: 'console', ...none },
      { number: 2, name: 'entropy', ...none },
      { number: 3, name: 'balloon', ...none },
    ]);
    expect(guest([], false).traffic).toEqual([]);
  });
});

describe('the hypercall', () => {
  it.each([
    ['a queue of a device', 3, SCHID, 0],
    ['no such subchannel', 3, 0x1_0009, -22],
    ['an unknown subcode', 9, SCHID, -22],
  ])('for %s', (_, subcode, id, result) => {
    const monitor = guest([load(1, subcode), load(2, id), load(3, 0), diag(0, 0, 0x500)]);
    monitor.run();
    expect(BigInt.asIntN(64, monitor.vm.vcpus[0]?.gr[2] as bigint)).toBe(BigInt(result));
  });
});

it('CHANNEL SUBSYSTEM CALL stores its response into the block', () => {
  const monitor = guest([load(3, DATA), [0xb2, 0x5f, 0, 0x30], ...cc(0)]);
  // Store channel-subsystem characteristics.
  monitor.vm.writeGuest(BigInt(DATA), Uint8Array.of(0, 16, 0, 0x10));
  monitor.run();
  expect(codes(monitor, 1)).toEqual([0]);
  expect(halfword(monitor, DATA + 16 + 2)).toBe(1);
});
