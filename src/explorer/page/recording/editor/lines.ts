/**
 * Steps of a scenario and its lines: every line that is neither blank nor a comment is a step.
 */

/** The lines that are steps, from 1, in order. */
export function stepLines(text: string): readonly number[] {
  const lines: number[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.trim();
    if (words !== '' && !words.startsWith('#')) lines.push(at + 1);
  }
  return lines;
}

/** The line that a step performs; null behind the last. */
export function lineOfStep(lines: readonly number[], step: number): number | null {
  return lines[step] ?? null;
}

/** How many steps are done after a line: of one that is no step, those before it. */
export function stepsThrough(lines: readonly number[], line: number): number {
  return lines.filter((one) => one <= line).length;
}

/** The last line done when so many steps are; 0 for none. */
export function lastLineDone(lines: readonly number[], steps: number): number {
  return steps <= 0 ? 0 : (lines[Math.min(steps, lines.length) - 1] ?? 0);
}
