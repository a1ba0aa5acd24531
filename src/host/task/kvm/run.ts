/** KVM_RUN (Linux: kvm_arch_vcpu_ioctl_run). */

import type { Cpu } from '../../../machine/index.ts';
import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import type { Exit } from '../../kvm/index.ts';
import { PendingFault } from '../../mm/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { isAwaited, waitAsKernel } from '../process/page-waits.ts';
import { sleep } from '../process/sleep.ts';
import type { GuestRun, Thread } from '../process/task.ts';
import { EXIT, RUN, SYNC_SET } from './abi.ts';
import type { RunPage } from './run-page.ts';
import { loadState, storeState } from './synchronize.ts';
import type { KvmVcpu } from './vcpu.ts';

/**
 * Exits of a guest that end its thread's turn. One takes as long as hundreds of instructions: turns are counted in these, and a guest that polls
 * by SIGNAL PROCESSOR would keep the processor for seconds.
 */
const EXITS_OF_TURN = 2000;
/** The interception code of a CPU that SIGNAL PROCESSOR has stopped. */
const ICPT_STOP = 0x28;

/**
 * Runs the guest until user space is needed. Returns 0, or a negative error number: EINTR if a signal is pending, or user space wanted to be
 * asked at once.
 */
export function* run(vcpu: KvmVcpu, argument: number, thread: Thread): Blocking<number> {
  const { page, machine } = vcpu;
  if (argument !== 0) throw new LinuxError('EINVAL', `argument ${argument} of KVM_RUN`);
  if (page.get8(RUN.IMMEDIATE_EXIT) !== 0) return -ERRNO.EINTR;
  demandSets(page.get64(RUN.VALID_REGS) | page.get64(RUN.DIRTY_REGS));
  if (!machine.userCpuState) vcpu.vcpu.stopped = false;
  else if (vcpu.vcpu.stopped) throw new LinuxError('EINVAL', 'the virtual CPU is stopped');
  const { blocked } = thread;
  if (vcpu.signalMask !== null) thread.blocked = vcpu.signalMask;
  try {
    loadState(vcpu);
    return yield* untilExit(vcpu, thread);
  } finally {
    if (vcpu.signalMask !== null) thread.blocked = blocked;
    if (!vcpu.vcpu.life.ended) storeState(vcpu);
  }
}

/** @throws LinuxError EINVAL for sets of registers that there are not */
function demandSets(sets: bigint): void {
  if ((sets & ~BigInt(SYNC_SET.VALID)) !== 0n)
    throw new LinuxError('EINVAL', `sets 0x${sets.toString(16)} of registers`);
}

function* untilExit(vcpu: KvmVcpu, thread: Thread): Blocking<number> {
  for (;;) {
    if (thread.hasSignal) return interrupted(vcpu);
    const exit = yield* execute(vcpu, thread);
    if (exit instanceof PendingFault) {
      yield* waitAsKernel(thread, exit);
      continue;
    }
    if (exit === null) return interrupted(vcpu);
    if (exit.reason === 'KVM_EXIT_HLT' && !vcpu.vcpu.stopped) yield* wait(vcpu, thread, exit.until);
    else if (!isHandled(vcpu, exit)) return report(vcpu, exit);
  }
}

function interrupted({ page }: KvmVcpu): number {
  page.set32(RUN.EXIT_REASON, EXIT.INTR);
  return -ERRNO.EINTR;
}

/**
 * Executes the guest. Returns the exit; a fault if user space is to provide a page; or null if a signal has come.
 * @throws LinuxError
 */
function* execute(vcpu: KvmVcpu, thread: Thread): Blocking<Exit | PendingFault | null> {
  const guest = new GuestExecution(vcpu, thread);
  thread.guest = guest;
  try {
    yield;
  } finally {
    thread.guest = null;
  }
  return guest.result();
}

/** The execution of a guest until an exit. */
class GuestExecution implements GuestRun {
  readonly #vcpu: KvmVcpu;
  readonly #thread: Thread;
  #exit: Exit | null = null;
  #error: LinuxError | null = null;

  constructor(vcpu: KvmVcpu, thread: Thread) {
    this.#vcpu = vcpu;
    this.#thread = thread;
  }

  execute(cpu: Cpu, most: number): boolean {
    const { vcpu, machine } = this.#vcpu;
    const last = vcpu.exits + EXITS_OF_TURN;
    try {
      const exit = vcpu.run(cpu, most, () => vcpu.exits >= last);
      if (exit.reason !== 'KVM_EXIT_INTR') this.#exit = exit;
      if (vcpu.gaveWay || vcpu.exits >= last) this.#thread.yields = true;
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      this.#error = error;
    }
    machine.kick();
    return this.#exit === null && this.#error === null;
  }

  /** The exit or the fault; null if there is none yet. @throws LinuxError */
  result(): Exit | PendingFault | null {
    if (isAwaited(this.#error)) return this.#error;
    if (this.#error !== null) throw this.#error;
    return this.#exit;
  }
}

/** Waits for an interruption of the guest, or a signal. @param until the TOD value of the machine at which its clock ends the wait, or null */
function* wait(vcpu: KvmVcpu, thread: Thread, until: bigint | null): Blocking<void> {
  const { machine } = vcpu;
  const { time } = machine.system;
  if (vcpu.runnable) return;
  machine.idle.add(vcpu);
  try {
    yield* sleep(time, thread, {
      queues: [vcpu.idle],
      what: `an interruption of virtual CPU ${vcpu.vcpu.id}`,
      until: until === null ? Infinity : time.at(until),
    });
    vcpu.vcpu.counts.halt_wakeup++;
  } finally {
    machine.idle.delete(vcpu);
  }
}

/** Whether an exit is none for user space. */
function isHandled({ machine }: KvmVcpu, exit: Exit): boolean {
  return exit.reason === 'KVM_EXIT_S390_STSI' && !machine.userStsi;
}

/** Stores what an interception tells. Returns what KVM_RUN returns. */
function reportInterception(page: RunPage, code: number, ipa: number, ipb: number): number {
  page.set32(RUN.EXIT_REASON, EXIT.S390_SIEIC);
  page.set8(RUN.SIEIC_ICPTCODE, code);
  page.set16(RUN.SIEIC_IPA, ipa);
  page.set32(RUN.SIEIC_IPB, ipb);
  return 0;
}

/** Stores what an exit tells. Returns what KVM_RUN returns. */
function report({ page, vcpu }: KvmVcpu, exit: Exit): number {
  page.clear(RUN.EXIT, RUN.EXIT_SIZE);
  vcpu.counts.exit_userspace++;
  switch (exit.reason) {
    case 'KVM_EXIT_S390_SIEIC':
      return reportInterception(page, exit.icptcode, exit.ipa, exit.ipb);
    case 'KVM_EXIT_DEBUG':
      page.set32(RUN.EXIT_REASON, EXIT.DEBUG);
      page.set64(RUN.DEBUG_ADDR, exit.address);
      page.set8(RUN.DEBUG_TYPE, exit.type);
      return 0;
    case 'KVM_EXIT_S390_UCONTROL':
      page.set32(RUN.EXIT_REASON, EXIT.S390_UCONTROL);
      page.set64(RUN.UCONTROL_TRANS_EXC_CODE, exit.transExcCode);
      page.set32(RUN.UCONTROL_PGM_CODE, exit.pgmCode);
      return 0;
    case 'KVM_EXIT_S390_RESET':
      page.set32(RUN.EXIT_REASON, EXIT.S390_RESET);
      page.set64(RUN.RESET_FLAGS, BigInt(exit.flags));
      return 0;
    case 'KVM_EXIT_S390_TSCH':
      page.set32(RUN.EXIT_REASON, EXIT.S390_TSCH);
      page.set32(RUN.TSCH_SUBCHANNEL, exit.subchannel);
      page.set32(RUN.TSCH_IPB, exit.ipb);
      page.set8(RUN.TSCH_DEQUEUED, Number(exit.dequeued !== null));
      if (exit.dequeued !== null) {
        page.set32(RUN.TSCH_SUBCHANNEL, exit.dequeued.subchannel);
        page.set32(RUN.TSCH_IO_INT_PARM, exit.dequeued.parameter);
        page.set32(RUN.TSCH_IO_INT_WORD, exit.dequeued.identification);
      }
      return 0;
    case 'KVM_EXIT_S390_STSI':
      page.set32(RUN.EXIT_REASON, EXIT.S390_STSI);
      page.set64(RUN.STSI_ADDR, exit.address);
      page.set8(RUN.STSI_FC, exit.fc);
      page.set8(RUN.STSI_SEL1, exit.sel1);
      page.set16(RUN.STSI_SEL2, exit.sel2);
      return 0;
    case 'KVM_EXIT_HLT':
      // SIGNAL PROCESSOR has stopped it.
      return reportInterception(page, ICPT_STOP, 0, 0);
    case 'KVM_EXIT_MEMORY_FAULT':
      return -ERRNO.EFAULT;
    case 'KVM_EXIT_FAIL_ENTRY':
      return -ERRNO.EINVAL;
    case 'KVM_EXIT_INTR':
      return -ERRNO.EINTR;
  }
}
