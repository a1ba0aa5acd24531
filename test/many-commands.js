/**
 * Performs command lines of `guesthouse` one after the other in one process, for `command.ts`: most of the time of a short command is the
 * start of its process. Each has standard streams and an exit status of its own. As in a process of its own, a command has ended when
 * nothing is left that would keep the process running; one that leaves something is reported.
 *
 * JavaScript, because Node runs it without a build.
 */

import { PassThrough, Writable } from 'node:stream';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { main } from '../dist/cli/main.js';

/** The longest time in milliseconds from the end of `main` until nothing is left of a command. */
const REST = 10_000;

/** Returns a standard output, and what was written to it. */
function output() {
  /** @type {Buffer[]} */
  const parts = [];
  const stream = new Writable({
    write(part, _, done) {
      parts.push(part);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(parts).toString() };
}

/** Replaces a standard stream. @param {'stdin' | 'stdout' | 'stderr'} name @param {PassThrough | Writable} stream */
function replace(name, stream) {
  Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true });
}

/** Returns what keeps the process running. */
function active() {
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Immediate')
    .sort();
}

/** What does so between commands: the channel to the tests. */
let idle = '';

/** Waits until nothing more keeps the process running than before. Returns what still does. */
async function settled() {
  const end = performance.now() + REST;
  await turn();
  while (active().join() !== idle && performance.now() < end) await delay(1);
  const left = active();
  return left.join() === idle ? '' : `still active: ${left.join(' ')}`;
}

/** Calls what a command has added for the end of its process, and removes it. @param {Set<Function>} before */
function endOf(before) {
  for (const listener of process.listeners('exit')) {
    if (before.has(listener)) continue;
    process.exitCode ??= 0;
    listener.call(process, Number(process.exitCode));
    process.off('exit', listener);
  }
}

/** @param {{ args: string[], input: string }} line */
async function perform({ args, input }) {
  idle ||= active().join();
  const [out, err, stdin] = [output(), output(), new PassThrough()];
  replace('stdin', stdin.end(input));
  replace('stdout', out.stream);
  replace('stderr', err.stream);
  process.exitCode = undefined;
  const listeners = new Set(process.listeners('exit'));
  await main([process.execPath, 'bin/guesthouse.js', ...args]);
  const left = await settled();
  endOf(listeners);
  const status = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { status, out: out.text(), err: err.text() + left };
}

process.on('message', async (line) => {
  process.send?.(await perform(/** @type {{ args: string[], input: string }} */ (line)));
});
process.send?.('ready');
