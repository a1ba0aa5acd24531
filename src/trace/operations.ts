/**
 * The operations of a machine and its host that are in progress, and whether listeners are being called.
 *
 * Listeners observe and do not act: an operation that changes state fails while `delivering` is set. A listener that
 * throws does not affect the operations in progress: its error is held back until the outermost one ends.
 */
export class Operations {
  #depth = 0;
  #calls = 0;
  #failure: { readonly error: unknown } | null = null;

  /** Whether a listener is being called. A field, because fast paths read it; only this class sets it. */
  delivering = false;

  /** Begins an operation, possibly inside another one. */
  begin(): void {
    this.#depth++;
  }

  /** Ends the operation that began last. @throws if it was the outermost one, the error that a listener threw meanwhile */
  end(): void {
    this.#depth--;
    if (this.#failure !== null) this.#raise();
  }

  /** Calls a listener. Returns false if it threw; it must not be called again then. */
  deliver(call: () => void): boolean {
    this.#calls++;
    this.delivering = true;
    try {
      call();
      return true;
    } catch (error) {
      this.#failure ??= { error };
      return false;
    } finally {
      this.delivering = --this.#calls > 0;
    }
  }

  /** Notes that all listeners were called. @throws if no operation is in progress, the error that one of them threw */
  delivered(): void {
    if (this.#failure !== null) this.#raise();
  }

  #raise(): void {
    if (this.#depth > 0 || this.delivering || this.#failure === null) return;
    const { error } = this.#failure;
    this.#failure = null;
    throw error;
  }
}
