/** Playing in slices. */

/** Yield to the event loop after this many milliseconds. */
const SLICE_TIME = 40;

/**
 * Plays in slices, and yields to the event loop in between.
 * @param advance plays until `pending` returns true; returns whether it is done
 * @param continues called between slices; when it returns false, playing stops
 * @param time of a slice, in milliseconds
 */
export async function inSlices(
  advance: (pending: () => boolean) => boolean,
  continues: () => boolean,
  time = SLICE_TIME,
): Promise<void> {
  for (;;) {
    const until = performance.now() + time;
    if (advance(() => performance.now() >= until)) return;
    await new Promise((resolve) => setTimeout(resolve));
    if (!continues()) return;
  }
}
