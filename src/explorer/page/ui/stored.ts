/**
 * Texts in the browser's storage.
 */

/** A text in the browser's storage. If the storage is disabled or full, nothing is stored, and nothing fails. */
export interface StoredText {
  /** Returns the text, or null if there is none. */
  read(): string | null;
  /** Stores a text; null removes it. */
  write(text: string | null): void;
}

/** Returns the text under a key. @param store returns the storage: `() => localStorage`, since even that may throw */
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
        // Not stored: the page works without it.
      }
    },
  };
}
