/** Motions: how a guest gets from one stop to the next, in parts. */

import type { End } from '../../vmm/index.ts';
import type { Breakpoint } from '../breakpoint.ts';
import { BreakpointWatch, type Hit } from '../breakpoint-watch.ts';
import type { Point, StopReason } from '../gdb/target.ts';
import type { RecordedGuest } from './recorded-guest.ts';

/** How a motion ended: at a stop, or at an end of the guest. */
export type Arrival =
  | { readonly kind: 'stop'; readonly cpu: number | null; readonly reason: StopReason }
  | { readonly kind: 'end'; readonly end: End };

/** A motion. */
export interface Motion {
  /** Goes on. Returns how it ended, or null if it can go on. @param pending called often: when it returns true, it pauses */
  advance(pending: () => boolean): Arrival | null;
  /** Ends it soon. */
  interrupt(): void;
  /** Ends it now. */
  close(): void;
}

/** All instructions. */
const EVERYWHERE: Breakpoint = {
  text: 'any instruction',
  trigger: { kind: 'instruction', first: 0n, last: (1n << 64n) - 1n },
  condition: null,
};

function breakpointOf({ kind, address, length }: Point): Breakpoint {
  const end = address + BigInt(length) - 1n;
  const last = end >> 64n === 0n ? end : (1n << 64n) - 1n;
  const trigger =
    kind === 'software' || kind === 'hardware'
      ? ({ kind: 'instruction', first: address, last: address } as const)
      : ({ kind: 'access', access: kind, absolute: false, first: address, last } as const);
  return { text: kind, trigger, condition: null };
}

/** Whether a point is for an access. */
export const isAccess = ({ kind }: Point) => kind !== 'software' && kind !== 'hardware';

/**
 * Watches a guest for points.
 * @param anywhere whether any instruction is a hit, too: `hit` gets null as the reason then
 * @param hit returns whether the guest must stop
 */
export function watchPoints(
  guest: RecordedGuest,
  points: readonly Point[],
  anywhere: boolean,
  hit: (cpu: number | null, reason: (StopReason & { kind: 'point' }) | null) => boolean,
): BreakpointWatch {
  const { host, monitor } = guest;
  const breakpoints = [...points.map(breakpointOf), ...(anywhere ? [EVERYWHERE] : [])];
  const watched = { host, trace: host.machine.trace, vcpu: () => monitor.current };
  return new BreakpointWatch(watched, breakpoints, (found) => {
    const point = points[found.breakpoint];
    return hit(found.cpu, point === undefined ? null : reasonOf(found, point));
  });
}

function reasonOf({ cause }: Hit, point: Point): StopReason & { kind: 'point' } {
  const at = cause.kind === 'event' ? point.address : cause.address;
  // An access may begin before the bytes that are watched.
  return { kind: 'point', point, address: at > point.address ? at : point.address };
}
