/** Limits of the resources of a process (Linux: struct rlimit). */

import { RLIM_INFINITY, RLIMIT, RLIMITS } from '../abi/processes.ts';

/** A limit: what counts, and the value up to which a process may raise it. 64 bits without a sign. */
export interface Limit {
  readonly current: bigint;
  readonly maximum: bigint;
}

const NONE: Limit = { current: RLIM_INFINITY, maximum: RLIM_INFINITY };

/** Returns the limits of the first process. @param processes the number of threads that there may be */
export function initialLimits(processes: number): Limit[] {
  const limits: Limit[] = Array.from({ length: RLIMITS }, () => NONE);
  limits[RLIMIT.STACK] = { current: 8n << 20n, maximum: RLIM_INFINITY };
  limits[RLIMIT.CORE] = { current: 0n, maximum: RLIM_INFINITY };
  limits[RLIMIT.NPROC] = { current: BigInt(processes), maximum: BigInt(processes) };
  limits[RLIMIT.NOFILE] = { current: 1024n, maximum: 65_536n };
  limits[RLIMIT.MEMLOCK] = { current: 8n << 20n, maximum: 8n << 20n };
  limits[RLIMIT.SIGPENDING] = { current: 4096n, maximum: 4096n };
  limits[RLIMIT.MSGQUEUE] = { current: 819_200n, maximum: 819_200n };
  limits[RLIMIT.NICE] = { current: 0n, maximum: 0n };
  limits[RLIMIT.RTPRIO] = { current: 0n, maximum: 0n };
  return limits;
}
