/** Random machines with devices, and what drivers do with them, right and wrong. */

import type { FuzzCase } from '../fuzzer.ts';
import { Random } from '../random.ts';
import { fileMessage, firstFileMessages } from './file-messages.ts';
import { toHex } from './hex.ts';
import { type DevicesSetup, type DevicesStep, type FuzzCcw, INSTRUCTIONS, KINDS } from './steps.ts';

const STEPS_MAX = 40;
/** Channel commands of virtio-ccw, those of every control unit, and some that are unknown. */
const COMMANDS = [
  0x03, 0x04, 0xe4, 0x08, 0x11, 0x12, 0x13, 0x21, 0x22, 0x31, 0x32, 0x33, 0x43, 0x53, 0x72, 0x73, 0x83, 0x00,
  0x02, 0x18, 0xff,
];
const COUNTS = [0, 1, 2, 4, 5, 8, 16, 25, 32, 60, 100, 2048, 65535];
const EXTREMES = [0, 1, 2, 3, 4, 7, 8, 16, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff];
/** Memory that steps use: operands, indicators, rings and buffers. */
const PLACES = [0, 0x1000, 0x1008, 0x2000, 0x8000, 0x9000, 0x9010, 0x9020, 0x1_0000, 0x1_1000, 0x2_0000];

/** The header of a frame for a network device, and the addresses and the type of the frame. */
const FRAME_HEADER = '00'.repeat(12 + 14);

/** Generates a case. */
export function generateCase(seed: number): FuzzCase<DevicesSetup, DevicesStep> {
  const random = new Random(seed);
  const setup: DevicesSetup = {
    kinds: Array.from({ length: 1 + random.below(2) }, () => random.pick(KINDS)),
    packed: !random.oneIn(3),
    readOnly: random.oneIn(4),
    hostile: !random.oneIn(3),
    saveEvery: 1 + random.below(8),
  };
  const steps: DevicesStep[] = setup.kinds.map((_, device) => setUp(random, device));
  const count = 5 + random.below(STEPS_MAX);
  for (let n = 0; n < count; n++) {
    const device = random.below(setup.kinds.length);
    if (setup.kinds[device] === 'files' && random.oneIn(5)) {
      steps.push(...fileSteps(random, device, setup));
      continue;
    }
    steps.push(
      random.oneIn(setup.hostile ? 2 : 40)
        ? otherStep(random, device, setup)
        : bufferStep(random, device, setup),
    );
  }
  return { setup, steps };
}

function setUp(random: Random, device: number): DevicesStep {
  return {
    do: 'set-up',
    device,
    revision: random.below(3),
    eventIndex: random.oneIn(2),
    adapter: !random.oneIn(3),
    size: random.pick([1, 2, 4, 4, 8, 8, 16]),
  };
}

function bufferStep(random: Random, device: number, { kinds, hostile }: DevicesSetup): DevicesStep {
  const queue = random.below(3);
  if (random.oneIn(6)) return { do: 'completed', device, queue };
  if (random.oneIn(8)) return { do: 'event', device, count: random.below(20) };
  const wild = hostile && random.oneIn(4);
  const block = kinds[device] === 'block' && !wild;
  const readable = block
    ? [blockHeader(random)]
    : lengths(random, wild).map((length) => hexOf(random, length));
  if (kinds[device] === 'network' && !wild && queue % 2 === 1) readable.unshift(FRAME_HEADER);
  if (block && random.oneIn(2)) readable.push(hexOf(random, random.pick([512, 1024, 16, 100])));
  const writable = block ? [...(random.oneIn(2) ? [512] : []), 1] : lengths(random, wild);
  return {
    do: 'buffer',
    device,
    queue,
    readable,
    writable,
    indirect: random.oneIn(3),
    kick: !random.oneIn(hostile ? 3 : 5),
    collect: !random.oneIn(3),
  };
}

/** A session with shared files. Later ones may find that the device needs a reset, or the files of earlier ones. */
function fileSteps(random: Random, device: number, { hostile }: DevicesSetup): DevicesStep[] {
  const others = Array.from({ length: 4 + random.below(16) }, () => fileMessage(random, hostile));
  return [...firstFileMessages(), ...others].map((message) => sending(random, device, message));
}

/** A message to shared files, with room for the reply. */
function sending(random: Random, device: number, message: Uint8Array): DevicesStep {
  const at = random.below(message.length);
  const parts = random.oneIn(2) && at > 0 ? [message.subarray(0, at), message.subarray(at)] : [message];
  return {
    ...{
      do: 'buffer',
      device,
      queue: 0,
      readable: parts.map(toHex),
      writable: [11, random.pick([200, 800, 800, 60])],
    },
    ...{ indirect: random.oneIn(3), kick: true, collect: true },
  };
}

function lengths(random: Random, wild: boolean): number[] {
  const count = random.below(wild ? 6 : 3);
  return Array.from({ length: count }, () =>
    random.pick([1, 4, 10, 20, 64, 300, ...(wild ? [0, 5000] : [])]),
  );
}

/** Returns the header of a request to a disk, in one byte order or the other. */
function blockHeader(random: Random): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  const littleEndian = !random.oneIn(3);
  view.setUint32(0, random.pick([0, 0, 1, 1, 4, 8, 11, 13, 99]), littleEndian);
  view.setBigUint64(8, BigInt(random.pick([0, 1, 5, 30, 31, 32, 0xffff_ffff])), littleEndian);
  return toHex(bytes);
}

function otherStep(random: Random, device: number, { hostile }: DevicesSetup): DevicesStep {
  if (!hostile) return random.oneIn(4) ? { do: 'reset' } : setUp(random, device);
  const id = random.oneIn(8) ? random.next() : 0x1_0000 | random.below(3);
  switch (random.below(16)) {
    case 0:
      return setUp(random, device);
    case 1:
      return { do: 'notify', id, queue: random.pick([0, 1, 2, 3, 0xffff]) };
    case 2:
      return { do: 'instruction', name: random.pick(INSTRUCTIONS), id };
    case 3:
      return { do: 'modify', device, at: random.below(52), bytes: hexOf(random, 1 + random.below(4)) };
    case 4:
      return { do: 'call', bytes: chscRequest(random) };
    case 5:
      return random.pick<DevicesStep>([
        { do: 'reports' },
        { do: 'path', gr1: random.oneIn(2) ? 0 : random.next() },
        { do: 'limit', gr1: random.pick([0, 0x1_0000, 0x2_0000, random.next()]) },
        { do: 'monitor', gr1: random.below(4), address: random.pick([0x4000, 0x4001, 0x20_0000]) },
      ]);
    case 6:
      return { do: 'reset' };
    case 7:
      return {
        do: 'poke',
        at: random.pick(PLACES) + random.below(64),
        bytes: hexOf(random, 1 + random.below(16)),
      };
    case 8:
    case 9:
    case 10:
      return pokeRing(random, device);
    default:
      return program(random, device);
  }
}

/** Offsets of fields in a descriptor: address, length, flags and next of both kinds of rings. */
const FIELDS = [0, 6, 8, 10, 12, 14];

function pokeRing(random: Random, device: number): DevicesStep {
  const bytes = new Uint8Array(2);
  const value = random.oneIn(3) ? random.below(0x1_0000) : random.pick(EXTREMES);
  new DataView(bytes.buffer).setUint16(0, value, random.oneIn(2));
  const area = random.pick(['descriptors', 'descriptors', 'driver', 'driver', 'device'] as const);
  const descriptor = random.below(8) * 16 + random.pick(FIELDS);
  const at = area === 'descriptors' ? descriptor : random.pick([0, 2, 2, 4, 6, 8]);
  return { do: 'poke-ring', device, queue: random.below(3), area, at, bytes: toHex(bytes) };
}

function program(random: Random, device: number): DevicesStep {
  const at = random.pick([0x1000, 0x1000, 0x1000, 0x1ff8, 0x9000, 0x1001]);
  const ccws = Array.from({ length: 1 + random.below(6) }, () => ccw(random));
  const flags = random.oneIn(3)
    ? random.next() & 0xf8ff_ff80
    : 0x0080_ff00 | (random.oneIn(3) ? 0x0800_0000 : 0);
  return { do: 'program', device, word: flags >>> 0, at, ccws, test: !random.oneIn(6) };
}

function ccw(random: Random): FuzzCcw {
  const flags = random.pick([
    0,
    0x20,
    0x40,
    0x60,
    0x80,
    0xa0,
    0x04,
    0x24,
    0x50,
    0x02,
    0x08,
    random.below(256),
  ]);
  return {
    command: random.pick(COMMANDS),
    flags,
    count: random.pick(COUNTS),
    address: random.oneIn(8) ? random.next() : random.pick(PLACES) + (random.oneIn(3) ? random.below(8) : 0),
  };
}

function chscRequest(random: Random): string {
  const bytes = Uint8Array.from({ length: 16 }, () => (random.oneIn(2) ? 0 : random.below(256)));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, random.pick([16, 16, 16, 0x400, 8, 4088, 4096, 17]));
  view.setUint16(2, random.pick([2, 4, 0x0e, 0x10, 0x31, 0x26]));
  if (random.oneIn(2)) bytes.fill(0, 4);
  return toHex(bytes);
}

function hexOf(random: Random, length: number): string {
  const fill = random.oneIn(2) ? random.pick([0, 1, 0xff]) : null;
  return toHex(Uint8Array.from({ length }, () => fill ?? random.below(256)));
}
