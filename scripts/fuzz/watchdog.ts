/**
 * Ends the process if a run takes too long. A run that hangs blocks its thread, so another thread watches it.
 */

import { Worker } from 'node:worker_threads';
import type { ShardSummary } from '../../src/fuzz/index.ts';

const SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
let summary = null;
let last = Date.now();
parentPort.on('message', (message) => {
  summary = message;
  last = Date.now();
});
setInterval(() => {
  if (Date.now() - last < workerData.seconds * 1000 || summary === null) return;
  const { what, seed, shard, runs } = summary;
  const run = shard.index + runs * shard.of;
  const finding = { kind: 'hang', message: 'the run takes more than ' + workerData.seconds + ' s' };
  const failures = [...summary.failures, { what, seed, run, finding, setup: null, steps: [] }];
  const text = workerData.json
    ? JSON.stringify({ ...summary, failures })
    : 'FAILED hang: seed ' + seed + ', run ' + run + ': ' + finding.message;
  writeSync(1, text + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);
`;

export class Watchdog {
  readonly #worker: Worker;

  /** @param seconds time without a `beat` after which the process ends */
  constructor(seconds: number, json: boolean) {
    this.#worker = new Worker(SOURCE, { eval: true, workerData: { seconds, json } });
    this.#worker.unref();
  }

  /**
   * Reports that a run begins.
   * @param summary the report if this run hangs
   */
  beat(summary: ShardSummary): void {
    this.#worker.postMessage(summary);
  }

  end(): void {
    void this.#worker.terminate();
  }
}
