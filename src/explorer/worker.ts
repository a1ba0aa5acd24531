/**
 * The worker that runs the machine.
 */

import { expose, releaseProxy } from 'comlink';
import type { Progress, Settings, Source } from '../player/index.ts';
import { MachineWorker } from './machine-worker.ts';

/** Receives progress reports: a function in the page, which stays alive until it is released here. */
type Listener = ((progress: Progress) => void) & { readonly [releaseProxy]: () => void };

/** Releases the progress listener of each call when the call ends. */
class ReleasingWorker extends MachineWorker {
  override open(source: Source, settings: Settings, progress: Listener): Promise<Progress> {
    return super.open(source, settings, progress).finally(() => progress[releaseProxy]());
  }

  override resume(progress: Listener, steps?: number): Promise<Progress> {
    return super.resume(progress, steps).finally(() => progress[releaseProxy]());
  }
}

expose(new ReleasingWorker());
