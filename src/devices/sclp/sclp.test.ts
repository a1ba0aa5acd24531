import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { GuestAddressError, type GuestMemory } from '../memory.ts';
import { fromEbcdic, toEbcdic } from './ebcdic.ts';
import { type ConsoleKind, Sclp } from './sclp.ts';
import { toUtf8 } from './utf8.ts';

const MIB = 0x100000;
const SCCB = 0x5000n;
const READ_SCP = 0x00020001;
const READ_CPUS = 0x00010001;
const READ_EVENT = 0x00770005;
const WRITE_EVENT = 0x00760005;
const WRITE_MASK = 0x00780005;
const ASCII = 0x40;
const OPERATOR = 0x80000000;

/** 1 MiB of memory that records which bytes were stored. */
class Memory implements GuestMemory {
  readonly bytes = new Uint8Array(MIB);
  lowest = MIB;
  highest = -1;

  read(address: bigint, length: number): Uint8Array {
    const at = this.#check(address, length);
    return this.bytes.slice(at, at + length);
  }

  write(address: bigint, bytes: Uint8Array): void {
    const at = this.#check(address, bytes.length);
    this.lowest = Math.min(this.lowest, at);
    this.highest = Math.max(this.highest, at + bytes.length - 1);
    this.bytes.set(bytes, at);
  }

  #check(address: bigint, length: number): number {
    if (address < 0n || address + BigInt(length) > BigInt(MIB)) throw new GuestAddressError(address, length);
    return Number(address);
  }
}

let memory: Memory;
let output: string;
/** The consoles, with their output. */
let written: Set<ConsoleKind>;
let sclp: Sclp;
let view: DataView;

function makeSclp(memoryBytes = 64n << 20n, cpus = 1): Sclp {
  return new Sclp({
    memoryBytes,
    cpus,
    console: {
      write: (text, which) => {
        output += text;
        written.add(which);
      },
    },
  });
}

beforeEach(() => {
  memory = new Memory();
  view = new DataView(memory.bytes.buffer, Number(SCCB), 4096);
  output = '';
  written = new Set();
  sclp = makeSclp();
});

const type = (text: string): number => sclp.input(toUtf8(text));

/** Stores an SCCB with a header and executes a command on it. Returns the response code. */
function call(command: number, data: readonly number[] | Uint8Array, length = 8 + data.length): number {
  const at = Number(SCCB);
  memory.bytes.fill(0, at, at + 4096);
  view.setUint16(0, length);
  memory.bytes.set(data, at + 8);
  expect(sclp.service(command, SCCB, memory, 0n)).toEqual({ cc: 0 });
  return view.getUint16(6);
}

function half(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function word(value: number): number[] {
  return [...half(value >>> 16), ...half(value)];
}

function event(type: number, data: ArrayLike<number>): number[] {
  return [...half(6 + data.length), type, 0, 0, 0, ...Array.from(data)];
}

/** Returns a message data block with objects, each of a type and data. */
function messageBlock(...objects: readonly (readonly [number, ArrayLike<number>])[]): number[] {
  const body = objects.flatMap(([type, data]) => [
    ...half(4 + data.length),
    ...half(type),
    ...Array.from(data),
  ]);
  return [...half(12 + body.length), ...half(1), ...toEbcdic('MDB '), ...word(1), ...body];
}

function textObject(text: string): readonly [number, number[]] {
  return [4, [0x10, 0, 0, 0, 0, 0, ...toEbcdic(text)]];
}

/** Enables events of the guest. */
function listen(mask: number): void {
  expect(call(WRITE_MASK, [0, 0, ...half(4), ...word(mask), ...word(0), ...word(0), ...word(0)])).toBe(0x20);
  sclp.takeSignal();
}

function readEvents(functionCode = 0, mask = 0): number {
  const at = Number(SCCB);
  memory.bytes.fill(0xee, at + 8, at + 4096);
  view.setUint16(0, 4096);
  view.setUint8(2, functionCode);
  view.setUint8(5, 0x80);
  view.setUint32(8, mask);
  expect(sclp.service(READ_EVENT, SCCB, memory, 0n)).toEqual({ cc: 0 });
  return view.getUint16(6);
}

it('does nothing if the response cannot be stored', () => {
  class ReadOnly extends Memory {
    override write(address: bigint, bytes: Uint8Array): never {
      throw new GuestAddressError(address, bytes.length);
    }
  }
  const readOnly = new ReadOnly();
  const data = event(0x1a, [0x68, 0x69]);
  readOnly.bytes.set([...half(8 + data.length), 0, 0, 0, 0, 0, 0, ...data], Number(SCCB));
  expect(sclp.service(WRITE_EVENT, SCCB, readOnly, 0n)).toEqual({ program: 0x05 });
  expect([output, sclp.takeSignal()]).toEqual(['', null]);
});

describe('the constructor', () => {
  it.each([0n, -(1n << 20n), 1n, (1n << 20n) + 1n])('rejects %s bytes of memory', (bytes) => {
    expect(() => makeSclp(bytes)).toThrow(RangeError);
  });

  it.each([0, 249, 1.5, Number.NaN])('rejects %s CPUs', (cpus) => {
    expect(() => makeSclp(1n << 20n, cpus)).toThrow(RangeError);
  });
});

describe('the SCCB address', () => {
  const at = (sccb: bigint, prefix = 0n) => sclp.service(READ_SCP, sccb, memory, prefix);

  it.each([0n, 8n, 0x1000n, 0x1ff8n, 0x1fffn])(
    '0x%x is in the lowcore: a specification exception',
    (sccb) => {
      expect(at(sccb)).toEqual({ program: 6 });
      expect(at(sccb, 0x8000n)).toEqual({ program: 6 });
    },
  );

  it('is not in the prefix area', () => {
    // Each would be valid elsewhere: it has a length.
    for (const address of [0x8000, 0x9ff8]) memory.bytes.set([0, 8], address);
    expect(at(0x8000n, 0x8000n)).toEqual({ program: 6 });
    expect(at(0x9ff8n, 0x8000n)).toEqual({ program: 6 });
    memory.bytes.set([0, 8], 0xa000);
    expect(at(0xa000n, 0x8000n)).toEqual({ cc: 0 });
  });

  it.each([1n, 2n, 4n, 7n])('is a multiple of 8, not 0x5000 + %s', (offset) => {
    expect(at(SCCB + offset)).toEqual({ program: 6 });
  });

  it('without memory is an addressing exception, with the highest priority', () => {
    expect(at(BigInt(MIB))).toEqual({ program: 5 });
    expect(at(BigInt(MIB) + 1n)).toEqual({ program: 5 });
    expect(at(0xffff_ffff_ffff_ffffn)).toEqual({ program: 5 });
    expect(at(BigInt(MIB) - 1n)).toEqual({ program: 6 });
  });

  it('is below 2 GiB', () => {
    const everywhere: GuestMemory = {
      read: (_, length) => new Uint8Array(length).fill(0x10),
      write: () => {},
    };
    for (const sccb of [0x8000_0000n, 0x1_0000_5000n, 0xffff_ffff_ffff_fff8n]) {
      expect(sclp.service(READ_SCP, sccb, everywhere, 0n)).toEqual({ program: 6 });
    }
  });

  it.each([0, 1, 7])('refers to a length of at least 8, not %s', (length) => {
    view.setUint16(0, length);
    expect(at(SCCB)).toEqual({ program: 6 });
    expect(sclp.takeSignal()).toBeNull();
    expect(memory.highest).toBe(-1);
  });

  it('does not catch other errors of the memory', () => {
    const broken: GuestMemory = {
      read: () => {
        throw new TypeError('broken');
      },
      write: () => {},
    };
    expect(() => sclp.service(READ_SCP, SCCB, broken, 0n)).toThrow(TypeError);
  });
});

describe('the boundary', () => {
  it.each([READ_SCP, READ_CPUS, READ_EVENT, WRITE_EVENT, WRITE_MASK])(
    'of a page is not crossed by %i',
    (command) => {
      for (const [offset, length] of [
        [0, 4097],
        [0, 0xffff],
        [8, 4089],
        [0xff8, 9],
      ] as const) {
        const sccb = SCCB + BigInt(offset);
        const header = new DataView(memory.bytes.buffer, Number(sccb), 8);
        header.setUint16(0, length);
        header.setUint16(6, 0);
        expect(sclp.service(command, sccb, memory, 0n)).toEqual({ cc: 0 });
        expect(header.getUint16(6)).toBe(0x0100);
      }
    },
  );

  it('is not checked for an unknown command', () => {
    expect(call(0x00990001, [], 0x8000)).toBe(0x01f0);
  });
});

describe('READ SCP INFO', () => {
  it('describes the guest', () => {
    expect(call(READ_SCP, new Uint8Array(4088).fill(0xee))).toBe(0x10);
    expect(view.getUint16(8)).toBe(64);
    expect(view.getUint8(10)).toBe(1);
    expect(view.getUint16(16)).toBe(1);
    expect(view.getUint16(18)).toBe(128);
    expect(fromEbcdic(memory.bytes.subarray(0x5000 + 24, 0x5000 + 32))).toBe(' '.repeat(8));
    expect(view.getBigUint64(48)).toBe(0x0c00_0000_0000_0000n);
    // Configuration characteristics: suppression on protection, enhanced suppression on protection, nothing else.
    const characteristics = memory.bytes.subarray(0x5000 + 80, 0x5000 + 99);
    expect([...characteristics]).toEqual(
      Array.from({ length: 19 }, (_, i) => ({ 0: 0x20, 5: 0x02 })[i] ?? 0),
    );
    expect(view.getUint16(120)).toBe(0);
    expect(memory.bytes.subarray(0x5000 + 128, 0x6000).every((byte) => byte === 0)).toBe(true);
  });

  it('also in its forced form, and with any bits 16-23 of the command', () => {
    expect(call(0x00120001, new Uint8Array(4088))).toBe(0x10);
    expect(call(0x0002ab01, new Uint8Array(4088))).toBe(0x10);
  });

  it('lists every CPU, and needs space for all', () => {
    sclp = makeSclp(64n << 20n, 3);
    expect(call(READ_SCP, new Uint8Array(128 + 48 - 8))).toBe(0x10);
    expect(view.getUint16(16)).toBe(3);
    expect(view.getUint16(120)).toBe(2);
    expect([view.getUint8(128), view.getUint8(144), view.getUint8(160)]).toEqual([0, 1, 2]);
    expect(call(READ_SCP, new Uint8Array(128 + 48 - 9))).toBe(0x0300);
    sclp = makeSclp(64n << 20n, 248);
    expect(call(READ_SCP, new Uint8Array(4088))).toBe(0x10);
  });

  it.each([
    [1n, 1, 1],
    [1020n, 1020, 1],
    [1021n, 1021, 1],
    [2048n, 512, 4],
    [0x40000n, 512, 512],
    [0x10001n, 0x10001, 1],
  ])('reports %s MiB as %i increments of %i MiB', (mebibytes, increments, size) => {
    sclp = makeSclp(mebibytes << 20n);
    expect(call(READ_SCP, new Uint8Array(4088))).toBe(0x10);
    expect(view.getUint16(8) || Number(view.getBigUint64(104))).toBe(increments);
    expect(view.getUint8(10) || view.getUint32(100)).toBe(size);
  });
});

describe('READ CPU INFO', () => {
  it('lists the CPUs', () => {
    sclp = makeSclp(64n << 20n, 2);
    expect(call(READ_CPUS, new Uint8Array(24 + 32 - 8))).toBe(0x10);
    expect([8, 10, 12, 14].map((at) => view.getUint16(at))).toEqual([2, 24, 0, 56]);
    expect([view.getUint8(24), view.getUint8(40)]).toEqual([0, 1]);
    expect(call(READ_CPUS, new Uint8Array(24 + 31 - 8))).toBe(0x0300);
  });
});

describe('an unknown command', () => {
  it.each([0, 0x00040001, 0x00110001, 0xffffffff, -1, 0x00760004])('%i gets response 01f0', (command) => {
    expect(call(command, [1, 2, 3])).toBe(0x01f0);
    expect(sclp.takeSignal()).toBe(0x5000);
  });
});

describe('the service signal', () => {
  it('has the SCCB address of the command, once', () => {
    expect(sclp.takeSignal()).toBeNull();
    call(READ_SCP, []);
    expect(sclp.signalPending()).toBe(true);
    expect(sclp.takeSignal()).toBe(0x5000);
    expect(sclp.signalPending()).toBe(false);
    expect(sclp.takeSignal()).toBeNull();
  });

  it('has the first of several addresses', () => {
    call(READ_SCP, []);
    memory.bytes.set([0, 8], 0x6000);
    sclp.service(READ_SCP, 0x6000n, memory, 0n);
    expect(sclp.takeSignal()).toBe(0x5000);
    expect(sclp.takeSignal()).toBeNull();
  });

  it('reports input, alone and together with a command', () => {
    listen(ASCII);
    type('x');
    expect(sclp.takeSignal()).toBe(1);
    expect(sclp.takeSignal()).toBeNull();
    call(READ_SCP, []);
    expect(sclp.takeSignal()).toBe(0x5001);
  });

  it('does not report input that the guest has not enabled, and keeps it', () => {
    type('x');
    expect(sclp.takeSignal()).toBeNull();
    expect(call(WRITE_MASK, [0, 0, ...half(4), ...word(ASCII), ...word(0), ...word(0), ...word(0)])).toBe(
      0x20,
    );
    expect(sclp.takeSignal()).toBe(0x5001);
  });
});

describe('WRITE EVENT MASK', () => {
  it('returns the masks of the SCLP, of 4 bytes', () => {
    expect(call(WRITE_MASK, [0, 0, ...half(4), ...new Array(16).fill(0)])).toBe(0x20);
    expect(view.getUint32(12 + 8)).toBe(0x40800040);
    expect(view.getUint32(12 + 12)).toBe(0x80000040);
  });

  it.each([1, 3, 8, 9, 100, 1021])('and in masks of %i bytes', (bytes) => {
    expect(call(WRITE_MASK, [0, 0, ...half(bytes), ...new Array(4 * bytes).fill(0xff)])).toBe(0x20);
    const expected = Uint8Array.from({ length: bytes }, (_, i) => [0x40, 0x80, 0, 0x40][i] ?? 0);
    expect(memory.read(SCCB + 12n + 2n * BigInt(bytes), bytes)).toEqual(expected);
  });

  it.each([
    ['none', 0, 4076],
    ['too long', 1022, 4084],
    ['too long for the SCCB', 4, 15],
  ])('rejects masks whose length is %s', (_, bytes, room) => {
    expect(call(WRITE_MASK, [0, 0, ...half(bytes), ...new Array(room).fill(0)])).toBe(0x74f0);
  });

  it('needs space for the length of the masks', () => {
    expect(call(WRITE_MASK, [0, 0, 0])).toBe(0x0300);
  });
});

describe('WRITE EVENT DATA', () => {
  it('writes to the ASCII console', () => {
    expect(call(WRITE_EVENT, event(0x1a, toUtf8('Grüße\x1b[0m\r\n')))).toBe(0x20);
    expect(output).toBe('Grüße\x1b[0m\r\n');
    expect([...written]).toEqual(['ascii']);
    expect(view.getUint8(11)).toBe(0x80);
  });

  it('joins characters that are split between calls', () => {
    for (const byte of toUtf8('a😀')) call(WRITE_EVENT, event(0x1a, [byte]));
    expect(output).toBe('a😀');
    call(WRITE_EVENT, event(0x1a, [0xe2]));
    sclp.finish();
    sclp.finish();
    expect(output).toBe('a😀\ufffd');
  });

  it.each([0x02, 0x09])('writes a line-mode message of type %i', (type) => {
    const block = messageBlock([1, new Array(56).fill(0)], textObject('one'), textObject('two [2]'));
    expect(call(WRITE_EVENT, event(type, block))).toBe(0x20);
    expect(output).toBe('one\ntwo [2]\n');
    expect([...written]).toEqual(['line']);
    expect(view.getUint8(11)).toBe(0x80);
  });

  it('writes several events, up to one that fails', () => {
    const events = [event(0x1a, [0x61]), event(0x55, []), event(0x1a, [0x62])].flat();
    events[7 + 6 + 3] = 0xff; // the flags of the last
    expect(call(WRITE_EVENT, events)).toBe(0x40f0);
    expect(output).toBe('a');
    expect(view.getUint8(8 + 3)).toBe(0x80);
    expect(view.getUint8(8 + 7 + 3)).toBe(0);
    expect(view.getUint8(8 + 7 + 6 + 3)).toBe(0x7f);
  });

  it('writes nothing if a length is wrong', () => {
    const good = event(0x1a, [0x61]);
    expect(call(WRITE_EVENT, [...good, 0, 5, 0x1a, 0, 0, 0])).toBe(0x73f0);
    expect(call(WRITE_EVENT, [...good, 0, 0, 0x1a, 0, 0, 0])).toBe(0x73f0);
    expect(call(WRITE_EVENT, [...good, 0, 7, 0x1a, 0, 0, 0])).toBe(0x73f0);
    expect(call(WRITE_EVENT, [...good, 0, 6, 0x1a])).toBe(0x73f0);
    expect(output).toBe('');
  });

  it('requires the function code 0', () => {
    view.setUint16(0, 8);
    view.setUint8(2, 1);
    sclp.service(WRITE_EVENT, SCCB, memory, 0n);
    expect(view.getUint16(6)).toBe(0x40f0);
  });

  it('may have no events', () => {
    expect(call(WRITE_EVENT, [])).toBe(0x20);
  });

  const line = messageBlock(textObject('x'));
  const changed = (at: number, ...bytes: number[]) => line.map((byte, i) => bytes[i - at] ?? byte);
  it.each([
    ['no message data block', []],
    ['a block of less than its header', changed(0, 0, 11)],
    ['a block longer than the event', changed(0, 0, line.length + 1)],
    ['an object of no length', changed(12, 0, 0)],
    ['an object longer than the block', changed(12, 0, 12)],
    ['an object cut in its header', [...changed(0, 0, line.length + 2), 0, 4]],
    ['a text object shorter than its fixed part', [...messageBlock([4, [1, 2, 3, 4, 5]])]],
  ])('rejects a message with %s', (_, block) => {
    expect(call(WRITE_EVENT, event(0x02, block))).toBe(0x72f0);
    expect(output).toBe('');
    expect(view.getUint8(11)).toBe(0);
  });
});

describe('READ EVENT DATA', () => {
  it('reads input of the ASCII console', () => {
    listen(ASCII);
    type('hé\r');
    expect(readEvents()).toBe(0x20);
    expect(view.getUint16(0)).toBe(8 + 6 + 1 + 4);
    expect(view.getUint8(5)).toBe(0);
    expect(memory.read(SCCB + 8n, 11)).toEqual(
      Uint8Array.of(0, 11, 0x1a, 0x80, 0, 0, 0, 0x68, 0xc3, 0xa9, 0x0d),
    );
    expect(readEvents()).toBe(0x60f0);
  });

  it('reads long input in several events, and reports that there is more', () => {
    listen(ASCII);
    type('x'.repeat(5000));
    expect(readEvents()).toBe(0x20);
    expect(view.getUint16(8)).toBe(4088);
    expect(sclp.takeSignal()).toBe(0x5001);
    expect(readEvents()).toBe(0x20);
    expect(view.getUint16(8)).toBe(7 + 5000 - 4081);
    sclp.takeSignal();
    expect(readEvents()).toBe(0x60f0);
    expect(sclp.takeSignal()).toBe(0x5000);
  });

  it('reads commands of the operator, one line each', () => {
    listen(OPERATOR);
    type('first\nsec');
    expect(readEvents()).toBe(0x20);
    const length = 22 + 5;
    expect(view.getUint16(0)).toBe(8 + length);
    expect(memory.read(SCCB + 8n, length)).toEqual(
      Uint8Array.from([
        ...[0, length, 0x01, 0x80, 0, 0],
        ...[0, length - 6, 0x13, 0x10],
        ...[0, length - 10, 0x12, 0x12],
        ...[0, length - 14, 0x13, 0x20],
        ...[length - 18, 0x31],
        ...[length - 20, 0x30],
        ...toEbcdic('first'),
      ]),
    );
    expect(readEvents()).toBe(0x60f0);
    type('ond\r\n\n');
    expect(readEvents()).toBe(0x20);
    expect(fromEbcdic(memory.read(SCCB + 8n + 22n, 6))).toBe('second');
    expect(readEvents()).toBe(0x20);
    expect(view.getUint16(8)).toBe(22);
    expect(readEvents()).toBe(0x60f0);
  });

  it('splits a long command', () => {
    listen(OPERATOR);
    type(`${'y'.repeat(300)}\n`);
    expect(readEvents()).toBe(0x20);
    expect(view.getUint16(8)).toBe(22 + 249);
    expect(readEvents()).toBe(0x20);
    expect(view.getUint16(8)).toBe(22 + 51);
    expect(readEvents()).toBe(0x60f0);
  });

  it('reads only what is selected', () => {
    listen(ASCII | OPERATOR);
    type('x');
    expect(readEvents(1, OPERATOR)).toBe(0x60f0);
    expect(readEvents(1, 0x20)).toBe(0x70f0);
    expect(readEvents(1, ASCII)).toBe(0x20);
    expect(readEvents(2)).toBe(0x40f0);
    listen(0);
    expect(readEvents(1, 0)).toBe(0x70f0);
    expect(readEvents(0)).toBe(0x60f0);
  });

  it('needs an SCCB of a whole page', () => {
    expect(call(READ_EVENT, new Uint8Array(4087))).toBe(0x0300);
  });

  it('does not change the length without the variable-length bit', () => {
    listen(ASCII);
    type('x');
    expect(call(READ_EVENT, new Uint8Array(4088))).toBe(0x20);
    expect(view.getUint16(0)).toBe(4096);
  });

  it('works without a keyboard', () => {
    sclp = new Sclp({ memoryBytes: 1n << 20n, cpus: 1, console: { write: () => {} } });
    listen(ASCII);
    expect(readEvents()).toBe(0x60f0);
  });
});

describe('console input', () => {
  const readLine = () => {
    if (readEvents() === 0x60f0) return null;
    return fromEbcdic(memory.read(SCCB + 30n, view.getUint16(8) - 22));
  };

  it('is bounded: bytes that do not fit are not accepted', () => {
    expect(sclp.inputSpace).toBe(65_536);
    expect(sclp.input(new Uint8Array(65_000))).toBe(65_000);
    expect([sclp.inputSpace, sclp.input(new Uint8Array(1000)), sclp.inputSpace]).toEqual([536, 536, 0]);
    listen(ASCII);
    readEvents();
    expect(sclp.inputSpace).toBe(4081);
  });

  it('ends with one control-D on the ASCII console, and nothing after it', () => {
    listen(ASCII);
    type('x');
    sclp.endInput();
    sclp.endInput();
    expect([type('y'), sclp.inputSpace]).toEqual([0, 0]);
    expect(sclp.takeSignal()).toBe(1);
    expect(readEvents()).toBe(0x20);
    expect(memory.read(SCCB + 15n, 2)).toEqual(Uint8Array.of(0x78, 0x04));
    expect(readEvents()).toBe(0x60f0);
  });

  it('ends with a line ^d on the line-mode console, after an incomplete line', () => {
    listen(OPERATOR);
    type('one\r\n\ntwo');
    sclp.endInput();
    expect([readLine(), readLine(), readLine(), readLine(), readLine()]).toEqual([
      'one',
      '',
      'two',
      '^d',
      null,
    ]);
  });

  it('is one stream: the line-mode console has no events while the ASCII console is enabled', () => {
    listen(ASCII | OPERATOR);
    type('line\n');
    expect(readEvents(1, OPERATOR)).toBe(0x60f0);
    expect(readEvents(1, ASCII)).toBe(0x20);
  });

  it('in lines: a long line is cut between characters, and its end adds no empty line', () => {
    listen(OPERATOR);
    type(`${'ü'.repeat(249)}\r\n${'😀'.repeat(126)}\n`);
    expect(readLine()).toBe('ü'.repeat(249));
    expect(readLine()).toHaveLength(250);
    expect(readLine()).toHaveLength(2);
    expect(readLine()).toBeNull();
  });

  it('without a line end is read once the buffer is full', () => {
    listen(OPERATOR);
    type('x'.repeat(65_535));
    expect([readLine(), sclp.takeSignal()]).toEqual([null, 0x5000]);
    expect(type('yz')).toBe(1);
    expect(sclp.takeSignal()).toBe(1);
    expect(readLine()).toHaveLength(249);
  });

  it('that is invalid UTF-8 becomes substitute characters', () => {
    listen(OPERATOR);
    sclp.input(Uint8Array.of(0xe2, 0x41, 0xe2, 0x0a));
    expect(readLine()).toBe('\x1aA\x1a');
  });

  it('is signalled once, and again when more arrives after the guest has read', () => {
    listen(ASCII);
    type('a');
    expect([sclp.takeSignal(), sclp.takeSignal()]).toEqual([1, null]);
    type('b');
    expect(sclp.takeSignal()).toBe(1);
  });

  it('is kept through a reset, after which no event is enabled', () => {
    listen(ASCII);
    expect(sclp.inputEnabled).toBe(true);
    type('a');
    sclp.reset();
    expect([sclp.inputEnabled, sclp.takeSignal()]).toEqual([false, null]);
    listen(ASCII);
    expect(readEvents()).toBe(0x20);
  });
});

describe('a hostile guest', () => {
  const small = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(0xff, 0x80, 0x1a, 0x02, 0x09, 0x04),
  );
  const commands = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(READ_SCP, READ_CPUS, READ_EVENT, WRITE_EVENT, WRITE_MASK) },
    { weight: 1, arbitrary: fc.integer() },
  );
  const content = fc.oneof(
    fc.array(small, { maxLength: 120 }),
    // Message blocks that are valid except for one or two bytes.
    fc
      .tuple(fc.constantFrom(0x02, 0x1a, 0x09), fc.array(fc.tuple(fc.nat(60), small), { maxLength: 2 }))
      .map(([type, changes]) => {
        const bytes = event(type, messageBlock([1, [1, 2, 3]], textObject('hello'), textObject('')));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      }),
  );
  const lengths = fc.oneof(
    fc.constant(null),
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 4080, max: 0xffff }),
  );
  const calls = fc.record({
    command: commands,
    content,
    length: lengths,
    header: fc.array(small, { minLength: 4, maxLength: 4 }),
    typed: fc.constantFrom('', 'abc', 'line\n', 'ü'.repeat(3000)),
  });

  it('gets a response to every call, and nothing outside of its SCCB changes', () => {
    fc.assert(
      fc.property(fc.array(calls, { maxLength: 6 }), (list) => {
        sclp = makeSclp();
        for (const { command, content: data, length, header, typed } of list) {
          memory = new Memory();
          type(typed);
          const bytes = length ?? 8 + data.length;
          memory.bytes.set([...half(bytes), ...header, 0, 0, ...data], 0x5000);
          const result = sclp.service(command, SCCB, memory, 0n);
          if (bytes < 8) {
            expect(result).toEqual({ program: 6 });
            expect(memory.highest).toBe(-1);
          } else {
            expect(result).toEqual({ cc: 0 });
            expect(memory.lowest).toBe(0x5000);
            expect(memory.highest).toBeLessThan(0x5000 + Math.min(bytes, 4096));
            expect(memory.bytes[0x5006]! << 8 || memory.bytes[0x5007]!).not.toBe(0);
            expect(sclp.takeSignal()).toBeGreaterThanOrEqual(0x5000);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('gets a response for any address', () => {
    const address = fc.oneof(
      fc.bigInt({ min: 0n, max: 0x2000n }),
      fc.bigInt({ min: BigInt(MIB) - 5000n, max: BigInt(MIB) + 10n }),
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    );
    memory.bytes.fill(0x10);
    fc.assert(
      fc.property(commands, address, (command, sccb) => {
        const result = sclp.service(command, sccb, memory, 0x8000n);
        if ('cc' in result) expect(sccb % 8n === 0n && sccb >= 0x2000n && sccb < BigInt(MIB)).toBe(true);
        else expect(result.program).toBe(sccb >= BigInt(MIB) ? 5 : 6);
      }),
    );
  });
});
