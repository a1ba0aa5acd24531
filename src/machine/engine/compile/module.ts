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

/** What the functions of a module use. */
export interface Linked {
  readonly memory: LinearMemory;
  readonly table?: FunctionTable;
  /** Functions that are imported, with their types. */
  readonly imports?: readonly { readonly type: FunctionType; readonly code: unknown }[];
  /** Types of functions that are called through the table. */
  readonly types?: readonly FunctionType[];
}

/**
 * Returns the functions of a new module, or null if the engine refuses the module: on the main thread of a page, it may be too
 * large.
 */
export function instantiate(
  functions: readonly WasmFunction[],
  { memory, table, imports = [], types = [] }: Linked,
): unknown[] | null {
  const options = { imports: imports.map(({ type }) => type), table: table !== undefined, types };
  const values: Record<string, unknown> = { m: memory, t: table };
  imports.forEach(({ code }, i) => {
    values[`f${i}`] = code;
  });
  try {
    const module = new WebAssembly.Module(encodeModule(functions, options));
    const { exports } = new WebAssembly.Instance(module, { m: values });
    return functions.map((_, i) => exports[String(i)]);
  } catch {
    return null;
  }
}

let available: boolean | null = null;

/**
 * Returns whether code can be compiled: there is WebAssembly with tail calls and vectors, and the page's content security policy, if there is
 * one, has `wasm-unsafe-eval`.
 */
export function canCompile(): boolean {
  available ??= tryToCompile();
  return available;
}

function tryToCompile(): boolean {
  const body = new Body()
    .f64(0)
    .splat64()
    .low64()
    .op(OP.I64_REINTERPRET_F64, OP.I32_WRAP)
    .i32(0)
    .indirect(OP.RETURN_CALL_INDIRECT, 0);
  try {
    return (
      new WebAssembly.Module(
        encodeModule([{ parameters: [I32], results: [I32], locals: [], body }], { table: true }),
      ) !== null
    );
  } catch {
    return false;
  }
}
