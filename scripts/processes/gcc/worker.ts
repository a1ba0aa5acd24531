/** Runs programs as `guesthouse run` does, one after another in one process: a new machine and a new system for each. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Host } from '../../../src/host/index.ts';
import { Linux } from '../../../src/host/task/index.ts';
import { signalName } from '../../../src/host/task/internal.ts';
import { type Engine, Machine, Storage } from '../../../src/machine/index.ts';

/** A program that is to be run. */
export interface Order {
  readonly program: string;
  readonly engine: Engine;
  /** Maximum units of work. */
  readonly work: number;
}

/** How it ended. */
export interface Answer {
  /** `status N`, the name of a signal, or another reason. */
  readonly end: string;
  readonly work: number;
}

const STORAGE_SIZE = 256 << 20;
const storage = new Storage(STORAGE_SIZE);

function run({ program, engine, work }: Order): Answer {
  storage.clear(STORAGE_SIZE);
  const machine = new Machine({ storage, engine });
  const linux = new Linux(new Host(machine));
  const path = `/bin/${basename(program)}`;
  linux.files.write(path, readFileSync(program), 0o755);
  const process = linux.spawn({ path, directory: '/tmp' });
  const end = linux.run(process, work);
  if (end.kind !== 'ended') return { end: end.kind, work: linux.work };
  const { kind, value } = end.status;
  return { end: kind === 'exited' ? `status ${value}` : signalName(value), work: linux.work };
}

process.on('message', (order: Order) => {
  let answer: Answer;
  try {
    answer = run(order);
  } catch (error) {
    answer = { end: `error: ${(error as Error).message}`, work: 0 };
  }
  process.send?.(answer);
});
