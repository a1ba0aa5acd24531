/** `g`, `G`, `p` and `P`: registers, in the byte order of the target. */

import { bytesOf, numberOf } from './hex.ts';
import type { DebugTarget, TargetRegister } from './target.ts';

const MALFORMED = 'E16';

/** Performs a packet. Returns the reply. */
export function registerReply(target: DebugTarget, thread: number, data: string): string {
  const { registers } = target.description;
  const rest = data.slice(1);
  switch (data[0]) {
    case 'g':
      return registers.map((register, n) => textOf(register, target.readRegister(thread, n))).join('');
    case 'G':
      return writeAll(target, thread, rest);
    case 'p': {
      const n = numberIn(rest, registers);
      return n === null ? MALFORMED : textOf(registers[n] as TargetRegister, target.readRegister(thread, n));
    }
    default: {
      const [name = '', value = '', ...more] = rest.split('=');
      const n = numberIn(name, registers);
      if (n === null || more.length > 0 || value.length !== digitsOf(registers[n])) return MALFORMED;
      const number = numberOf(value);
      return number !== null && target.writeRegister(thread, n, number) ? 'OK' : MALFORMED;
    }
  }
}

const digitsOf = (register: TargetRegister | undefined) => (register?.bits ?? 0) / 4;
const textOf = (register: TargetRegister, value: bigint) =>
  value.toString(16).padStart(digitsOf(register), '0');

function numberIn(text: string, registers: readonly TargetRegister[]): number | null {
  const n = numberOf(text);
  return n === null || n >= BigInt(registers.length) ? null : Number(n);
}

/** Writes the registers that change. */
function writeAll(target: DebugTarget, thread: number, text: string): string {
  const { registers } = target.description;
  const size = registers.reduce((sum, register) => sum + digitsOf(register), 0);
  if (text.length !== size || bytesOf(text) === null) return MALFORMED;
  let at = 0;
  let done = true;
  registers.forEach((register, n) => {
    const value = BigInt(`0x${text.slice(at, at + digitsOf(register))}`);
    at += digitsOf(register);
    if (value !== target.readRegister(thread, n)) done = target.writeRegister(thread, n, value) && done;
  });
  return done ? 'OK' : MALFORMED;
}
