/**
 * Which operations of a machine and its host are under way, and whether listeners are being called.
 *
 * Listeners look and do not act: an operation that changes state asks `delivering` first and refuses. A listener that
 * throws changes nothing of what goes on: its error waits for the end of the outermost operation.
 */
export class Operations {
  #depth = 0;
  #calls = 0;
  #failure: { readonly error: unknown } | null = null;

  /** Whether a listener is being called now. Read by fast paths, so a field; nobody else sets it. */
  delivering = false;

  /** An operation begins, possibly inside another one. */
  begin(): void {
    this.#depth++;
  }

  /** The operation that began last ends. @throws what a listener threw meanwhile, when it was the outermost one */
  end(): void {
    this.#depth--;
    if (this.#failure !== null) this.#raise();
  }

  /** Calls a listener. Returns false when it threw: it is not to be called again. */
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

  /** All listeners were called. @throws what one of them threw, when no operation is under way */
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
