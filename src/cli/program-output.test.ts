/** The order and the speed of a program's output. */

import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { ProgramOutputs } from './program-output.ts';

function writer(log: string[]) {
  return { pause: () => void log.push('pause'), resume: () => void log.push('resume') };
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

it('is written at once when it is flushed, in the order of the streams', () => {
  const written: string[] = [];
  const stream = (name: string) =>
    new Writable({
      write(part: Buffer, _, done) {
        written.push(`${name} ${part}`);
        done();
      },
    });
  const outputs = new ProgramOutputs(() => {});
  const out = outputs.taker(stream('out'), writer([]));
  const error = outputs.taker(stream('error'), writer([]));
  out(bytes('a'));
  out(bytes('b'));
  expect(written).toEqual([]);
  error(bytes('c'));
  out(bytes('d'));
  outputs.flush();
  expect(written).toEqual(['out ab', 'error c', 'out d']);
});

it('keeps its bytes, even if the buffer is used again', () => {
  const stream = new PassThrough();
  const outputs = new ProgramOutputs(() => {});
  const part = bytes('a');
  outputs.taker(stream, writer([]))(part);
  part[0] = 0;
  outputs.flush();
  expect(String(stream.read())).toBe('a');
});

it('does not wait for a flush when there is much of it', () => {
  const stream = new PassThrough({ highWaterMark: 1 << 20 });
  const outputs = new ProgramOutputs(() => {});
  outputs.taker(stream, writer([]))(new Uint8Array(1 << 16));
  expect(stream.readableLength).toBe(1 << 16);
});

it('pauses the writer while the reader is slow', async () => {
  const log: string[] = [];
  let read: () => void = () => {};
  const stream = new Writable({
    highWaterMark: 10,
    write(_part, _encoding, done) {
      read = done;
    },
  });
  const outputs = new ProgramOutputs(() => log.push('changed'));
  outputs.taker(stream, writer(log))(new Uint8Array(20));
  outputs.flush();
  expect(log).toEqual(['pause']);
  read();
  await new Promise(setImmediate);
  expect(log).toEqual(['pause', 'resume', 'changed']);
});
