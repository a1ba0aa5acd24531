/** Helpers for the tests of the player. */

import type { Storage } from '../machine/index.ts';
import type { GuestRun } from './guest/guest-run.ts';
import { playableGuest } from './guest/index.ts';
import type { Snapshot, Source } from './index.ts';

/** Returns a run of a guest from its start. */
export function guestRun(source: Source & { kind: 'guest' }, storage: Storage): GuestRun {
  const run = playableGuest(source)
    .runs(null)
    .create(() => storage, null, 0);
  return run as GuestRun;
}

/** A JSON replacer for addresses. */
export function hexadecimal(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** Returns everything in a snapshot as text. */
export function everything(snapshot: Snapshot): string {
  const outline = snapshot.outline();
  const pages = outline.flatMap(({ name, extents }) =>
    extents.map(({ first, end }) =>
      snapshot.pages(name, { first: first, end: Math.min(end, first + 512) })?.flags.join(''),
    ),
  );
  const rows = outline.map(({ name, limit }) => snapshot.row(name, { first: 0, end: limit, limit: 300 }));
  const tables = outline.flatMap(({ name, extents }) =>
    extents.flatMap(({ first }) =>
      (['region-third', 'segment', 'page'] as const).map((level) =>
        snapshot.machine?.table(name, { level, page: first, from: 0, count: 50 }),
      ),
    ),
  );
  return JSON.stringify(
    [snapshot.machine?.stats(), outline, pages, rows, tables, snapshot.machine?.processors()],
    hexadecimal,
  );
}
