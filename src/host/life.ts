/**
 * The life of an object of a host: which host it belongs to, and whether it has ended. Processes, gmaps, virtual machines,
 * virtual CPUs and files have one.
 */

import { type Errno, LinuxError } from './errors.ts';
import type { Kernel } from './kernel.ts';

/** The life of one object. */
export class Life {
  /** The host that the object belongs to. */
  readonly kernel: Kernel;
  readonly #ending: string;
  readonly #code: Errno;
  #ended = false;

  /**
   * @param ending the message of errors after the end of the object: `gmap 0 was freed`
   * @param code the code of these errors
   */
  constructor(kernel: Kernel, ending: string, code: Errno) {
    this.kernel = kernel;
    this.#ending = ending;
    this.#code = code;
  }

  /** Whether the object has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws LinuxError with the object's code if it has ended */
  demand(): void {
    if (this.#ended) throw new LinuxError(this.#code, this.#ending);
  }

  /** Checks that the object may be changed. @throws LinuxError as `demand`; EBUSY while a listener is called */
  demandQuiet(): void {
    this.demand();
    this.kernel.demandQuiet();
  }

  /** Performs a public operation of the object. @throws LinuxError as `demand` and `Kernel.begin` */
  operation<T>(action: () => T): T {
    this.demand();
    return this.kernel.operation(action);
  }

  /** Ends the object. @throws LinuxError as `demand` */
  end(): void {
    this.demand();
    this.#ended = true;
  }
}
