/**
 * A text that the browser keeps for the page, where it allows that.
 */

/** A text in a browser's store. Where the store is forbidden or full, nothing is kept, and nothing fails. */
export interface StoredText {
  /** The text; null when there is none. */
  read(): string | null;
  /** Keeps a text; null forgets it. */
  write(text: string | null): void;
}

/** The text under a key of a store: `() => localStorage`, since asking for it can fail already. */
export function storedText(store: () => Storage, key: string): StoredText {
  return {
    read() {
      try {
        return store().getItem(key);
      } catch {
        return null;
      }
    },
    write(text) {
      try {
        if (text === null) store().removeItem(key);
        else store().setItem(key, text);
      } catch {
        // Not kept, then: the page does not depend on it.
      }
    },
  };
}
