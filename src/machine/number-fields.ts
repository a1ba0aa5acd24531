/** Fields that hold numbers of 32 bits or more sooner or later. */

import { InternalError } from './internal-error.ts';

/**
 * Makes number fields of an object hold a fraction once. V8 assumes that a field holds 32-bit integers as long as it does; with the
 * first other number, it discards all compiled functions that use objects of that class. A processor has many such fields, and each
 * would cost that once, in the middle of a run. The values do not change.
 */
export function widenFields(object: object, fields: readonly string[]): void {
  for (const field of fields) {
    const value: unknown = Reflect.get(object, field);
    if (typeof value !== 'number') throw new InternalError(`${field} is no field with a number`);
    Reflect.set(object, field, 0.5);
    Reflect.set(object, field, value);
  }
}
