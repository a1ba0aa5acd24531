/**
 * The images' fuzzer: mutated and generated ELF files are parsed, loaded and run.
 *
 * An image may be rejected with an ImageError or a LinuxError, without leaking memory. An image that runs stays within its
 * limits of work and output, breaks no rule, and frees all frames when it ends.
 */

import { Checker } from '../../check/index.ts';
import { Host, LinuxError } from '../../host/index.ts';
import { MIB } from '../../host/internal.ts';
import { Machine, Storage } from '../../machine/index.ts';
import { ImageError, Monitor, parseElf } from '../../vmm/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { BLANK_IMAGE, generateImages } from './generate.ts';
import type { ImageSetup, ImageStep } from './steps.ts';

const STORAGE_SIZE = 16 << 20;
/** Process address of guest memory. */
const HOME = 256n * MIB;
/** Maximum output per unit of work, in characters: an SCCB of 4 KiB. */
const OUTPUT_PER_UNIT = 4096;
/** Maximum size of a mutated file in bytes. */
const LONGEST = 1 << 22;
/** Length of a program header in bytes. */
const HEADER = 56;

/** Options for tests and the command line. */
export interface ImagesOptions {
  /** Valid images by name. */
  readonly images?: ReadonlyMap<string, Uint8Array>;
  /** Called with each new host. */
  readonly before?: (host: Host) => void;
}

/** The images' fuzzer. */
export class ImagesFuzzer implements Fuzzer<ImageSetup, ImageStep> {
  readonly what = 'images';
  readonly #images: ReadonlyMap<string, Uint8Array>;
  readonly #before: ((host: Host) => void) | undefined;
  readonly #spare: Storage[] = [];

  constructor({ images = new Map(), before }: ImagesOptions = {}) {
    // Copies, because slices of a Buffer are views of it.
    this.#images = new Map([...images].map(([name, bytes]) => [name, new Uint8Array(bytes)]));
    this.#before = before;
  }

  generate(seed: number): FuzzCase<ImageSetup, ImageStep> {
    return generateImages(seed, this.#images);
  }

  run({ setup, steps }: FuzzCase<ImageSetup, ImageStep>): CaseResult {
    const base = (setup.image === null ? BLANK_IMAGE : this.#images.get(setup.image)) ?? BLANK_IMAGE;
    const file = steps.reduce(mutated, base);
    const storage = this.#spare.pop() ?? new Storage(STORAGE_SIZE);
    const host = new Host(new Machine({ storage }));
    try {
      this.#before?.(host);
      return { finding: boot(host, file, setup, steps), performed: steps.length };
    } catch (error) {
      return { finding: { kind: 'breakdown', message: describeError(error) }, performed: steps.length };
    } finally {
      storage.clear(host.kernel.frames.touched);
      this.#spare.push(storage);
    }
  }

  *simpler(step: ImageStep): Iterable<ImageStep> {
    if (step.do === 'run' && step.limit > 1) yield { ...step, limit: step.limit >> 1 };
    if (step.do !== 'bytes' || step.bytes.length <= 2) return;
    const half = (step.bytes.length >> 2) * 2;
    yield { ...step, bytes: step.bytes.slice(0, half) };
    yield { ...step, at: step.at + half / 2, bytes: step.bytes.slice(half) };
  }
}

/** Returns the file after a mutation. */
function mutated(file: Uint8Array, step: ImageStep): Uint8Array {
  switch (step.do) {
    case 'bytes': {
      const bytes = file.slice();
      for (let i = 0; i * 2 < step.bytes.length && step.at + i < bytes.length; i++) {
        bytes[step.at + i] = Number.parseInt(step.bytes.slice(i * 2, i * 2 + 2), 16);
      }
      return bytes;
    }
    case 'cut':
      return file.slice(0, step.length);
    case 'insert': {
      if (file.length + step.count > LONGEST) return file;
      const bytes = new Uint8Array(file.length + step.count).fill(step.value);
      const at = Math.min(step.at, file.length);
      bytes.set(file.subarray(0, at));
      bytes.set(file.subarray(at), at + step.count);
      return bytes;
    }
    default:
      return file;
  }
}

/** Parses, loads and runs an image. */
function boot(
  host: Host,
  file: Uint8Array,
  setup: ImageSetup,
  steps: readonly ImageStep[],
): CaseFinding | null {
  const available = host.kernel.frames.available;
  const checker = Checker.attach(host);
  const mm = host.createMm();
  const length = BigInt(setup.mib) * MIB;
  mm.mmap({ address: HOME, length });
  let written = 0;
  let monitor: Monitor;
  try {
    const image = parseElf(file);
    const { segments } = image;
    if (segments.length * HEADER > file.length)
      return { kind: 'memory', message: `${segments.length} segments` };
    monitor = new Monitor(host, mm, {
      image,
      maps: [{ from: HOME, to: 0n, length }],
      console: { write: (text) => void (written += text.length) },
      arguments: setup.arguments,
      cpus: setup.cpus,
      input: setup.input,
    });
  } catch (error) {
    if (!(error instanceof ImageError) && !(error instanceof LinuxError)) throw error;
    const left = mm.gmaps.size + host.kernel.frames.count('kernel') + host.kernel.frames.count('gmap-table');
    return left === 0 ? null : { kind: 'leak', message: `a rejected image leaks ${left} gmaps and frames` };
  }
  const cpu = host.machine.cpu(0);
  const start = cpu.executed;
  for (const step of steps) {
    const before = cpu.executed;
    try {
      perform(monitor, step);
    } catch (error) {
      if (!(error instanceof LinuxError && error.code === 'ENOMEM')) throw error;
    }
    const limit = step.do === 'run' ? step.limit : 0;
    const done = cpu.executed - before;
    if (done > limit) return { kind: 'limit', message: `${done} units of work were done, ${limit} allowed` };
    if (cpu.busy) return { kind: 'busy', message: 'the processor is busy after a run' };
    const [violation] = checker.checkChanged();
    if (violation) return { kind: violation.rule, message: violation.message };
  }
  if (written > (cpu.executed - start + 1) * OUTPUT_PER_UNIT) {
    return { kind: 'output', message: `${written} characters in ${cpu.executed - start} units of work` };
  }
  monitor.destroy();
  host.exitMm(mm);
  const [violation] = checker.checkAll();
  if (violation) return { kind: violation.rule, message: violation.message };
  const lost = available - host.kernel.frames.available;
  return lost === 0 ? null : { kind: 'leak', message: `${lost} frames are leaked` };
}

function perform(monitor: Monitor, step: ImageStep): void {
  switch (step.do) {
    case 'run':
      monitor.run(step.limit);
      break;
    case 'input':
      monitor.input(lowBytes(step.text));
      break;
    case 'endinput':
      monitor.endInput();
      break;
  }
}

/** Returns the low bytes of the characters, because hostile input may be invalid UTF-8. */
function lowBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);
}
