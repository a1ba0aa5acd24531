/**
 * The two pages of a virtual CPU's prefix area. The machine stores there for the guest without the host being asked,
 * so they are made present and writable before interpretive execution and watched from then on; whoever takes one
 * away says so, and they are made again before the guest runs again (Linux: KVM_REQ_REFRESH_GUEST_PREFIX).
 */

import type { StateDescription } from '../../machine/index.ts';
import type { GuestMachine } from './vcpu-context.ts';

/** No page. */
const NONE = -1;

/** What is known of the prefix pages of one virtual CPU. */
export class PrefixPages {
  readonly #vm: GuestMachine;
  readonly #block: StateDescription;
  /** Guest page number of the first of the two that are watched; another prefix makes it say nothing. */
  #watched = NONE;

  constructor(vm: GuestMachine, block: StateDescription) {
    this.#vm = vm;
    this.#block = block;
  }

  /** Whether both pages of the present prefix are there, for all that was said since they were made. */
  get ready(): boolean {
    return this.#watched === this.#block.prefix / 4096;
  }

  /**
   * Makes both pages present, writable and watched when they are not. In the eyes of dirty logs that is a write.
   * @throws GuestMemoryFault for the first of the two that is not backed; LinuxError ENOMEM. They are not ready then
   */
  make(): void {
    if (this.ready) return;
    const page = this.#block.prefix / 4096;
    // Before: what is said while they are made counts.
    this.#watched = page;
    try {
      this.#vm.watchPage(page);
      this.#vm.watchPage(page + 1);
    } catch (error) {
      this.#watched = NONE;
      throw error;
    }
  }

  /** A watched page of the guest has lost its frame or the right to store. */
  invalidated(page: number): void {
    if (page === this.#watched || page === this.#watched + 1) this.#watched = NONE;
  }

  /** They are made again before the guest runs, whatever is known. */
  forget(): void {
    this.#watched = NONE;
  }
}
