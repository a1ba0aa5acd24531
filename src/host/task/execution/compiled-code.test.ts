/** Compiled code of processes while its bytes change. */

import { expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Linux } from '../linux.ts';
import { executable } from '../testing/index.ts';

/** A loop of 1000 rounds; read(0, the loop, 8); again. */
const PROGRAM = 'a76903e8 a73b0001 a767fffe a7290000 c030fffffffa a7490008 0a03 a7f4fff2';
/** exit(7), in place of the loop. */
const EXIT = Buffer.from('a72900070a010707', 'hex');
const LOOP = Buffer.from('a73b0001a767fffe', 'hex');

function start() {
  const machine = new Machine({ storageSize: 32 << 20, engine: 'compile' });
  const linux = new Linux(new Host(machine));
  linux.files.write('/program', executable(PROGRAM), 0o755);
  const input = linux.makeInput();
  const process = linux.spawn({ path: '/program', stdin: input });
  return { machine, linux, input, process };
}

it('a system call stores into a loop that is compiled', () => {
  const { linux, input, process } = start();
  // The first read changes nothing.
  input.pass(LOOP);
  input.pass(EXIT);
  expect(linux.run(process, 100_000)).toEqual({ kind: 'ended', status: { kind: 'exited', value: 7 } });
});

it('the caller stores into storage between two runs', () => {
  const { machine, linux, process } = start();
  expect(linux.run(process, 1500).kind).toBe('limit');
  const { bytes } = machine.storage;
  for (let at = 0; ; ) {
    at = Buffer.from(bytes.buffer, 0, bytes.length).indexOf(LOOP, at);
    if (at < 0) break;
    // The branch of the loop is next, and stays. SVC 1, with 0 in register 2.
    bytes.set([0x0a, 0x01], at);
  }
  expect(linux.run(process, 100_000)).toEqual({ kind: 'ended', status: { kind: 'exited', value: 0 } });
});
