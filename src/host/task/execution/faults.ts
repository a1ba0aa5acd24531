/** Program interruptions of a process: page faults are served, others become signals. Linux: arch/s390/kernel/traps.c describes them. */

import {
  isTranslationException,
  PGM,
  type ProgramInterruption,
  TEID_PAGE,
  TEID_STORE,
} from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import { PendingFault } from '../../mm/index.ts';
import { SI, SIG } from '../abi/signals.ts';
import { waitAsProgram } from '../process/page-waits.ts';
import type { Thread } from '../process/task.ts';
import type { SignalInfo } from '../signals/pending-signals.ts';
import { forceSignal } from '../signals/send.ts';

/** Signals of exceptions that no operand address belongs to. */
const SIGNALS: ReadonlyMap<number, readonly [signal: number, code: number]> = new Map([
  [PGM.OPERATION, [SIG.ILL, SI.ILL_ILLOPC]],
  [PGM.PRIVILEGED_OPERATION, [SIG.ILL, SI.ILL_PRVOPC]],
  [PGM.EXECUTE, [SIG.ILL, SI.ILL_ILLOPN]],
  [PGM.ADDRESSING, [SIG.ILL, SI.ILL_ILLADR]],
  [PGM.SPECIFICATION, [SIG.ILL, SI.ILL_ILLOPN]],
  [PGM.SPECIAL_OPERATION, [SIG.ILL, SI.ILL_ILLOPN]],
  [PGM.FIXED_POINT_OVERFLOW, [SIG.FPE, SI.FPE_INTOVF]],
  [PGM.FIXED_POINT_DIVIDE, [SIG.FPE, SI.FPE_INTDIV]],
  [PGM.DECIMAL_OVERFLOW, [SIG.FPE, SI.FPE_INTOVF]],
  [PGM.DECIMAL_DIVIDE, [SIG.FPE, SI.FPE_INTDIV]],
]);
/** IEEE exceptions as the data-exception code has them, in the floating-point-control register, with their si_code. */
const IEEE: readonly (readonly [bit: number, code: number])[] = [
  [0x8000, SI.FPE_FLTINV],
  [0x4000, SI.FPE_FLTDIV],
  [0x2000, SI.FPE_FLTOVF],
  [0x1000, SI.FPE_FLTUND],
  [0x0800, SI.FPE_FLTRES],
];
const IEEE_BITS = 0xf800;

/** Serves a program interruption of a thread, or sends it a signal. @param length of the instruction in bytes */
export function programInterruption(thread: Thread, interruption: ProgramInterruption): void {
  const { code, teid, length } = interruption;
  if (code === PGM.MONITOR_EVENT) return;
  if (code === PGM.PROTECTION || isTranslationException(code)) {
    pageFault(thread, Number(teid & TEID_PAGE), code === PGM.PROTECTION || (teid & TEID_STORE) !== 0n);
    if (code === PGM.PROTECTION) thread.registers.address -= length;
    return;
  }
  const address = thread.registers.address - length;
  forceSignal(thread, { ...signalOf(thread, code), address });
}

/** The instruction of breakpoints, 0x0001, is SIGTRAP only for a process that is traced. */
function signalOf(thread: Thread, code: number): Pick<SignalInfo, 'signal' | 'code'> {
  if (code === PGM.DATA) return dataException(thread);
  const [signal, reason] = SIGNALS.get(code) ?? [SIG.ILL, SI.ILL_ILLOPN];
  return { signal, code: reason };
}

function dataException({ registers }: Thread): Pick<SignalInfo, 'signal' | 'code'> {
  if ((registers.fpc & IEEE_BITS) === 0) return { signal: SIG.ILL, code: SI.ILL_ILLOPN };
  const [, code] = IEEE.find(([bit]) => (registers.fpc & bit) !== 0) ?? [0, SI.FPE_FLTINV];
  return { signal: SIG.FPE, code };
}

/** Makes a page present, has the thread wait until user space has, or sends the signal of the access. */
function pageFault(thread: Thread, address: number, write: boolean): void {
  const { mm } = thread.space;
  try {
    mm.fault(BigInt(address), write);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    if (error instanceof PendingFault && error.server.servesPrograms) {
      // Begun when the thread goes on: it goes to sleep then.
      thread.blocking = waitAsProgram(thread, error);
      return;
    }
    forceSignal(thread, { ...faultSignal(thread, address, error), address });
  }
}

function faultSignal(
  thread: Thread,
  address: number,
  error: LinuxError,
): Pick<SignalInfo, 'signal' | 'code'> {
  const { code } = error;
  if (error instanceof PendingFault) return { signal: SIG.BUS, code: SI.BUS_ADRERR };
  if (code === 'ENOMEM') return { signal: SIG.KILL, code: SI.KERNEL };
  // The file behind the mapping cannot give the page.
  if (code !== 'EFAULT') return { signal: SIG.BUS, code: SI.BUS_ADRERR };
  const page = Math.floor(address / 4096);
  const mapping = thread.space.mm.mappings.at(page);
  if (mapping === undefined) return { signal: SIG.SEGV, code: SI.SEGV_MAPERR };
  const { file, shift } = mapping.backing;
  if (file !== null && page + shift >= file.pages) return { signal: SIG.BUS, code: SI.BUS_ADRERR };
  return { signal: SIG.SEGV, code: SI.SEGV_ACCERR };
}
