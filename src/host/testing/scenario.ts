/**
 * Runs scenarios of operations on a host and on the model of it, and compares after each operation all that can
 * be compared: the answer, the segments of every gmap, the counts, what processors remember, and the locks.
 */

import { LinuxError } from '../errors.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { makeHost, pictureOf, staleTranslations, type TestHost } from './hosts.ts';
import { Model, type Outcome } from './model.ts';
import { CPUS, dataOf, GMAPS, type Operation, PROCESSES } from './operations.ts';

/** What a run may be told. */
export interface ScenarioOptions {
  /** Called before the first operation. */
  readonly before?: (host: Host) => void;
  /** Called after each operation, when it has been compared. */
  readonly afterEach?: (host: Host, operation: Operation) => void;
  /** Bytes of storage; default 32 MiB, which no scenario of a few thousand operations exhausts. */
  readonly storageSize?: number;
}

/** A world after a scenario. */
export interface World extends TestHost {
  readonly model: Model;
  readonly processes: readonly Mm[];
  readonly gmaps: readonly (Gmap | null)[];
  /** How many operations were done, and how many had an allocation fail. */
  readonly done: number;
  readonly failed: number;
}

/**
 * Runs the operations on a new world.
 * @throws Error that names the operation after which host and model differ
 */
export function runScenario(operations: readonly Operation[], options: ScenarioOptions = {}): World {
  const runner = new Runner(options);
  options.before?.(runner.host);
  for (const [index, operation] of operations.entries()) {
    try {
      runner.step(operation);
      options.afterEach?.(runner.host, operation);
    } catch (error) {
      const text = JSON.stringify(operation);
      throw new Error(`operation ${index}, ${text}: ${(error as Error).message}`, { cause: error });
    }
  }
  runner.compareContents();
  return runner;
}

/**
 * A short scenario that still fails, made from one that does by leaving out pieces, large ones first.
 *
 * @param fails whether a scenario fails
 * @param attempts how many scenarios may be tried
 */
export function cutDown(
  operations: readonly Operation[],
  fails: (operations: readonly Operation[]) => boolean,
  attempts = 300,
): readonly Operation[] {
  let kept = operations;
  let left = attempts;
  for (let piece = Math.ceil(kept.length / 2); piece > 0 && left > 0; piece = Math.floor(piece / 2)) {
    // From the end on: the last operations are what fails, or not needed at all.
    for (let at = kept.length - piece; at > -piece && left > 0; at -= piece) {
      const without = [...kept.slice(0, Math.max(at, 0)), ...kept.slice(at + piece)];
      left--;
      if (fails(without)) kept = without;
    }
  }
  return kept;
}

class Runner implements World {
  readonly host: Host;
  readonly machine: TestHost['machine'];
  readonly problems: string[];
  readonly model = new Model();
  readonly processes: Mm[];
  readonly gmaps: (Gmap | null)[] = Array.from({ length: GMAPS }, () => null);
  done = 0;
  failed = 0;

  constructor({ storageSize = 0x200_0000 }: ScenarioOptions) {
    const { host, machine, problems } = makeHost({ cpus: CPUS, storageSize });
    this.host = host;
    this.machine = machine;
    this.problems = problems;
    this.processes = Array.from({ length: PROCESSES }, () => host.createProcess());
  }

  step(operation: Operation): void {
    const outcome = operation.failAt ? this.#failing(operation, operation.failAt) : this.#outcome(operation);
    same('answer', outcome, this.model.apply(operation));
    if (outcome.code !== 'skipped') this.done++;
    this.#compare();
  }

  /** With an allocation that fails: the operation then says ENOMEM and, unless it is an access, changes nothing. */
  #failing(operation: Operation, n: number): Outcome {
    const { frames } = this.host.kernel;
    const before = this.#picture();
    frames.failIn(n);
    const outcome = this.#outcome(operation);
    const fired = outcome.code !== 'skipped' && frames.failing === 0;
    frames.failIn(0);
    if (!fired) return outcome;
    this.failed++;
    same('answer to a failed allocation', outcome.code, 'ENOMEM');
    // An access is made of several faults; those before the one that failed are done.
    if (!/Read|Write/.test(operation.op)) same('world after ENOMEM', this.#picture(), before);
    same('locks held', this.host.kernel.locks.held.length, 0);
    return this.#outcome(operation);
  }

  #picture(): unknown {
    return this.processes.map((mm) => {
      const gmaps = this.gmaps.filter((gmap) => gmap?.mm === mm) as Gmap[];
      const { tables, ...rest } = pictureOf(this.host, mm, ...gmaps);
      return { ...rest, tables: [...tables] };
    });
  }

  #outcome(operation: Operation): Outcome {
    try {
      const value = this.#do(operation);
      if (value === null) return { code: 'skipped' };
      return value === undefined ? { code: 'ok' } : { code: 'ok', value };
    } catch (error) {
      if (error instanceof LinuxError) return { code: error.code };
      throw error;
    }
  }

  /** Does it. Null when there is nobody to do it. */
  #do(operation: Operation): string | undefined | null {
    const { host } = this;
    switch (operation.op) {
      case 'alloc':
        if (this.gmaps[operation.gmap]) return null;
        this.gmaps[operation.gmap] = host.createGmap(this.processes[operation.process] as Mm, operation.gmap);
        return undefined;
      case 'exit':
        return this.#exit(operation.process);
      case 'map':
      case 'unmap':
      case 'fault':
      case 'discard':
      case 'free':
      case 'guestRead':
      case 'guestWrite': {
        const gmap = this.gmaps[operation.gmap];
        return gmap ? this.#guest(operation, gmap) : null;
      }
      default:
        return this.#process(operation, this.processes[operation.process] as Mm);
    }
  }

  #exit(slot: number): undefined {
    const mm = this.processes[slot] as Mm;
    const { frames } = this.host.kernel;
    for (const [i, gmap] of this.gmaps.entries()) if (gmap?.mm === mm) this.gmaps[i] = null;
    this.host.endProcess(mm);
    // The next process in this slot comes into being whatever fails.
    const failing = frames.failing;
    frames.failIn(0);
    this.processes[slot] = this.host.createProcess();
    frames.failIn(failing);
  }

  #process(
    operation: Extract<Operation, { readonly process: number; readonly page: number }>,
    mm: Mm,
  ): string | undefined {
    const address = BigInt(operation.page) << 12n;
    switch (operation.op) {
      case 'mmap':
        demandLow(operation);
        mm.mmap({
          address,
          length: BigInt(operation.count) << 12n,
          protection: operation.protection,
          taken: operation.replace ? 'replace' : 'refuse',
        });
        return undefined;
      case 'munmap':
        demandLow(operation);
        mm.munmap(address, BigInt(operation.count) << 12n);
        return undefined;
      case 'mprotect':
        demandLow(operation);
        mm.mprotect(address, BigInt(operation.count) << 12n, operation.protection);
        return undefined;
      case 'dontNeed':
        demandLow(operation);
        mm.dontNeed(address, BigInt(operation.count) << 12n);
        return undefined;
    }
    const at = address + BigInt(operation.offset);
    const cpu = this.machine.cpu(operation.cpu);
    switch (operation.op) {
      case 'processRead':
        return hexOf(this.host.readAsProcess(mm, cpu, at, operation.length));
      case 'kernelRead':
        return hexOf(mm.read(at, operation.length));
      case 'processWrite':
        this.host.writeAsProcess(mm, cpu, at, dataOf(operation.value, operation.length));
        return undefined;
      case 'kernelWrite':
        mm.write(at, dataOf(operation.value, operation.length));
        return undefined;
    }
  }

  #guest(
    operation: Exclude<Extract<Operation, { readonly gmap: number }>, { readonly op: 'alloc' }>,
    gmap: Gmap,
  ): string | undefined {
    const segments = (count: number) => BigInt(count) << 20n;
    switch (operation.op) {
      case 'map': {
        const { from, to, count } = operation;
        gmap.map({ from: segments(from), to: segments(to), length: segments(count) });
        return undefined;
      }
      case 'unmap':
        gmap.unmap({ to: segments(operation.to), length: segments(operation.count) });
        return undefined;
      case 'fault':
        return gmap.fault(BigInt(operation.page) << 12n).toString(16);
      case 'discard': {
        const from = BigInt(operation.page) << 12n;
        gmap.discard({ from, to: from + (BigInt(operation.count) << 12n) });
        return undefined;
      }
      case 'free':
        gmap.free();
        this.gmaps[operation.gmap] = null;
        return undefined;
    }
    const at = (BigInt(operation.page) << 12n) + BigInt(operation.offset);
    const cpu = this.machine.cpu(operation.cpu);
    if (operation.op === 'guestRead') return hexOf(this.host.readAsGuest(gmap, cpu, at, operation.length));
    this.host.writeAsGuest(gmap, cpu, at, dataOf(operation.value, operation.length));
    return undefined;
  }

  #compare(): void {
    const { host, model } = this;
    const { frames, locks } = host.kernel;
    same('counts', host.stats(), model.stats());
    for (const [slot, gmap] of this.gmaps.entries()) {
      const found = gmap ? [...gmap.segments()] : [];
      const text = found.map(
        ({ guest, process, linked }) => `${guest >> 20n} ${linked ? 'linked' : 'mapped'} ${process >> 20n}`,
      );
      same(`segments of gmap ${slot}`, text, model.segmentsOf(slot));
    }
    const pages = model.processes.reduce((sum, { content }) => sum + content.size, 0);
    same('pages', frames.count('page'), pages);
    const tables = model.processes.reduce((sum, { segmentTables }) => sum + 1 + segmentTables.size, 0);
    same('tables of processes', frames.count('mm-table'), tables * 4);
    const plain = model.processes.filter(({ pgstes }) => !pgstes);
    const halves = plain.reduce((sum, { pageTables }) => sum + pageTables.size, 0);
    const shared = frames.count('page-table');
    if (shared > halves || shared * 2 < halves) {
      throw new Error(`${shared} frames for ${halves} page tables of 2 KiB`);
    }
    const live = [...this.processes, ...this.gmaps.filter((gmap) => gmap !== null)];
    same(
      'stale translations',
      staleTranslations(
        host,
        live.map(({ asce }) => asce),
      ),
      [],
    );
    same('locks held', locks.held.length, 0);
    same('wrong uses of locks', this.problems, []);
  }

  /** Every byte that the model knows, as a process and as every guest that has it sees it. */
  compareContents(): void {
    for (const [slot, process] of this.model.processes.entries()) {
      const mm = this.processes[slot] as Mm;
      for (const [page, content] of process.content) {
        const cpu = this.machine.cpu(page % CPUS);
        if (process.mapped.get(page) === 0) continue;
        const found = this.host.readAsProcess(mm, cpu, BigInt(page) << 12n, 4096);
        same(`process ${slot}, page ${page}`, hexOf(found), hexOf(content));
      }
    }
    for (const [slot, guest] of this.model.gmaps.entries()) {
      for (const [segment, { process, linked }] of guest?.segments ?? []) {
        for (let page = 0; linked && page < 256; page++) {
          const content = guest?.process.content.get(process * 256 + page);
          if (!content || guest?.process.mapped.get(process * 256 + page) === 0) continue;
          const address = (BigInt(segment) << 20n) + (BigInt(page) << 12n);
          const found = this.host.readAsGuest(
            this.gmaps[slot] as Gmap,
            this.machine.cpu(page % CPUS),
            address,
            4096,
          );
          same(`gmap ${slot}, ${address.toString(16)}`, hexOf(found), hexOf(content));
        }
      }
    }
  }
}

/** The model knows of no address beyond 4 TiB. */
function demandLow({ page, count }: { readonly page: number; readonly count: number }): void {
  if (page + count > 2 ** 30) throw new LinuxError('EINVAL', 'beyond 4 TiB');
}

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

function same(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [textOf(found), textOf(expected)];
  if (a !== b) throw new Error(`${what}: found ${a}, expected ${b}`);
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part));
}
