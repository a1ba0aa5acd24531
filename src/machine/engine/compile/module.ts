/** Makes functions of WebAssembly code. */

import type { LinearMemory } from '../../storage.ts';
import { encodeModule, type WasmFunction } from './wasm.ts';

/** The part of WebAssembly that the compiler uses. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, unknown> };
};

/**
 * Returns a function of a new module with these functions. It works on `memory`.
 * @param index of the function that is returned
 */
export function instantiate(
  memory: LinearMemory,
  functions: readonly WasmFunction[],
  index: number,
): (block: number) => number {
  const module = new WebAssembly.Module(encodeModule([], functions));
  const { exports } = new WebAssembly.Instance(module, { m: { m: memory } });
  return exports[String(index)] as (block: number) => number;
}
