/** Sets of signals, as 64 bits: bit n - 1 stands for signal n (Linux: sigset_t). */

import { SIG } from '../abi/signals.ts';

export type SignalSet = bigint;

/** Returns the set of one signal. */
export function bitOf(signal: number): SignalSet {
  return 1n << BigInt(signal - 1);
}

/** Whether a set has a signal. */
export function hasSignal(set: SignalSet, signal: number): boolean {
  return (set & bitOf(signal)) !== 0n;
}

/** The signals that cannot be blocked, caught or ignored. */
export const UNBLOCKABLE = bitOf(SIG.KILL) | bitOf(SIG.STOP);
