/**
 * Whose an object is, and whether it still exists. Everything of a host that can end has one of these: processes,
 * gmaps, virtual machines, virtual CPUs, files.
 */

import { type Errno, LinuxError } from './errors.ts';
import type { Kernel } from './kernel.ts';

/** The life of one object. */
export class Life {
  /** The host that the object belongs to. */
  readonly kernel: Kernel;
  readonly #what: string;
  readonly #code: Errno;
  #ended = false;

  /**
   * @param what the object and how it ends, as a message says it: `gmap 0 was freed`
   * @param code what an operation on it ends with from then on
   */
  constructor(kernel: Kernel, what: string, code: Errno) {
    this.kernel = kernel;
    this.#what = what;
    this.#code = code;
  }

  /** Whether the object has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws LinuxError with the object's code, when it has ended */
  demand(): void {
    if (this.#ended) throw new LinuxError(this.#code, this.#what);
  }

  /** For what changes the object without being an operation. @throws LinuxError as `demand`; EBUSY while a listener is called */
  demandQuiet(): void {
    this.demand();
    this.kernel.demandQuiet();
  }

  /** Performs a public operation of the object. @throws LinuxError as `demand` and `Kernel.begin` */
  operation<T>(action: () => T): T {
    this.demand();
    return this.kernel.operation(action);
  }

  /** The object ends. @throws LinuxError as `demand`, when it has ended already */
  end(): void {
    this.demand();
    this.#ended = true;
  }
}
