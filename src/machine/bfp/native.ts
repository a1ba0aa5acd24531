/**
 * Arithmetic by the engine's own floating point, which rounds to nearest even in the long format. It gives the exact result of
 * most operations: those whose operands and result are far from overflow and underflow. `arithmetic.ts` does all others.
 *
 * An operation is a pair: `result`, and `error`, which is 0 if the result is exact, NaN if this is unknown, and any other
 * number if it is inexact. The error of a sum, a product, a quotient or a root is itself a number of the format, which the
 * methods of Dekker, Knuth and Veltkamp compute.
 */

/** An operation in the long format. */
export interface NativeOperation {
  result(x: number, y: number): number;
  error(x: number, y: number, result: number): number;
}

/** Magnitudes between which no intermediate result of the methods overflows or underflows. */
const LOW = 2 ** -900;
const HIGH = 2 ** 900;
/** The limits of normal numbers of the short format. */
const SHORT_LOW = 2 ** -126;
const SHORT_HIGH = 2 ** 127;

/** Returns whether a result of the long format may be taken. */
export function isUsable(result: number): boolean {
  const magnitude = Math.abs(result);
  return magnitude >= LOW && magnitude <= HIGH;
}

/** Returns whether a result of the short format may be taken: it is not near overflow, and was a normal number before rounding too. */
export function isUsableShort(result: number): boolean {
  const magnitude = Math.abs(result);
  return magnitude > SHORT_LOW && magnitude < SHORT_HIGH;
}

/** Returns the exact difference of x + y and its rounded sum. */
export function sumError(x: number, y: number, sum: number): number {
  const second = sum - x;
  return x - (sum - second) + (y - second);
}

/** Splits a number in two halves of 26 bits. */
const SPLITTER = 2 ** 27 + 1;

/** Returns the exact difference of x * y and its rounded product; NaN if this way cannot tell. */
export function productError(x: number, y: number, product: number): number {
  if (!isUsable(product)) return Number.NaN;
  const a = x * SPLITTER;
  const xHigh = a - (a - x);
  const xLow = x - xHigh;
  const b = y * SPLITTER;
  const yHigh = b - (b - y);
  const yLow = y - yHigh;
  return xLow * yLow - (product - xHigh * yHigh - xLow * yHigh - xHigh * yLow);
}

export const ADD: NativeOperation = { result: (x, y) => x + y, error: sumError };
export const SUBTRACT: NativeOperation = {
  result: (x, y) => x - y,
  error: (x, y, result) => sumError(x, -y, result),
};
export const MULTIPLY: NativeOperation = { result: (x, y) => x * y, error: productError };
export const DIVIDE: NativeOperation = {
  result: (x, y) => x / y,
  error: (x, y, result) => {
    const product = result * y;
    return x - product - productError(result, y, product);
  },
};
export const SQUARE_ROOT: NativeOperation = {
  result: (_x, y) => Math.sqrt(y),
  error: (_x, y, result) => {
    const square = result * result;
    return y - square - productError(result, result, square);
  },
};

/** An operation in the short format: its operands are exact in the long one, whose precision is enough to round twice. */
export interface ShortOperation {
  /** Returns whether a result of the short format is inexact. */
  isInexact(x: number, y: number, result: number): boolean;
}

export const SHORT_ADD: ShortOperation = {
  isInexact: (x, y, result) => {
    const sum = x + y;
    return sum !== result || sumError(x, y, sum) !== 0;
  },
};
export const SHORT_SUBTRACT: ShortOperation = {
  isInexact: (x, y, result) => SHORT_ADD.isInexact(x, -y, result),
};
export const SHORT_MULTIPLY: ShortOperation = { isInexact: (x, y, result) => x * y !== result };
export const SHORT_DIVIDE: ShortOperation = { isInexact: (x, y, result) => result * y !== x };
export const SHORT_SQUARE_ROOT: ShortOperation = { isInexact: (_x, y, result) => result * result !== y };

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);
/** Where the engine has the low half of a number. */
const LOW_HALF = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

/**
 * Returns x + y rounded to odd: an inexact result has a last bit of one. A number that is rounded to odd can be rounded again to
 * nearest, with at least two bits less, as if it were exact. `error` is the error of `sum`.
 */
function toOdd(sum: number, error: number): number {
  scratch[0] = sum;
  const low = words[LOW_HALF]!;
  if (error === 0 || (low & 1) === 1) return sum;
  if (error > 0 === sum > 0) {
    words[LOW_HALF] = low + 1;
  } else {
    words[LOW_HALF] = low - 1;
    if (low === 0) words[1 - LOW_HALF]! -= 1;
  }
  return scratch[0]!;
}

/** The result of a multiplication and addition, and whether it is inexact. Reused. */
export const SUM = { result: 0, isInexact: false };

/** Sets `SUM` to x * y + z, rounded once. The result is NaN if the operands are too large or too small for this way. */
export function multiplyAndAddLong(x: number, y: number, z: number): void {
  const product = x * y;
  const error = productError(x, y, product);
  if (!(Math.abs(z) <= HIGH) || Number.isNaN(error)) {
    SUM.result = Number.NaN;
    return;
  }
  // Boldo and Melquiond, "Emulation of FMA and correctly rounded sums".
  const middle = z + error;
  const middleError = sumError(z, error, middle);
  const high = product + middle;
  const highError = sumError(product, middle, high);
  const rest = middleError + highError;
  const restError = sumError(middleError, highError, rest);
  const low = toOdd(rest, restError);
  SUM.result = high + low;
  SUM.isInexact = restError !== 0 || sumError(high, low, SUM.result) !== 0;
}

/** As `multiplyAndAddLong`, in the short format. */
export function multiplyAndAddShort(x: number, y: number, z: number): void {
  const product = x * y;
  const sum = product + z;
  const error = sumError(product, z, sum);
  SUM.result = Math.fround(toOdd(sum, error));
  SUM.isInexact = error !== 0 || SUM.result !== sum;
}
