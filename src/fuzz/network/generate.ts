/** Random frames of a guest, right and wrong, and what programs of the host do meanwhile. */

import type { FuzzCase } from '../fuzzer.ts';
import { Random } from '../random.ts';
import type { NetworkSetup, NetworkStep } from './steps.ts';

const STEPS_MAX = 120;
const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;
const FLAGS = [
  ACK,
  ACK,
  ACK | PSH,
  ACK | PSH,
  ACK | FIN,
  ACK | FIN | PSH,
  RST,
  RST | ACK,
  SYN,
  SYN | ACK,
  0,
  FIN,
];
/** Numbers near the right one, and far from it. */
const OFFSETS = [
  0, 0, 0, 0, 0, -1, 1, -2, 10, -100, 1000, -1460, 0xffff, -0x1_0000, 0x7fff_ffff, -0x8000_0000,
];
const LENGTHS = [0, 0, 1, 5, 100, 536, 1000, 1460, 1460];
const WINDOWS = [0, 1, 100, 1460, 5000, 30_000, 0xffff, 0xffff];
const TIMES = [0, 1, 40, 200, 1000, 3000, 60_000, 200_000];

/** Generates a case. */
export function generateCase(seed: number): FuzzCase<NetworkSetup, NetworkStep> {
  const random = new Random(seed);
  const setup = { room: random.pick([0, 1, 5, 50, 256, 256]) };
  const steps: NetworkStep[] = [announcement(random)];
  const count = 10 + random.below(STEPS_MAX);
  while (steps.length < count) {
    if (random.oneIn(12)) steps.push({ do: 'open', port: random.pick([22, 80]) }, answer(random));
    else steps.push(random.oneIn(5) ? anyFrame(random) : connectionStep(random));
  }
  return { setup, steps };
}

/** The ARP request by which the network learns the guest's address: nothing changed. */
function announcement(random: Random): NetworkStep {
  return { do: 'recorded', frame: random.oneIn(10) ? 0 : 2, patches: [], length: 2000, summed: false };
}

/** The answer to a SYN, right as a rule. */
function answer(random: Random): NetworkStep {
  const flags = random.oneIn(10) ? random.pick(FLAGS) : SYN | ACK;
  const segmentSize = random.pick([null, 1460, 1460, 1, 0, 100, 0xffff]);
  const at = { sequence: 0, acknowledgement: random.oneIn(10) ? random.pick(OFFSETS) : 0 };
  return {
    do: 'segment',
    connection: -1,
    flags,
    ...at,
    window: random.pick(WINDOWS),
    length: 0,
    segmentSize,
  };
}

function connectionStep(random: Random): NetworkStep {
  const connection = random.below(4);
  switch (random.below(16)) {
    case 0:
    case 1:
      return { do: 'send', connection, length: random.pick([1, 100, 1460, 5000, 50_000, 200_000]) };
    case 2:
      return random.oneIn(3) ? { do: 'end', connection } : { do: 'take', connection, length: 0 };
    case 3:
      return random.oneIn(5) ? { do: 'abort', connection } : { do: 'take', connection, length: 3000 };
    case 4:
      return { do: 'take', connection, length: 0xffff };
    case 5:
    case 6:
      return { do: 'wait', time: random.pick(TIMES) };
    case 7:
      return random.oneIn(6) ? { do: 'restore' } : { do: 'wait', time: 0 };
    default:
      return segment(random, connection);
  }
}

function segment(random: Random, connection: number): NetworkStep {
  const wrong = random.oneIn(3);
  return {
    ...{ do: 'segment', connection, flags: random.pick(wrong ? FLAGS : FLAGS.slice(0, 4)) },
    sequence: wrong ? random.pick(OFFSETS) : 0,
    acknowledgement: wrong ? random.pick(OFFSETS) : 0,
    ...{ window: random.pick(WINDOWS), length: random.pick(LENGTHS), segmentSize: null },
  };
}

function anyFrame(random: Random): NetworkStep {
  if (random.oneIn(10)) return { do: 'frame', bytes: hexOf(random, 14 + random.below(200)) };
  const patches = Array.from({ length: random.below(4) }, () => ({
    at: random.pick([12, 14, 16, 20, 23, 24, 26, 30, 34, 36, 38, 46, 282, 284, random.below(350)]),
    bytes: hexOf(random, 1 + random.below(4)),
  }));
  const length = random.oneIn(4) ? 14 + random.below(350) : 2000;
  return { do: 'recorded', frame: random.below(6), patches, length, summed: !random.oneIn(4) };
}

function hexOf(random: Random, length: number): string {
  const fill = random.oneIn(2) ? random.pick([0, 1, 0x7f, 0xff]) : null;
  const bytes = Array.from({ length }, () => fill ?? random.below(256));
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
