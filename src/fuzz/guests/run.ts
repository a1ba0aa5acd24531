/**
 * Runs a case of the guests' fuzzer in two worlds with different secrets and different frame addresses. After each step it
 * checks that no guest has reached memory outside of its slots, and that no data of the host has reached a guest.
 */

import { Checker } from '../../check/index.ts';
import type { Host, Vcpu } from '../../host/index.ts';
import type { Cpu, Engine, Storage } from '../../machine/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { eachFrame, frameOf } from './frames.ts';
import { generateGuests } from './generate.ts';
import { HOME, MEMORY } from './layout.ts';
import type { GuestSetup, GuestStep, RunStep } from './steps.ts';
import { Watch } from './watch.ts';
import { GuestWorld } from './world.ts';

/** Options for tests and the command line. */
export interface GuestsOptions {
  /** Called with each new host before it is used. */
  readonly before?: (host: Host) => void;
  /** The engine of the second world; the first, in check mode, always interprets. Default `auto`. */
  readonly engine?: Engine;
}

/** Number of steps between two searches of all guest memory for secrets. */
const SEARCH_EVERY = 8;

/** The guests' fuzzer. */
export class GuestsFuzzer implements Fuzzer<GuestSetup, GuestStep> {
  readonly what = 'guests';
  readonly #options: GuestsOptions;
  readonly #spare: Storage[] = [];

  constructor(options: GuestsOptions = {}) {
    this.#options = options;
  }

  generate(seed: number): FuzzCase<GuestSetup, GuestStep> {
    return generateGuests(seed);
  }

  run({ setup, steps }: FuzzCase<GuestSetup, GuestStep>): CaseResult {
    const worlds: GuestWorld[] = [];
    let performed = 0;
    try {
      const { engine = 'auto' } = this.#options;
      const addWorld = (secrets: number, frames: number) => {
        const world = new GuestWorld(setup, { secrets, frames, engine }, this.#spare.pop());
        this.#options.before?.(world.host);
        worlds.push(world);
        return world;
      };
      const first = addWorld(0, 0);
      // If frames are scarce, the second world would run out of them at another step.
      const pair = new GuestPair(first, setup.scarce > 0 ? null : addWorld(1, 37), setup.checkEvery);
      for (const step of steps) {
        performed++;
        const finding = pair.step(step);
        if (finding) return { finding, performed };
      }
      return { finding: pair.finish(), performed };
    } catch (error) {
      return {
        finding: { kind: 'breakdown', message: describeError(error) },
        performed: Math.max(performed, 1),
      };
    } finally {
      for (const world of worlds) this.#spare.push(world.release());
    }
  }

  *simpler(step: GuestStep): Iterable<GuestStep> {
    if (step.do !== 'run') return;
    const {
      code = [],
      gr = {},
      cr = {},
      at: _at,
      code: _code,
      gr: _gr,
      cr: _cr,
      psw: _psw,
      prefix: _prefix,
      ...bare
    } = step;
    if (step.at !== undefined && step.psw === undefined) yield bare;
    for (let i = 0; i < code.length; i++) yield { ...step, code: code.toSpliced(i, 1) };
    for (let i = 0; i < code.length; i++)
      if (code[i] !== '0700') yield { ...step, code: code.with(i, '0700') };
    for (const n of Object.keys(gr)) yield { ...step, gr: withoutKey(gr, n) };
    for (const n of Object.keys(cr)) yield { ...step, cr: withoutKey(cr, n) };
    if (step.limit > 1) yield { ...step, limit: step.limit >> 1 };
    const { prefix, ...rest } = step;
    if (prefix !== undefined) yield rest;
  }
}

function withoutKey<T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> {
  const { [key]: _, ...rest } = record;
  return rest;
}

/** One world, or two in which guests must see the same. */
class GuestPair {
  readonly #first: GuestWorld;
  readonly #second: GuestWorld | null;
  readonly #watch: Watch;
  readonly #checker: Checker;
  readonly #checkEvery: number;
  #count = 0;

  constructor(first: GuestWorld, second: GuestWorld | null, checkEvery: number) {
    this.#first = first;
    this.#second = second;
    this.#checkEvery = checkEvery;
    this.#watch = new Watch(first);
    this.#checker = Checker.attach(first.host);
  }

  step(step: GuestStep): CaseFinding | null {
    this.#count++;
    this.#checker.record(step.do);
    const answer = step.do === 'run' ? this.#slice(step) : { text: this.#first.perform(step), finding: null };
    if (answer.finding) return answer.finding;
    if (answer.text.startsWith('error')) this.#checker.suspect();
    return (
      this.#twin(step, answer.text) ??
      leaksInto(this.#first, this.#count % SEARCH_EVERY === 0) ??
      canaryFinding(this.#first) ??
      (this.#count % this.#checkEvery === 0 ? this.#rules(this.#checker.checkChanged()) : null)
    );
  }

  finish(): CaseFinding | null {
    return leaksInto(this.#first, true) ?? this.#rules(this.#checker.checkAll());
  }

  #rules([violation]: ReturnType<Checker['checkChanged']>): CaseFinding | null {
    return violation ? { kind: violation.rule, message: violation.message } : null;
  }

  /** Runs a slice, and checks that it has not changed anything outside of the guest. */
  #slice(step: RunStep): { readonly text: string; readonly finding: CaseFinding | null } {
    const world = this.#first;
    const cpu = world.cpus[step.cpu & 1] as Cpu;
    const host = hostStateOf(cpu);
    // The program and the registers are stored by the host.
    world.prepare(step);
    this.#watch.take(step.vm);
    const before = cpu.executed;
    const text = world.perform(step);
    const done = cpu.executed - before;
    const at = (kind: string, message: string) => ({ text, finding: { kind, message } });
    if (done > step.limit) return at('limit', `${done} units of work were done, ${step.limit} allowed`);
    if (cpu.busy) return at('busy', `processor ${cpu.address} is busy after the run`);
    if (world.host.running.has(cpu.address))
      return at('running', `processor ${cpu.address} is left in a gmap`);
    const now = hostStateOf(cpu);
    const different = Object.keys(host).find((name) => host[name] !== now[name]);
    if (different) {
      return at('host-state', `${different} of the host was ${host[different]} and is ${now[different]}`);
    }
    const changed = this.#watch.changed(step.vm);
    return changed ? at('escape', changed) : { text, finding: null };
  }

  /** Performs the step in the other world, and compares what guests and users see. */
  #twin(step: GuestStep, text: string): CaseFinding | null {
    const second = this.#second;
    if (second === null) return null;
    if (step.do === 'run') second.prepare(step);
    const other = second.perform(step);
    if (other !== text) {
      return { kind: 'twin', message: `with other secrets and frames: ${other}; before: ${text}` };
    }
    const difference = differenceBetween(this.#first, second);
    return difference ? { kind: 'twin', message: `with other secrets and frames, ${difference}` } : null;
  }
}

/** Returns the host's state of a processor, which a run must restore. */
function hostStateOf(cpu: Cpu): Record<string, string> {
  const state: Record<string, string> = {
    psw: `${cpu.pswMask} ${cpu.pswAddress}`,
    prefix: `${cpu.prefix}`,
    comparator: `${cpu.clockComparator}`,
    epoch: `${cpu.epoch}`,
    programmable: `${cpu.todProgrammable}`,
    'program parameter': `${cpu.programParameter}`,
    interruptions: cpu.interruptions,
    stopped: `${cpu.stopped}`,
    breaking: `${cpu.breakingHi} ${cpu.breakingLo}`,
    'SIE context': `${cpu.sie === null ? 'none' : 'present'}`,
  };
  // Control register 1 has the element of the process whose guest ran.
  for (let n = 0; n < 16; n++) if (n !== 1) state[`control register ${n}`] = `${cpu.cr[n]}`;
  return state;
}

/** Returns the state of virtual CPUs that guests and users see. */
function visibleOf(vcpu: Vcpu): Record<string, string> {
  if (vcpu.life.ended) return {};
  return {
    psw: `${vcpu.block.pswMask.toString(16)} ${vcpu.block.pswAddress.toString(16)}`,
    prefix: `${vcpu.block.prefix}`,
    'general registers': vcpu.gr.join(' '),
    'floating-point registers': `${vcpu.fr.join(' ')} ${vcpu.fpc}`,
    'access registers': vcpu.ar.join(' '),
    'guarded-storage registers': vcpu.guarded.join(' '),
    'control registers': Array.from({ length: 16 }, (_, n) => vcpu.control(n)).join(' '),
    stopped: `${vcpu.stopped}`,
  };
}

/** Returns how the guests' view differs between two worlds, or null. */
function differenceBetween(first: GuestWorld, second: GuestWorld): string | null {
  for (const [index, one] of first.machines.entries()) {
    const other = second.machine(index);
    for (const [n, vcpu] of one.vcpus.entries()) {
      const [a, b] = [visibleOf(vcpu), visibleOf(other.vcpus[n] as Vcpu)];
      const name = Object.keys(a).find((key) => a[key] !== b[key]);
      if (name) return `${name} of virtual CPU ${n} of machine ${index} are ${b[name]}, not ${a[name]}`;
    }
    if (one.mm.ended !== other.mm.ended) return `process ${index} has ended in one of them`;
    if (one.mm.ended) continue;
    const page = differentPage(first, second, index);
    if (page !== null)
      return `guest memory of machine ${index} at process page 0x${page.toString(16)} differs`;
  }
  return null;
}

/** Returns the first page of guest memory that differs between two worlds, or null. */
function differentPage(first: GuestWorld, second: GuestWorld, index: number): number | null {
  const frames = new Map<number, number>();
  const [start, end] = [HOME >> 12, (HOME + MEMORY) >> 12];
  eachFrame(second.machine(index).mm, start, end, (page, frame) => frames.set(page, frame));
  const [a, b] = [wordsOf(first), wordsOf(second)];
  let found: number | null = null;
  eachFrame(first.machine(index).mm, start, end, (page, frame) => {
    const other = frames.get(page);
    if (found !== null) return;
    if (other === undefined) found = page;
    for (let i = 0; i < 1024 && found === null; i++) {
      if (a[frame / 4 + i] !== b[(other as number) / 4 + i]) found = page;
    }
  });
  return found;
}

function wordsOf({ host }: GuestWorld): Int32Array {
  const { storage } = host.machine;
  return new Int32Array(storage.bytes.buffer, storage.bytes.byteOffset, storage.size / 4);
}

/** Returns a description of a changed canary page, or null. */
function canaryFinding(world: GuestWorld): CaseFinding | null {
  const { bytes } = world.host.machine.storage;
  for (const { mm, page, pattern } of world.canaries) {
    if (mm.ended) continue;
    const frame = frameOf(mm, page);
    const where = `canary page 0x${page.toString(16)} of process ${mm.id}`;
    if (frame === null) return { kind: 'canary', message: `${where} has no frame` };
    for (let i = 0; i < 4096; i++) {
      if (bytes[frame + i] !== pattern.page[i])
        return { kind: 'canary', message: `${where} has changed at ${i}` };
    }
  }
  return null;
}

/** Returns a description of a secret in the registers or, on request, the memory of a guest, or null. */
function leaksInto(world: GuestWorld, memory: boolean): CaseFinding | null {
  for (const [index, { mm, vcpus }] of world.machines.entries()) {
    const forbidden = [world.secret, ...world.own.filter((_, vm) => vm !== index)];
    for (const [n, vcpu] of vcpus.entries()) {
      for (const pattern of forbidden) {
        if ([...vcpu.gr, ...vcpu.fr].some((value) => pattern.has(value))) {
          return {
            kind: 'leak',
            message: `virtual CPU ${n} of machine ${index} has ${pattern.what} in a register`,
          };
        }
      }
    }
    if (!memory || mm.ended) continue;
    const words = wordsOf(world);
    let leak: CaseFinding | null = null;
    eachFrame(mm, HOME >> 12, (HOME + MEMORY) >> 12, (page, frame) => {
      if (leak !== null) return;
      const pattern = forbidden.find((one) => one.isIn(words, frame / 4, frame / 4 + 1024));
      if (pattern) {
        leak = {
          kind: 'leak',
          message: `process page 0x${page.toString(16)} of machine ${index} has ${pattern.what}`,
        };
      }
    });
    if (leak) return leak;
  }
  return null;
}
