/** Compiled code of processes while its bytes change. */

import { expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Linux } from '../linux.ts';

const CODE_AT = 0x78;
/** A loop of 1000 rounds; read(0, the loop, 8); again. */
const PROGRAM = 'a76903e8 a73b0001 a767fffe a7290000 c030fffffffa a7490008 0a03 a7f4fff2';
/** exit(7), in place of the loop. */
const EXIT = Buffer.from('a72900070a010707', 'hex');
const LOOP = Buffer.from('a73b0001a767fffe', 'hex');

/** Returns an executable with one segment, which can be read, written and executed. */
function executable(code: string): Uint8Array {
  const bytes = Buffer.from(code.replaceAll(' ', ''), 'hex');
  const file = Buffer.alloc(CODE_AT + bytes.length);
  file.write('7f454c4602020100', 'hex');
  // ET_EXEC, EM_S390, EV_CURRENT; the entry; one program header of 56 bytes behind the header of 64.
  file.write('0002001600000001', 16, 'hex');
  file.writeBigUInt64BE(BigInt(0x1_0000 + CODE_AT), 24);
  file.writeBigUInt64BE(64n, 32);
  file.write('0040003800010000', 52, 'hex');
  // PT_LOAD, PF_R | PF_W | PF_X.
  file.write('0000000100000007', 64, 'hex');
  file.writeBigUInt64BE(0x1_0000n, 80);
  file.writeBigUInt64BE(0x1_0000n, 88);
  file.writeBigUInt64BE(BigInt(file.length), 96);
  file.writeBigUInt64BE(BigInt(file.length), 104);
  file.writeBigUInt64BE(0x1000n, 112);
  file.set(bytes, CODE_AT);
  return file;
}

function start() {
  const machine = new Machine({ storageSize: 32 << 20, engine: 'compile' });
  const linux = new Linux(new Host(machine));
  linux.files.write('/program', executable(PROGRAM), 0o755);
  const input = linux.makeInput();
  const out = linux.makeOutput(() => {});
  const process = linux.spawn({ path: '/program', files: [input.open(0), out.open(1), out.open(2)] });
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
