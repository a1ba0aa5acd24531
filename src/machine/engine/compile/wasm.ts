/**
 * An encoder for WebAssembly modules: as much of the binary format as compiled code needs. WebAssembly Core Specification,
 * chapter 5, "Binary Format".
 */

/** Value types. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F64 = 0x7c;
export const V128 = 0x7b;
/** The first byte of vector instructions. */
const VECTOR = 0xfd;
/** The type of a block without a result. */
export const VOID = 0x40;

/** Operation codes. */
export const OP = {
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  ELSE: 0x05,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  RETURN: 0x0f,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  RETURN_CALL: 0x12,
  RETURN_CALL_INDIRECT: 0x13,
  DROP: 0x1a,
  SELECT: 0x1b,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  I32_LOAD: 0x28,
  I64_LOAD: 0x29,
  F64_LOAD: 0x2b,
  I64_LOAD8_S: 0x30,
  I64_LOAD8_U: 0x31,
  I64_LOAD16_U: 0x33,
  I64_LOAD32_U: 0x35,
  I32_STORE: 0x36,
  I64_STORE: 0x37,
  F64_STORE: 0x39,
  I64_STORE8: 0x3c,
  I64_STORE16: 0x3d,
  I64_STORE32: 0x3e,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  F64_CONST: 0x44,
  I32_EQZ: 0x45,
  I32_EQ: 0x46,
  I32_NE: 0x47,
  I32_LT_S: 0x48,
  I32_LT_U: 0x49,
  I32_GT_S: 0x4a,
  I32_GT_U: 0x4b,
  I32_LE_S: 0x4c,
  I32_GE_S: 0x4e,
  I64_EQZ: 0x50,
  I64_EQ: 0x51,
  I64_NE: 0x52,
  I64_LT_S: 0x53,
  I64_LT_U: 0x54,
  I64_GT_S: 0x55,
  I64_GT_U: 0x56,
  I64_LE_S: 0x57,
  I64_LE_U: 0x58,
  I64_GE_S: 0x59,
  I64_GE_U: 0x5a,
  I32_CLZ: 0x67,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_MUL: 0x6c,
  I32_AND: 0x71,
  I32_OR: 0x72,
  I32_XOR: 0x73,
  I32_SHL: 0x74,
  I32_SHR_S: 0x75,
  I32_SHR_U: 0x76,
  I32_ROTL: 0x77,
  I64_CLZ: 0x79,
  I64_POPCNT: 0x7b,
  I64_ADD: 0x7c,
  I64_SUB: 0x7d,
  I64_MUL: 0x7e,
  I64_DIV_S: 0x7f,
  I64_DIV_U: 0x80,
  I64_REM_S: 0x81,
  I64_REM_U: 0x82,
  I64_AND: 0x83,
  I64_OR: 0x84,
  I64_XOR: 0x85,
  I64_SHL: 0x86,
  I64_SHR_S: 0x87,
  I64_SHR_U: 0x88,
  I64_ROTL: 0x89,
  F64_EQ: 0x61,
  F64_NE: 0x62,
  F64_LT: 0x63,
  F64_GT: 0x64,
  F64_ABS: 0x99,
  F64_NEG: 0x9a,
  F64_SQRT: 0x9f,
  F64_ADD: 0xa0,
  F64_SUB: 0xa1,
  F64_MUL: 0xa2,
  F64_DIV: 0xa3,
  I32_WRAP: 0xa7,
  I64_EXTEND_S: 0xac,
  I64_EXTEND_U: 0xad,
  F64_CONVERT_I64_S: 0xb9,
  I64_REINTERPRET_F64: 0xbd,
  F64_REINTERPRET_I64: 0xbf,
  I64_EXTEND8_S: 0xc2,
  I64_EXTEND16_S: 0xc3,
  I64_EXTEND32_S: 0xc4,
} as const;

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const SECTION = { TYPE: 1, IMPORT: 2, FUNCTION: 3, EXPORT: 7, CODE: 10 } as const;
const IMPORTED = { FUNCTION: 0, TABLE: 1, MEMORY: 2 } as const;
const FUNCTION_REFERENCE = 0x70;
const FUNCTION_TYPE = 0x60;
/** Memory limits: with a maximum. */
const WITH_MAXIMUM = 1;
const MAX_PAGES = 0x1_0000;

/** Bytes that grow, with the ways in which the format writes numbers. */
class Bytes {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** What was written so far; valid until more is written. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  all(values: ArrayLike<number>): void {
    if (this.#length + values.length > this.#bytes.length) this.#grow(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** Inserts values before what is at an offset. */
  insert(at: number, values: Uint8Array): void {
    const { length } = values;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    this.#bytes.copyWithin(at + length, at, this.#length);
    this.#bytes.set(values, at);
    this.#length += length;
  }

  #grow(more: number): void {
    const larger = new Uint8Array(Math.max(2 * this.#length, this.#length + more));
    larger.set(this.written);
    this.#bytes = larger;
  }

  /** An unsigned LEB128 number of up to 32 bits. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** A signed LEB128 number of 32 bits. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  /** A signed LEB128 number of 64 bits. */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && !(low & 0x40)) || (rest === -1n && low & 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }
}

/** The body of a function. Each method appends one instruction and returns the body. */
export class Body {
  readonly #bytes = new Bytes();

  /** What was appended so far; valid until more is appended. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.written;
  }

  /** Instructions without immediates. */
  op(...codes: number[]): this {
    for (let i = 0; i < codes.length; i++) this.#bytes.byte(codes[i] as number);
    return this;
  }

  i32(value: number): this {
    this.#bytes.byte(OP.I32_CONST);
    this.#bytes.signed(value);
    return this;
  }

  i64(value: number | bigint): this {
    this.#bytes.byte(OP.I64_CONST);
    if (typeof value === 'number' && value === (value | 0)) this.#bytes.signed(value);
    else this.#bytes.signed64(BigInt(value));
    return this;
  }

  f64(value: number): this {
    this.#bytes.byte(OP.F64_CONST);
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.#bytes.byte(view.getUint8(i));
    return this;
  }

  get(local: number): this {
    return this.#indexed(OP.LOCAL_GET, local);
  }

  set(local: number): this {
    return this.#indexed(OP.LOCAL_SET, local);
  }

  tee(local: number): this {
    return this.#indexed(OP.LOCAL_TEE, local);
  }

  call(index: number): this {
    return this.#indexed(OP.CALL, index);
  }

  /** Calls a function in place of returning. */
  returnCall(index: number): this {
    return this.#indexed(OP.RETURN_CALL, index);
  }

  /** CALL_INDIRECT or RETURN_CALL_INDIRECT through the table. @param type index of the type of the function */
  indirect(code: number, type: number): this {
    this.#indexed(code, type);
    this.#bytes.byte(0);
    return this;
  }

  br(depth: number): this {
    return this.#indexed(OP.BR, depth);
  }

  brIf(depth: number): this {
    return this.#indexed(OP.BR_IF, depth);
  }

  /** V128.LOAD64_ZERO: 64 bits at the address on the stack plus a constant, as the low half of a vector. */
  loadVector64(offset = 0): this {
    this.#bytes.all([VECTOR, 0x5d, 0]);
    this.#bytes.unsigned(offset);
    return this;
  }

  /** V128.STORE32_LANE or V128.STORE64_LANE: the low bits of the vector on the stack, to the address below it plus a constant. */
  storeVector(bits: 32 | 64, offset = 0): this {
    this.#bytes.all([VECTOR, bits === 32 ? 0x5a : 0x5b, 0]);
    this.#bytes.unsigned(offset);
    this.#bytes.byte(0);
    return this;
  }

  /** V128.CONST. @param bytes 16 of them */
  vector(bytes: readonly number[]): this {
    this.#bytes.all([VECTOR, 0x0c, ...bytes]);
    return this;
  }

  /** F64X2.SPLAT: a vector of twice the number on the stack. */
  splat64(): this {
    this.#bytes.all([VECTOR, 0x14]);
    return this;
  }

  /** I8X16.SWIZZLE: the bytes of a vector that the one above it on the stack numbers, and 0 for numbers above 15. */
  swizzle(): this {
    this.#bytes.all([VECTOR, 0x0e]);
    return this;
  }

  /** F64X2.EXTRACT_LANE: the low half of the vector on the stack, as a number. */
  low64(): this {
    this.#bytes.all([VECTOR, 0x21, 0]);
    return this;
  }

  /** MEMORY.COPY: destination, source and length are on the stack. */
  copy(): this {
    this.#bytes.all([0xfc, 10, 0, 0]);
    return this;
  }

  /** MEMORY.FILL: destination, byte and length are on the stack. */
  fill(): this {
    this.#bytes.all([0xfc, 11, 0]);
    return this;
  }

  /** A load or store at the address on the stack plus a constant. No alignment is promised. */
  memory(code: number, offset = 0): this {
    this.#bytes.byte(code);
    this.#bytes.byte(0);
    this.#bytes.unsigned(offset);
    return this;
  }

  /** BLOCK, LOOP or IF. @param type of its result */
  begin(code: number, type: number = VOID): this {
    this.#bytes.byte(code);
    this.#bytes.byte(type);
    return this;
  }

  end(): this {
    this.#bytes.byte(OP.END);
    return this;
  }

  /** The number of bytes so far. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Inserts instructions at a place that was the end once. */
  insert(at: number, other: Body): void {
    this.#bytes.insert(at, other.bytes);
  }

  append(other: Body): this {
    this.#bytes.all(other.bytes);
    return this;
  }

  #indexed(code: number, index: number): this {
    this.#bytes.byte(code);
    this.#bytes.unsigned(index);
    return this;
  }
}

/** The type of a function. */
export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

/** A function of a module. */
export interface WasmFunction extends FunctionType {
  /** Types of the locals behind the parameters. */
  readonly locals: readonly number[];
  readonly body: Body;
}

/** What a module has besides its functions. */
export interface ModuleOptions {
  /** Types of the functions that it imports. They have the lowest indices; the module's own functions follow. */
  readonly imports?: readonly FunctionType[];
  /** Whether it imports a table of functions. */
  readonly table?: boolean;
  /** Types of functions that it calls through the table. */
  readonly types?: readonly FunctionType[];
}

/**
 * Returns a module that imports a memory and perhaps functions and a table, as
 * `{ m: { m: memory, t: table, f0: function, … } }`, and exports its functions by their number from 0 on, in decimal. Types are
 * numbered in the order of imports, functions and `types`.
 */
export function encodeModule(
  functions: readonly WasmFunction[],
  { imports = [], table = false, types = [] }: ModuleOptions = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Bytes();
  bytes.all(MAGIC);
  const section = (id: number, items: readonly ArrayLike<number>[]) => {
    const content = new Bytes();
    content.unsigned(items.length);
    for (const item of items) content.all(item);
    bytes.byte(id);
    bytes.unsigned(content.written.length);
    bytes.all(content.written);
  };
  section(
    SECTION.TYPE,
    [...imports, ...functions, ...types].map(({ parameters: p, results: r }) => [
      FUNCTION_TYPE,
      p.length,
      ...p,
      r.length,
      ...r,
    ]),
  );
  section(SECTION.IMPORT, [
    [...name('m'), ...name('m'), IMPORTED.MEMORY, WITH_MAXIMUM, 0, ...encoded(MAX_PAGES)],
    ...(table ? [[...name('m'), ...name('t'), IMPORTED.TABLE, FUNCTION_REFERENCE, 0, 0]] : []),
    ...imports.map((_, i) => [...name('m'), ...name(`f${i}`), IMPORTED.FUNCTION, ...encoded(i)]),
  ]);
  section(
    SECTION.FUNCTION,
    functions.map((_, i) => encoded(imports.length + i)),
  );
  section(
    SECTION.EXPORT,
    functions.map((_, i) => [...name(String(i)), 0, ...encoded(imports.length + i)]),
  );
  section(SECTION.CODE, functions.map(encodeBody));
  return bytes.written;
}

function encodeBody({ locals, body }: WasmFunction): Uint8Array {
  const content = new Bytes();
  const runs = runsOf(locals);
  content.unsigned(runs.length);
  for (const { type, count } of runs) {
    content.unsigned(count);
    content.byte(type);
  }
  content.all(body.bytes);
  content.byte(OP.END);
  const sized = new Bytes();
  sized.unsigned(content.written.length);
  sized.all(content.written);
  return sized.written;
}

/** Groups locals of the same type that follow each other. */
function runsOf(locals: readonly number[]): { readonly type: number; count: number }[] {
  const runs: { readonly type: number; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  return runs;
}

function encoded(value: number): Uint8Array {
  const bytes = new Bytes();
  bytes.unsigned(value);
  return bytes.written;
}

function name(text: string): number[] {
  return [text.length, ...[...text].map((letter) => letter.charCodeAt(0))];
}
