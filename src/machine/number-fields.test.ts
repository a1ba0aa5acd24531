import { expect, it } from 'vitest';
import { InternalError } from './internal-error.ts';
import { widenFields } from './number-fields.ts';

it('leaves the values as they are', () => {
  const object = { count: 7, name: 'a' };
  widenFields(object, ['count']);
  expect(object).toEqual({ count: 7, name: 'a' });
});

it('rejects names of other fields', () => {
  const object = { count: 7, name: 'a' };
  expect(() => widenFields(object, ['name'])).toThrow(InternalError);
  expect(() => widenFields(object, ['cuont'])).toThrow(InternalError);
  expect(object).toEqual({ count: 7, name: 'a' });
});
