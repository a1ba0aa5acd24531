/** How often a processor that executes a long run looks at the time. */

/** Decides, in the middle of a run, whether the run goes on. It must not change what the program does. */
export interface Pacer {
  /** Units of work until the next call of `goesOn`: an integer from 1 on. */
  readonly units: number;
  /** Called when `units` units of work are done. If it returns false, the run ends as at its limit. */
  goesOn(): boolean;
}
