/** Measures time, and combines several measurements. */

/** Returns the nanoseconds that an action takes. */
export function time(action: () => void): number {
  const start = process.hrtime.bigint();
  action();
  return Number(process.hrtime.bigint() - start);
}

/** Figures by name, in the unit of the benchmark. */
export type Figures<Name extends string> = Record<Name, number>;

/**
 * Returns the best figures of several rounds, after half as many rounds to warm up: noise only adds time.
 * @param round measures each figure once
 */
export function bestOf<Name extends string>(rounds: number, round: () => Figures<Name>): Figures<Name> {
  for (let i = 0; i < Math.ceil(rounds / 2); i++) round();
  const best = round();
  for (let i = 1; i < rounds; i++) {
    const figures = round();
    for (const name in figures) best[name] = Math.min(best[name], figures[name]);
  }
  return best;
}

/** Returns the figures rounded to tenths. */
export function rounded<Name extends string>(figures: Figures<Name>): Figures<Name> {
  const tenths = Object.entries<number>(figures).map(([name, figure]) => [
    name,
    Math.round(figure * 10) / 10,
  ]);
  return Object.fromEntries(tenths) as Figures<Name>;
}
