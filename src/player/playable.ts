/** A recording that can be played: what `Source` becomes for each of its kinds. */

import type { InjectedFault } from '../host/index.ts';
import type { SymbolTable } from '../vmm/index.ts';
import type { Source } from './positions.ts';
import type { RunFactory } from './run-pool.ts';

/** A recording that can be played. */
export interface Playable {
  readonly kind: Source['kind'];
  /** The symbols of the image, for breakpoints. */
  readonly symbols: SymbolTable;
  /** Maximum number of runs kept besides the one that records. Default: as many as is useful. */
  readonly runsKept?: number;
  /** Returns what creates runs of it. @param injectedFault a fault to inject into the host of each, or null */
  runs(injectedFault: InjectedFault | null): RunFactory;
}
