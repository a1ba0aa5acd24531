/** Makes functions of WebAssembly code, and the table through which code reaches other code. */

import type { LinearMemory } from '../../storage.ts';
import { Body, encodeModule, type FunctionType, I32, OP, type WasmFunction } from './wasm.ts';

/** A table of functions. */
export interface FunctionTable {
  set(index: number, value: unknown): void;
}

/** The part of WebAssembly that the compiler uses. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, unknown> };
  Table: new (description: { initial: number; maximum: number; element: 'anyfunc' }) => FunctionTable;
};

/** Returns an empty table for `size` functions. */
export function newTable(size: number): FunctionTable {
  return new WebAssembly.Table({ initial: size, maximum: size, element: 'anyfunc' });
}

/**
 * Returns a function of a new module with these functions, or null if the engine refuses the module: on the main thread of a
 * page, it may be too large.
 * @param index of the function that is returned
 * @param types of functions that are called through the table, besides those of the module's functions
 */
export function instantiate(
  memory: LinearMemory,
  table: FunctionTable,
  functions: readonly WasmFunction[],
  index: number,
  types: readonly FunctionType[] = [],
): unknown {
  try {
    const module = new WebAssembly.Module(encodeModule(functions, types));
    const { exports } = new WebAssembly.Instance(module, { m: { m: memory, t: table } });
    return exports[String(index)];
  } catch {
    return null;
  }
}

let available: boolean | null = null;

/**
 * Returns whether code can be compiled: there is WebAssembly with tail calls, and the page's content security policy, if there is
 * one, has `wasm-unsafe-eval`.
 */
export function canCompile(): boolean {
  available ??= tryToCompile();
  return available;
}

function tryToCompile(): boolean {
  const body = new Body().i32(0).i32(0).indirect(OP.RETURN_CALL_INDIRECT, 0);
  try {
    return (
      new WebAssembly.Module(encodeModule([{ parameters: [I32], results: [I32], locals: [], body }])) !== null
    );
  } catch {
    return false;
  }
}
