/** A guest that is saved and restored does what it would have done otherwise. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BlockDevice,
  EntropyDevice,
  SeededBytes,
  SnapshotDisk,
  StateError,
  VirtioCcw,
} from '../devices/index.ts';
import { Host } from '../host/index.ts';
import { Machine, SIE } from '../machine/index.ts';
import { parseElf } from './elf.ts';
import type { GuestState } from './guest-state.ts';
import { type End, Monitor, type MonitorOptions } from './monitor.ts';
import { decodeValue, encodeValue } from './state-codec.ts';

const MIB = 1n << 20n;
const HOME = 256n * MIB;

/** A guest that runs an example, and what it has printed. */
function guest(name: string, options: Partial<MonitorOptions> = {}) {
  const host = new Host(new Machine({ storageSize: 64 << 20, cpus: 1 }));
  const mm = host.createMm();
  mm.mmap({ address: HOME, length: 8n * MIB });
  const printed = { text: '' };
  const image = parseElf(readFileSync(new URL(`../../examples/images/${name}.elf`, import.meta.url)));
  const monitor = new Monitor(host, mm, {
    image,
    maps: [{ from: HOME, to: 0n, length: 8n * MIB }],
    console: { write: (text) => void (printed.text += text) },
    ...options,
  });
  return { host, monitor, printed };
}

/** What can be seen of a guest. */
function seen({ host, monitor }: ReturnType<typeof guest>) {
  const { memory, ...rest } = monitor.save();
  const keys = memory.map(({ keys }) => keys && [...keys].map((key) => key & 0xf8));
  return {
    ...rest,
    keys,
    memory: memory.map(({ bytes }) => Buffer.from(bytes).toString('base64')),
    tod: host.machine.cpu(0).machineTod,
  };
}

/** Saves a guest as a file has it, and restores it into a new one. */
function moved(from: Monitor, name: string, options: Partial<MonitorOptions> = {}) {
  const to = guest(name, options);
  to.monitor.restore(decodeValue(encodeValue(from.save())));
  return to;
}

const runs = [
  ['hello', { arguments: 'world' }, ''],
  ['numbers', {}, ''],
  ['exceptions', {}, ''],
  ['memory', {}, ''],
  ['paging', {}, ''],
  ['clock', { cpus: 3 }, ''],
  ['echo', {}, 'one\ntwo\n'],
] as const;

describe.each(runs)('%s', (name, options, input) => {
  /** Runs to the end. */
  const finish = (monitor: Monitor): End => {
    let end = monitor.run(2_000_000);
    if (end.kind === 'input') end = monitor.run(2_000_000);
    return end;
  };

  it('ends the same when it was saved anywhere', () => {
    const straight = guest(name, options);
    if (input !== '') straight.monitor.input(Buffer.from(input));
    const end = finish(straight.monitor);
    const total = straight.host.machine.cpu(0).executed;
    fc.assert(
      fc.property(fc.array(fc.nat(total), { minLength: 1, maxLength: 3 }), (points) => {
        let one = guest(name, options);
        if (input !== '') one.monitor.input(Buffer.from(input));
        let printed = '';
        let done = 0;
        for (const point of points.sort((a, b) => a - b)) {
          if (point > done) one.monitor.run(point - done);
          done = Math.max(point, done);
          printed += one.printed.text;
          one = moved(one.monitor, name, options);
        }
        expect(finish(one.monitor)).toEqual(end);
        expect(printed + one.printed.text).toBe(straight.printed.text);
        expect(seen(one)).toEqual(seen(straight));
      }),
      { numRuns: 4 },
    );
  });
});

describe('a saved guest', () => {
  const started = () => {
    const one = guest('paging');
    one.monitor.run(1000);
    return one;
  };

  it('has its devices', () => {
    const devices = () => [
      { device: new VirtioCcw(new EntropyDevice(new SeededBytes(1))), number: 2 },
      {
        device: new VirtioCcw(
          new BlockDevice(new SnapshotDisk({ size: 4096, read: (_, length) => new Uint8Array(length) })),
        ),
        number: 16,
      },
    ];
    const one = guest('hello', { devices: devices() });
    one.monitor.run(100);
    const other = moved(one.monitor, 'hello', { devices: devices() });
    expect(other.monitor.save().channels).toEqual(one.monitor.save().channels);
    const fewer = guest('hello', { devices: devices().slice(1) });
    expect(() => fewer.monitor.restore(one.monitor.save())).toThrow('4 devices are saved, and 3 attached');
    expect(() => guest('hello').monitor.restore(one.monitor.save())).toThrow(StateError);
  });

  it('keeps what is pending', () => {
    const one = guest('hello', { cpus: 2 });
    const [first, second] = one.monitor.vm.vcpus;
    first?.local.emergencySignal(1);
    first?.local.externalCall(1);
    second?.restart();
    second?.requestStop(true);
    const { floating } = one.monitor.vm;
    floating.serviceSignal(9);
    floating.requestChannelReport();
    for (const isc of [3, 1]) {
      floating.io.request(0x1_0000 + isc, 7, isc);
      floating.io.requestAdapter(isc);
    }
    const other = moved(one.monitor, 'hello', { cpus: 2 });
    expect(other.monitor.save()).toEqual(one.monitor.save());
    expect(other.monitor.vm.floating.io.first(0xff00_0000)).toMatchObject({ subchannel: 0x1_0001 });
  });

  it('cannot reach the host through its state description', () => {
    const { monitor } = started();
    const before = monitor.vm.vcpus[0]?.block.get32(SIE.INTERCEPTION_CONTROLS);
    const state = monitor.save();
    const description = new Uint8Array(512).fill(0xff);
    monitor.restore({ ...state, vcpus: [{ ...state.vcpus[0], description }] });
    const block = monitor.vm.vcpus[0]?.block;
    expect(block?.get32(SIE.INTERCEPTION_CONTROLS)).toBe(before);
    expect(block?.get64(SIE.STORAGE_ORIGIN)).toBe(0n);
    expect(block?.prefix).toBe(0x7fff_e000);
  });

  it.each<[string, (state: GuestState) => object]>([
    ['another number of CPUs', (state) => ({ ...state, vcpus: [] })],
    [
      'a register of 65 bits',
      (state) => ({ ...state, vcpus: [{ ...state.vcpus[0], gr: new Array(16).fill(1n << 64n) }] }),
    ],
    ['15 registers', (state) => ({ ...state, vcpus: [{ ...state.vcpus[0], gr: new Array(15).fill(1n) }] })],
    ['no CPU', (state) => ({ ...state, vcpus: [null] })],
    [
      'a short state description',
      (state) => ({ ...state, vcpus: [{ ...state.vcpus[0], description: new Uint8Array(8) }] }),
    ],
    ['an unknown restart', (state) => ({ ...state, vcpus: [{ ...state.vcpus[0], restart: 'soon' }] })],
    [
      'a strange I/O interruption',
      (state) => ({ ...state, floating: { ...state.floating, io: [{ subchannel: -1 }] } }),
    ],
    [
      'half a page',
      (state) => ({ ...state, memory: [{ address: 0n, bytes: new Uint8Array(2048), keys: null }] }),
    ],
    [
      'too few keys',
      (state) => ({
        ...state,
        memory: [{ address: 0n, bytes: new Uint8Array(8192), keys: new Uint8Array(1) }],
      }),
    ],
    ['no SCLP', (state) => ({ ...state, sclp: null })],
    [
      'an unknown CPU model',
      (state) => ({ ...state, configuration: { ...state.configuration, cpuModel: 'z99' } }),
    ],
  ])('with %s is refused', (_, change) => {
    const { monitor } = started();
    const state = monitor.save();
    expect(() => monitor.restore(change(state))).toThrow(StateError);
    monitor.restore(state);
    expect(monitor.run(1000)).toEqual({ kind: 'limit' });
  });

  it('with memory elsewhere is refused', () => {
    const { monitor } = started();
    const state = monitor.save();
    const memory = [{ address: 64n * MIB, bytes: new Uint8Array(4096), keys: null }];
    expect(() => monitor.restore({ ...state, memory })).toThrow('guest address 0x4000000 is not backed');
  });
});

describe('values as bytes', () => {
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true }),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    ),
  })).value;

  it('are the values again', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeValue(encodeValue(value))).toEqual(value);
      }),
    );
  });

  it('that are cut or changed are values or refused', () => {
    const damage = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(values, damage, fc.nat(), (value, changes, length) => {
        const bytes = encodeValue(value).slice(0, length);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        try {
          decodeValue(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(StateError);
        }
      }),
    );
  });

  it.each([
    ['a symbol', Symbol('x'), 'a symbol cannot be saved'],
    ['a negative bigint', -1n, '-1 has more than 64 bits'],
  ])('cannot be %s', (_, value, message) => {
    expect(() => encodeValue(value)).toThrow(message);
  });

  it('end where the value ends', () => {
    expect(() => decodeValue(Uint8Array.of(0, 0))).toThrow('1 bytes too many');
  });
});
