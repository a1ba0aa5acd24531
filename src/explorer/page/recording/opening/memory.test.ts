import { describe, expect, it } from 'vitest';
import { memoryOf } from './memory.ts';

describe('the memory of a guest', () => {
  it.each([
    ['64M', 64n << 20n],
    [' 1G ', 1n << 30n],
    ['0x100000', 1n << 20n],
  ])('%s', (text, memory) => expect(memoryOf(text)).toEqual({ memory }));

  it.each([
    ['64', 'The memory must be a multiple of 1M, such as 64M.'],
    ['0', 'The memory must be a multiple of 1M, such as 64M.'],
    ['much', '"much" is not a number.'],
  ])('%s is refused', (text, error) => expect(memoryOf(text)).toEqual({ error }));
});
