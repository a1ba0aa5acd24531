/** A fuzzer of devices: channel programs, rings and notifications, right and wrong. */

import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { generateCase } from './generate.ts';
import type { DevicesSetup, DevicesStep } from './steps.ts';
import { DevicesWorld } from './world.ts';

/** Memory that no step names: nothing may be stored there. */
const CANARY = { start: 0x7_0000, byte: 0xa5, word: 0xa5a5_a5a5 } as const;
/** Maximum number of accesses to memory in one step, and of bytes. 64 buffers of output have 1 MiB each at most. */
const ACCESSES_MAX = 1_000_000;
const BYTES_MAX = 256 * 0x10_0000;

/** The fuzzer of devices. */
export class DevicesFuzzer implements Fuzzer<DevicesSetup, DevicesStep> {
  readonly what = 'devices';

  generate(seed: number): FuzzCase<DevicesSetup, DevicesStep> {
    return generateCase(seed);
  }

  run({ setup, steps }: FuzzCase<DevicesSetup, DevicesStep>): CaseResult {
    let performed = 0;
    try {
      // The second world is saved and restored now and then. Nobody may see a difference.
      const worlds = [new DevicesWorld(setup), new DevicesWorld(setup)] as const;
      for (const { owner } of worlds) owner.memory.bytes.fill(CANARY.byte, CANARY.start);
      for (const step of steps) {
        performed++;
        const finding = performStep(worlds, setup, step, performed);
        if (finding) return { finding, performed };
      }
      return { finding: null, performed };
    } catch (error) {
      return { finding: { kind: 'error', message: describeError(error) }, performed };
    }
  }

  *simpler(step: DevicesStep): Iterable<DevicesStep> {
    if (step.do === 'program') {
      for (let n = 0; n < step.ccws.length; n++) yield { ...step, ccws: step.ccws.toSpliced(n, 1) };
    } else if (step.do === 'buffer') {
      if (step.indirect) yield { ...step, indirect: false };
      for (let n = 0; n < step.readable.length; n++)
        yield { ...step, readable: step.readable.toSpliced(n, 1) };
      for (let n = 0; n < step.writable.length; n++)
        yield { ...step, writable: step.writable.toSpliced(n, 1) };
    }
  }
}

function performStep(
  [first, second]: readonly [DevicesWorld, DevicesWorld],
  setup: DevicesSetup,
  step: DevicesStep,
  number: number,
): CaseFinding | null {
  const { memory } = first.owner;
  memory.accessed = 0;
  memory.accesses = 0;
  const outcome = JSON.stringify(first.perform(step));
  if (memory.accesses > ACCESSES_MAX || memory.accessed > BYTES_MAX) {
    const message = `${memory.accesses} accesses to ${memory.accessed} bytes in one step`;
    return { kind: 'work', message };
  }
  if (!isUntouched(memory.bytes)) {
    return { kind: 'store', message: 'a store into memory that no step names' };
  }
  const again = JSON.stringify(second.perform(step));
  if (outcome !== again) return { kind: 'restored', message: `${outcome}\n${again}` };
  const other = second.owner.memory.bytes;
  const differs = firstDifference(memory.bytes, other);
  if (differs >= 0) return { kind: 'restored', message: `memory at 0x${differs.toString(16)}` };
  if (number % setup.saveEvery === 0) second.saveAndRestore();
  return null;
}

/** Returns where two arrays of the same length differ first, within 4 bytes, or -1. */
function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const [words, others] = [new Uint32Array(one.buffer), new Uint32Array(other.buffer)];
  for (let n = 0; n < words.length; n++) if (words[n] !== others[n]) return n * 4;
  return -1;
}

/** Whether the memory that no step names is as it was. */
function isUntouched({ buffer }: Uint8Array): boolean {
  const words = new Uint32Array(buffer, CANARY.start);
  for (let n = 0; n < words.length; n++) if (words[n] !== CANARY.word) return false;
  return true;
}
