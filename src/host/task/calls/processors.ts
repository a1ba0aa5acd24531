/** System calls about processors: sched_getaffinity(2), sched_setaffinity(2), getcpu(2), rseq(2). */

import { LinuxError } from '../../errors.ts';
import { forgetProcessor, RSEQ_LENGTH } from '../process/restartable.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { call } from './line.ts';

/** Length of a set of processors in bytes: a machine has 64 at most. */
const SET = 8;
/** A flag of rseq. */
const UNREGISTER = 1;

/** Returns the number of processors. */
function count(system: System): number {
  return system.host.machine.cpus.length;
}

/** Returns a thread by its number, 0 for the caller. @throws LinuxError EINVAL, ESRCH */
export function threadOf({ threads }: System, caller: Thread, tid: number): Thread {
  if (tid < 0) throw new LinuxError('EINVAL', `thread ${tid}`);
  const found = tid === 0 ? caller : threads.get(tid);
  if (found === undefined) throw new LinuxError('ESRCH', `there is no thread ${tid}`);
  return found;
}

function schedGetaffinity(system: System, thread: Thread, tid: number, size: number, at: number): number {
  if (size === 0 || size % SET !== 0) throw new LinuxError('EINVAL', `a set of processors of ${size} bytes`);
  const { affinity } = threadOf(system, thread, tid);
  const view = new DataView(new ArrayBuffer(SET));
  view.setBigUint64(0, BigInt.asUintN(count(system), affinity));
  thread.space.memory.write(at, new Uint8Array(view.buffer));
  return SET;
}

function schedSetaffinity(system: System, thread: Thread, tid: number, size: number, at: number): number {
  const bytes = new Uint8Array(SET);
  bytes.set(thread.space.memory.read(at, Math.min(size, SET)));
  const target = threadOf(system, thread, tid);
  const { euid } = thread.credentials;
  if (euid !== 0 && euid !== target.credentials.uid && euid !== target.credentials.euid)
    throw new LinuxError('EPERM', `thread ${tid} belongs to another user`);
  const wanted = BigInt.asUintN(count(system), new DataView(bytes.buffer).getBigUint64(0));
  if (wanted === 0n) throw new LinuxError('EINVAL', 'no processor of the set is there');
  target.affinity = wanted;
  return 0;
}

function getcpu(_: System, { space, processor }: Thread, cpuAt: number, nodeAt: number): number {
  if (cpuAt !== 0) space.memory.setU32(cpuAt, processor);
  if (nodeAt !== 0) space.memory.setU32(nodeAt, 0);
  return 0;
}

function rseq(
  _: System,
  thread: Thread,
  address: number,
  length: number,
  flags: number,
  signature: number,
): number {
  const { restartable } = thread;
  if (flags !== 0 && flags !== UNREGISTER) throw new LinuxError('EINVAL', `flags ${flags} of rseq`);
  if (length !== RSEQ_LENGTH) throw new LinuxError('EINVAL', `a struct rseq of ${length} bytes`);
  if (restartable !== null && restartable.address !== address)
    throw new LinuxError('EINVAL', 'another address is registered');
  if (restartable !== null && restartable.signature !== signature)
    throw new LinuxError('EPERM', 'another signature is registered');
  if (flags === UNREGISTER) {
    if (restartable === null) throw new LinuxError('EINVAL', 'nothing is registered');
    forgetProcessor(thread, restartable);
    thread.restartable = null;
    return 0;
  }
  if (restartable !== null) throw new LinuxError('EBUSY', 'it is registered');
  if (address % RSEQ_LENGTH !== 0) throw new LinuxError('EINVAL', `struct rseq at ${address}`);
  thread.restartable = { address, signature };
  thread.sequenceBroken = true;
  return 0;
}

/** The system calls about processors. */
export const PROCESSOR_CALLS = [
  call('sched_getaffinity', 'int uint addr', schedGetaffinity),
  call('sched_setaffinity', 'int uint addr', schedSetaffinity),
  call('getcpu', 'addr addr addr', getcpu),
  call('rseq', 'addr uint int uint', rseq, 'the fields after the first 20 bytes of struct rseq'),
];
