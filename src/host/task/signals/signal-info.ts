/** The form of siginfo_t in memory. Linux: include/uapi/asm-generic/siginfo.h. */

import { SI, SIG } from '../abi/signals.ts';
import type { SignalInfo } from './pending-signals.ts';

/** Size of siginfo_t in bytes. */
export const SIGINFO_SIZE = 128;

const FAULTS: ReadonlySet<number> = new Set([SIG.ILL, SIG.FPE, SIG.SEGV, SIG.BUS, SIG.TRAP]);

/** Returns the 128 bytes of a siginfo_t. */
export function encodeSignalInfo(info: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(SIGINFO_SIZE);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, info.signal);
  view.setInt32(4, info.errno ?? 0);
  view.setInt32(8, info.code);
  if (info.timer !== undefined) {
    view.setInt32(16, info.timer.id);
    view.setInt32(20, info.timer.overrun);
  } else if (info.band !== undefined) {
    view.setBigInt64(16, BigInt(info.band));
    view.setInt32(24, info.fd ?? 0);
  } else if (FAULTS.has(info.signal) && info.code > SI.USER && info.code !== SI.KERNEL) {
    view.setBigUint64(16, BigInt(info.address ?? 0));
  } else {
    view.setInt32(16, info.pid ?? 0);
    view.setUint32(20, info.uid ?? 0);
  }
  if (info.value !== undefined) view.setBigUint64(24, info.value);
  else if (info.status !== undefined) view.setInt32(24, info.status);
  return bytes;
}

/** Reads what a program passes to rt_sigqueueinfo. */
export function decodeSignalInfo(view: DataView, signal: number): SignalInfo {
  return {
    signal,
    errno: view.getInt32(4),
    code: view.getInt32(8),
    pid: view.getInt32(16),
    uid: view.getUint32(20),
    value: view.getBigUint64(24),
  };
}
