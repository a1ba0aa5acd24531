/**
 * Restartable sequences: a thread tells where it says which processor it is on, and which code must begin again if it loses the processor.
 * Linux: include/uapi/linux/rseq.h describes the structures.
 */

import { LinuxError } from '../../errors.ts';
import { isAwaited } from './page-waits.ts';
import type { Restartable, Thread } from './task.ts';

/** Length of struct rseq in bytes, and its fields: the version with 20 bytes of fields. */
export const RSEQ_LENGTH = 32;
const RSEQ = { CPU_START: 0, CPU: 4, SEQUENCE: 8, FLAGS: 16 } as const;
/** Length of struct rseq_cs, and its fields. */
const SEQUENCE_LENGTH = 32;
const SEQUENCE = { VERSION: 0, FLAGS: 4, START: 8, LENGTH: 16, ABORT: 24 } as const;
/** Addresses from here on are no addresses of a process. */
const TASK_SIZE = 2n ** 64n - 4096n;
const UNINITIALIZED = 0xffff_ffff;

/**
 * Does what is due when a thread goes on after it has lost its processor, or before a signal handler: a sequence that it was in is aborted,
 * and the number of the processor is stored. Returns false if the structures are wrong or cannot be accessed: that is SIGSEGV.
 * @throws PendingFault if the kernel is to wait for a page of the structures: nothing is done then
 */
export function resumeSequence(thread: Thread): boolean {
  const { restartable } = thread;
  if (restartable !== null) {
    try {
      abortSequence(thread, restartable);
      storeProcessor(thread, restartable.address, thread.processor, thread.processor);
    } catch (error) {
      if (!(error instanceof LinuxError) || isAwaited(error)) throw error;
      thread.sequenceBroken = false;
      return false;
    }
  }
  thread.sequenceBroken = false;
  return true;
}

/** Says in memory that the thread is not registered any more. @throws LinuxError EFAULT */
export function forgetProcessor(thread: Thread, { address }: Restartable): void {
  storeProcessor(thread, address, 0, UNINITIALIZED);
}

function storeProcessor({ space }: Thread, address: number, start: number, processor: number): void {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(RSEQ.CPU_START, start);
  view.setUint32(RSEQ.CPU, processor);
  space.memory.write(address, new Uint8Array(view.buffer));
}

/** What describes a restartable sequence. */
interface Sequence {
  /** Its struct rseq_cs. */
  readonly view: DataView;
  /** What stands before the place where it is aborted. */
  readonly signature: number;
  /** Flags of struct rseq. */
  readonly flags: number;
}

/** Reads what describes the sequence that a thread is in, or says that it is in none. @throws LinuxError EFAULT */
export function readSequence({ space: { memory } }: Thread, { address }: Restartable): Sequence | null {
  const at = memory.u64(address + RSEQ.SEQUENCE);
  if (at === 0) return null;
  const view = memory.struct(at, SEQUENCE_LENGTH);
  const abort = Number(view.getBigUint64(SEQUENCE.ABORT));
  return { view, signature: memory.u32(abort - 4), flags: memory.u32(address + RSEQ.FLAGS) };
}

/** Continues at the abort handler if the thread is in its sequence. @throws LinuxError EINVAL, EFAULT */
function abortSequence(thread: Thread, restartable: Restartable): void {
  const { registers, space } = thread;
  const sequence = readSequence(thread, restartable);
  if (sequence === null) return;
  const { view } = sequence;
  const start = view.getBigUint64(SEQUENCE.START);
  const length = view.getBigUint64(SEQUENCE.LENGTH);
  const abort = view.getBigUint64(SEQUENCE.ABORT);
  const demand = (condition: boolean) => {
    if (!condition) throw new LinuxError('EINVAL', 'a restartable sequence is described wrongly');
  };
  demand(view.getUint32(SEQUENCE.VERSION) === 0);
  demand(start < TASK_SIZE && abort < TASK_SIZE && start + length < TASK_SIZE);
  demand(abort < start || abort - start >= length);
  demand(sequence.signature === restartable.signature);
  const address = BigInt(registers.address);
  const isInside = address >= start && address - start < length;
  // Flags that let a sequence go on are of the past.
  if (isInside) demand(view.getUint32(SEQUENCE.FLAGS) === 0 && sequence.flags === 0);
  space.memory.setU64(restartable.address + RSEQ.SEQUENCE, 0);
  if (isInside) registers.address = Number(abort);
}
