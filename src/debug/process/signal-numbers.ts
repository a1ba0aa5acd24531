/** Signals of Linux, by the numbers that the protocol has for them (GDB: include/gdb/signals.def). */

/** The numbers of the protocol, by those of Linux from 1 on; 0 for a signal that it does not know. */
const IN_PROTOCOL = [
  ...[1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, 0],
  ...[20, 19, 17, 18, 21, 22, 16, 24, 25, 26, 27, 28, 23, 32, 12],
];
const UNKNOWN = 143;
/** The first real-time signal, and where the protocol has it and the others. */
const REALTIME = { first: 32, last: 64, firstAt: 77, lastAt: 78, others: 45 - 33 } as const;

/** Returns the number that the protocol has for a signal of Linux. */
export function toProtocol(signal: number): number {
  if (signal === REALTIME.first) return REALTIME.firstAt;
  if (signal === REALTIME.last) return REALTIME.lastAt;
  if (signal > REALTIME.first && signal < REALTIME.last) return signal + REALTIME.others;
  return IN_PROTOCOL[signal - 1] || UNKNOWN;
}

/** Returns the signal of Linux with a number of the protocol, or 0 if there is none. */
export function fromProtocol(number: number): number {
  for (let signal = 1; signal <= REALTIME.last; signal++) if (toProtocol(signal) === number) return signal;
  return 0;
}
