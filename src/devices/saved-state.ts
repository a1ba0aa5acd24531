/** Checks of saved states, which may come from a file that somebody else made. */

/** A saved state that is not one, or belongs to a machine with other devices. */
export class StateError extends RangeError {
  override readonly name = 'StateError';
}

/** The fields of a saved object. Every method throws a StateError that names a field of the wrong kind. */
export class SavedFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #name: string;

  /** @param name what the state belongs to, for messages */
  constructor(name: string, value: unknown) {
    if (typeof value !== 'object' || value === null) throw new StateError(`${name} is not an object`);
    this.#name = name;
    this.#fields = value as Record<string, unknown>;
  }

  /** Returns an integer from 0 to `max`. */
  integer(field: string, max: number): number {
    const value = this.#fields[field];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
      throw this.#wrong(field, `an integer from 0 to ${max}`);
    }
    return value;
  }

  /** Returns an integer of 64 bits. */
  bigint(field: string, max = 0xffff_ffff_ffff_ffffn): bigint {
    const value = this.#fields[field];
    if (typeof value !== 'bigint' || value < 0n || value > max) throw this.#wrong(field, 'a bigint in range');
    return value;
  }

  flag(field: string): boolean {
    const value = this.#fields[field];
    if (typeof value !== 'boolean') throw this.#wrong(field, 'a boolean');
    return value;
  }

  /** Returns a copy of bytes. @param length their number, or the maximum of it if `exact` is false */
  bytes(field: string, length: number, exact = true): Uint8Array {
    const value = this.#fields[field];
    const fits = value instanceof Uint8Array && (exact ? value.length === length : value.length <= length);
    if (!fits) throw this.#wrong(field, `an array of ${exact ? '' : 'at most '}${length} bytes`);
    return value.slice();
  }

  /** Returns the items of an array, each checked by `item`. */
  list<T>(field: string, max: number, item: (value: unknown) => T): T[] {
    const value = this.#fields[field];
    if (!Array.isArray(value) || value.length > max) {
      throw this.#wrong(field, `an array of at most ${max} items`);
    }
    return value.map(item);
  }

  /** Returns a field to be checked elsewhere. */
  any(field: string): unknown {
    return this.#fields[field];
  }

  #wrong(field: string, expected: string): StateError {
    return new StateError(`${this.#name}: ${field} is not ${expected}`);
  }
}
