/** `Z` and `z`: breakpoints and watchpoints. */

import { numberOf } from './hex.ts';
import type { DebugTarget, Point } from './target.ts';

const KINDS: readonly Point['kind'][] = ['software', 'hardware', 'write', 'read', 'access'];
/** Most points of a client, and most bytes that one watches. */
const POINTS_MAX = 1000;
const LENGTH_MAX = 1n << 32n;
const MALFORMED = 'E16';
/** ENOSPC. */
const TOO_MANY = 'E1c';

/** The points that a client has set. Setting one again, or removing one that is not set, changes nothing. */
export class PointSet {
  readonly #target: DebugTarget;
  readonly #points = new Map<string, Point>();

  /** Begins without points. */
  constructor(target: DebugTarget) {
    this.#target = target;
    target.setPoints([]);
  }

  /** Performs a packet: `Z` sets a point, `z` removes it. Returns the reply, which is empty for an unknown type. */
  reply(data: string): string {
    const [type = '', at = '', size = '', ...more] = data.slice(1).split(',');
    const kind = KINDS[/^[0-4]$/.test(type) ? Number(type) : -1];
    if (kind === undefined) return '';
    const address = numberOf(at);
    // Conditions and commands follow only if a target says that it knows them.
    const length = numberOf(size);
    if (address === null || length === null || length > LENGTH_MAX || more.length > 0) return MALFORMED;
    const point = { kind, address, length: Math.max(Number(length), 1) };
    const key = `${kind} ${address} ${point.length}`;
    if (data[0] === 'z') this.#points.delete(key);
    else if (this.#points.size >= POINTS_MAX && !this.#points.has(key)) return TOO_MANY;
    else this.#points.set(key, point);
    this.#target.setPoints([...this.#points.values()]);
    return 'OK';
  }

  /** Removes all. */
  clear(): void {
    this.#points.clear();
    this.#target.setPoints([]);
  }
}
