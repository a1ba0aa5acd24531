/**
 * The two pages of a virtual CPU's prefix area. The machine stores there for the guest without an exit to the host, so
 * they are made present and writable before interpretive execution, and watched. When one is invalidated, both are
 * prepared again before the guest runs again (Linux: KVM_REQ_REFRESH_GUEST_PREFIX).
 */

import { FRAME_SIZE, type StateDescription } from '../../machine/index.ts';
import { guestPage } from '../numbers.ts';
import type { GuestMachine } from './vcpu-context.ts';

/** No page. */
const NONE = -1;

/** The prefix pages of one virtual CPU. */
export class PrefixPages {
  readonly #vm: GuestMachine;
  readonly #block: StateDescription;
  /** The guest page number of the first watched page, or NONE. Outdated after the prefix has changed. */
  #watched = NONE;

  constructor(vm: GuestMachine, block: StateDescription) {
    this.#vm = vm;
    this.#block = block;
  }

  /** Whether both prefix pages are still mapped and watched. */
  get ready(): boolean {
    return this.#watched === this.#block.prefix / FRAME_SIZE;
  }

  /**
   * Makes both pages present, writable and watched, if they are not. Dirty logs count this as a write.
   * @throws GuestMemoryFault for the first of the two that is not backed; LinuxError ENOMEM. The pages are not ready then
   */
  make(): void {
    if (this.ready) return;
    const page = this.#block.prefix / FRAME_SIZE;
    // Set first: an invalidation of the first page while the second is prepared counts.
    this.#watched = page;
    try {
      this.#vm.watchPage(guestPage(page));
      this.#vm.watchPage(guestPage(page + 1));
    } catch (error) {
      this.#watched = NONE;
      throw error;
    }
  }

  /** Notes that a watched page of the guest has lost its frame or the right to store. */
  invalidated(page: number): void {
    if (page === this.#watched || page === this.#watched + 1) this.#watched = NONE;
  }

  /** Forgets that the pages are ready: they are prepared again before the guest runs. */
  forget(): void {
    this.#watched = NONE;
  }
}
