import { expect, it } from 'vitest';
import { type LinearMemory, Storage } from '../../storage.ts';
import { instantiate } from './module.ts';
import { Body, I32, type WasmFunction } from './wasm.ts';

const memory = new Storage(8192, 1).memory as LinearMemory;
const returning = (body: Body): WasmFunction => ({ parameters: [], results: [I32], locals: [], body });

it('returns the functions of a module', () => {
  const functions = instantiate([returning(new Body().i32(7)), returning(new Body().i32(9))], { memory });
  expect(functions?.map((one) => (one as () => number)())).toEqual([7, 9]);
});

it('returns null if the module is refused', () => {
  expect(instantiate([returning(new Body())], { memory })).toBeNull();
});
