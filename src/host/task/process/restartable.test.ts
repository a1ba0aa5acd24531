/** Restartable sequences and the processors that threads run on. */

import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { codeOf } from '../../testing/index.ts';
import { SIG } from '../abi/signals.ts';
import { PROCESSOR_CALLS } from '../calls/processors.ts';
import { Linux } from '../index.ts';
import { executable, MEMORY, makeLinux, makeThread } from '../testing/index.ts';
import { resumeSequence } from './restartable.ts';
import type { Thread } from './task.ts';

/**
 * Registers struct rseq and a sequence of one instruction, a jump to itself; forks, and the child jumps to itself, too. Where the sequence is
 * aborted, it kills the child, and ends with status 42, to which the number of the processor and what is left of rseq_cs are added.
 */
const LOOPS =
  '0707070707070707a719017fc0200000004ea7390020a7490000c051123456780a00b9020022a7740024c0300000002fc0400000003ce330400800240a02b9020022a7740004a7f40000a7f4000012345678a73900090a25c04000000028e320400800045a204004a72b002a0af8a72900010af80707070707070707070707070707070707070707000000000000000000000000000100c2000000000000000400000000000100ca5555555555555555000000000000000000000000000000000000000000000000';
/** Registers struct rseq, moves to processor 2, and ends with the number of getcpu * 16 + that in memory, or with 1 if it cannot move. */
const MOVES =
  '0707070707070707a719017fc0200000004ea7390020a7490000c051123456780a00c04000000033a7290000a73900080aefb9020022a774001bc0200000002ba7390000a7490000a71901370a00c03000000021e32030000016eb220004000dc040000000245a2040040af8a72900010af8070707070707070707070707070707070707070707070000000000000004ffffffffffffffff070707070707070707070707070707075555555555555555000000000000000000000000000000000000000000000000';

const AREA = MEMORY;
const SEQUENCE = MEMORY + 0x100;
const CODE = MEMORY + 0x200;
const ABORT = MEMORY + 0x300;
const SIGNATURE = 0x1234_5678;

function statusOf(code: string, cpus: number, engine: 'auto' | 'interpret' = 'auto') {
  const linux = new Linux(new Host(new Machine({ storageSize: 64 << 20, cpus, engine })));
  linux.files.write('/bin/test', executable(code), 0o755);
  return linux.wait(linux.spawn({ path: '/bin/test' }));
}

function performer(thread: Thread, system = makeLinux().system) {
  return (name: string, ...args: number[]) =>
    PROCESSOR_CALLS.find((line) => line.name === name)!.run(system, thread, ...args);
}

/** A thread with struct rseq, in a sequence of 16 bytes. */
function threadInSequence(): Thread {
  const thread = makeThread(makeLinux().system);
  const { memory } = thread.space;
  thread.restartable = { address: AREA, signature: SIGNATURE };
  thread.processor = 3;
  memory.setU64(AREA + 8, SEQUENCE);
  memory.setU64(SEQUENCE + 8, CODE);
  memory.setU64(SEQUENCE + 16, 16);
  memory.setU64(SEQUENCE + 24, ABORT);
  memory.setU32(ABORT - 4, SIGNATURE);
  thread.registers.address = CODE + 4;
  return thread;
}

describe('a thread that loses its processor', () => {
  it('aborts the sequence that it is in', () => {
    const thread = threadInSequence();
    thread.sequenceBroken = true;
    expect(resumeSequence(thread)).toBe(true);
    expect(thread.registers.address).toBe(ABORT);
    expect(thread.space.memory.u64(AREA + 8)).toBe(0);
    expect([thread.space.memory.u32(AREA), thread.space.memory.u32(AREA + 4)]).toEqual([3, 3]);
    expect(thread.sequenceBroken).toBe(false);
  });

  it.each([
    ['before', CODE - 2],
    ['behind', CODE + 16],
  ])('goes on if it is %s the sequence', (_, address) => {
    const thread = threadInSequence();
    thread.registers.address = address;
    expect(resumeSequence(thread)).toBe(true);
    expect(thread.registers.address).toBe(address);
    expect(thread.space.memory.u64(AREA + 8)).toBe(0);
  });

  it.each<[string, (thread: Thread) => void]>([
    ['of another version', ({ space }) => space.memory.setU32(SEQUENCE, 1)],
    ['with flags', ({ space }) => space.memory.setU32(SEQUENCE + 4, 1)],
    ['with flags of the thread', ({ space }) => space.memory.setU32(AREA + 16, 4)],
    ['with another signature', ({ space }) => space.memory.setU32(ABORT - 4, 1)],
    ['that is aborted inside', ({ space }) => space.memory.setU64(SEQUENCE + 16, ABORT - CODE + 1)],
    ['that begins nowhere', ({ space }) => space.memory.setU64(SEQUENCE + 8, -4096)],
    ['that nothing is mapped at', ({ space }) => space.memory.setU64(AREA + 8, 0x1000)],
    [
      'whose thread has no memory',
      (thread) => {
        thread.restartable = { address: 0x1000, signature: SIGNATURE };
      },
    ],
  ])('cannot resume a sequence %s', (_, spoil) => {
    const thread = threadInSequence();
    spoil(thread);
    expect(resumeSequence(thread)).toBe(false);
    expect(thread.registers.address).toBe(CODE + 4);
  });

  it.each(['auto', 'interpret'] as const)('aborts while it executes (%s)', (engine) => {
    expect(statusOf(LOOPS, 1, engine)).toEqual({ kind: 'exited', value: 42 });
  });

  it('is ended by SIGSEGV if struct rseq is nowhere', () => {
    // The same program, with the address 0x20.
    const nowhere = LOOPS.replace('c0200000004e', 'a72900200707');
    expect(nowhere).not.toBe(LOOPS);
    expect(statusOf(nowhere, 1)).toEqual({ kind: 'killed', value: SIG.SEGV });
  });
});

describe('processors', () => {
  it('are those that a thread may run on, and it sees where it is', () => {
    expect(statusOf(MOVES, 3)).toEqual({ kind: 'exited', value: 2 * 16 + 2 });
    expect(statusOf(MOVES, 64)).toEqual({ kind: 'exited', value: 2 * 16 + 2 });
    expect(statusOf(MOVES, 2)).toEqual({ kind: 'exited', value: 1 });
  });

  it('are set and read as words of 64 bits', () => {
    const { system } = new Linux(new Host(new Machine({ cpus: 3, storageSize: 64 << 20 })));
    const thread = makeThread(system);
    const call = performer(thread, system);
    const { memory } = thread.space;
    expect(call('sched_getaffinity', 0, 128, MEMORY)).toBe(8);
    expect(memory.u64(MEMORY)).toBe(7);
    memory.setU64(MEMORY, 0xfe);
    expect(call('sched_setaffinity', thread.tid, 128, MEMORY)).toBe(0);
    expect(call('sched_getaffinity', 0, 8, MEMORY)).toBe(8);
    expect(memory.u64(MEMORY)).toBe(6);
    expect(codeOf(() => call('sched_getaffinity', 0, 0, MEMORY))).toBe('EINVAL');
    expect(codeOf(() => call('sched_getaffinity', 0, 20, MEMORY))).toBe('EINVAL');
    expect(codeOf(() => call('sched_getaffinity', 12345, 8, MEMORY))).toBe('ESRCH');
    // Processors that are not there, and a set that is cut off before those that are.
    memory.setU64(MEMORY, 0xf8);
    expect(codeOf(() => call('sched_setaffinity', 0, 8, MEMORY))).toBe('EINVAL');
    memory.setU64(MEMORY, 1);
    expect(codeOf(() => call('sched_setaffinity', 0, 7, MEMORY))).toBe('EINVAL');
    expect(codeOf(() => call('sched_setaffinity', 12345, 8, MEMORY))).toBe('ESRCH');
    expect(codeOf(() => call('sched_setaffinity', -1, 8, MEMORY))).toBe('EINVAL');
    expect(codeOf(() => call('sched_setaffinity', 0, 8, 0x10))).toBe('EFAULT');
  });

  it('of another user are not set', () => {
    const { system } = makeLinux();
    const thread = makeThread(system);
    const stranger = makeThread(system, { uid: 1000 });
    const call = performer(stranger, system);
    stranger.space.memory.setU64(MEMORY, 1);
    expect(codeOf(() => call('sched_setaffinity', thread.tid, 8, MEMORY))).toBe('EPERM');
    expect(call('sched_setaffinity', stranger.tid, 8, MEMORY)).toBe(0);
    expect(stranger.affinity).toBe(1n);
  });
});

describe('rseq', () => {
  it('registers one struct rseq and takes it back', () => {
    const thread = makeThread(makeLinux().system);
    const rseq = (...args: number[]) => performer(thread)('rseq', ...args);
    expect(codeOf(() => rseq(0, 0, 0, 0))).toBe('EINVAL');
    expect(codeOf(() => rseq(AREA + 8, 32, 0, 1))).toBe('EINVAL');
    expect(codeOf(() => rseq(AREA, 32, 2, 1))).toBe('EINVAL');
    expect(codeOf(() => rseq(AREA, 32, 1, 1))).toBe('EINVAL');
    expect(rseq(AREA, 32, 0, 1)).toBe(0);
    expect(codeOf(() => rseq(AREA, 32, 0, 1))).toBe('EBUSY');
    expect(codeOf(() => rseq(AREA, 32, 0, 2))).toBe('EPERM');
    expect(codeOf(() => rseq(AREA + 32, 32, 0, 1))).toBe('EINVAL');
    expect(codeOf(() => rseq(AREA, 32, 1, 2))).toBe('EPERM');
    expect(codeOf(() => rseq(AREA, 20, 1, 1))).toBe('EINVAL');
    expect(rseq(AREA, 32, 1, 1)).toBe(0);
    expect(thread.restartable).toBeNull();
    expect(thread.space.memory.u32(AREA + 4)).toBe(0xffff_ffff);
  });
});
