/** Random operands: those where rounding, exceptions and special numbers meet are likely. */

import type { Random } from '../random.ts';
import { infinityOf, type Mode, type NumberFormat } from './number.ts';
import type { FloatStep } from './steps.ts';

/** M3 fields of the modes, and the modes of the control register. */
export const BY_FIELD: Readonly<Record<number, Mode>> = {
  1: 'away',
  3: 'shorter',
  4: 'even',
  5: 'zero',
  6: 'up',
  7: 'down',
};
export const BY_CONTROL: Readonly<Record<number, Mode>> = {
  0: 'even',
  1: 'zero',
  2: 'up',
  3: 'down',
  7: 'shorter',
};

function u64(random: Random): bigint {
  return (BigInt(random.next()) << 32n) | BigInt(random.next());
}

/** Returns the bits of a number. `near` is the exponent that many numbers have about. */
function number(random: Random, format: NumberFormat, near: number): bigint {
  const { width, fraction, bias } = format;
  const sign = random.oneIn(2) ? 1n << BigInt(width - 1) : 0n;
  const any = (u64(random) << 64n) | u64(random);
  const mask = (1n << BigInt(fraction)) - 1n;
  const infinity = infinityOf(format);
  if (random.oneIn(6)) {
    const special = [
      0n,
      infinity,
      infinity | (any & mask),
      infinity - 1n,
      1n,
      any & mask,
      1n << BigInt(fraction),
    ];
    return sign | random.pick([...special, infinity | (1n << BigInt(fraction - 1))]);
  }
  if (random.oneIn(8)) return any & ((1n << BigInt(width)) - 1n);
  const exponent = Math.min(2 * bias, Math.max(0, near + random.below(7) - 3 + bias));
  // Runs of zeros and ones at the end make results that are exact, halves, or nearly so.
  const cut = BigInt(random.below(fraction + 1));
  const low = random.pick([any, (any >> cut) << cut, any | ((1n << cut) - 1n), 0n, mask, 1n]);
  return sign | (BigInt(exponent) << BigInt(fraction)) | (low & mask);
}

/** Returns an exponent that an operation's operands have about: around 0, or close to the limits of the format. */
function drawExponent(random: Random, { bias, fraction }: NumberFormat): number {
  return random.pick([
    0,
    0,
    0,
    random.below(80) - 8,
    random.pick([-1, 1]) * random.below(2 * fraction),
    bias >> 1,
    -(bias >> 1),
    -bias,
    bias,
    1 - bias + random.below(fraction),
  ]);
}

/** Returns the floating-point-control register. */
function control(random: Random): number {
  const masks = random.oneIn(4) ? random.below(32) * 0x0800_0000 : 0;
  const flags = random.oneIn(3) ? random.below(32) * 0x0008_0000 : 0;
  return masks + flags + random.pick([0, 0, 0, 0, 1, 2, 3, 7]);
}

/** Returns an instruction with operands. */
export function generateStep(random: Random, name: string, format: NumberFormat, modes: boolean): FloatStep {
  const near = drawExponent(random, format);
  const hex = (value: bigint) => value.toString(16);
  const operand = (exponent: number) => hex(number(random, format, exponent));
  const other = random.oneIn(3) ? drawExponent(random, format) : near;
  const magnitude = random.pick([u64(random) >> BigInt(random.below(64)), (1n << 63n) - 1n, 0n]);
  const integer = random.oneIn(2) ? magnitude : -magnitude;
  return {
    name,
    first: operand(near),
    second: operand(other),
    third: operand(random.oneIn(2) ? near - other : near),
    integer: hex(BigInt.asUintN(64, integer)),
    fpc: control(random),
    m3: modes ? random.pick([0, 0, 1, 3, 4, 5, 5, 6, 7]) : 0,
    m4: modes ? random.pick([0, 0, 4]) : 0,
  };
}
