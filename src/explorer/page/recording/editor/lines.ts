/**
 * Lines and steps of a scenario: each line that is neither blank nor a comment is a step.
 */

/** Returns the lines that are steps, from 1, in order. */
export function stepLines(text: string): readonly number[] {
  const lines: number[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const words = line.trim();
    if (words !== '' && !words.startsWith('#')) lines.push(at + 1);
  }
  return lines;
}

/** Returns the line of a step, or null after the last step. */
export function lineOfStep(lines: readonly number[], step: number): number | null {
  return lines[step] ?? null;
}

/** Returns how many steps are done after a line. A line that is no step counts with those before it. */
export function stepsThrough(lines: readonly number[], line: number): number {
  return lines.filter((one) => one <= line).length;
}

/** Returns the last line done after `steps` steps; 0 if there is none. */
export function lastLineDone(lines: readonly number[], steps: number): number {
  return steps <= 0 ? 0 : (lines[Math.min(steps, lines.length) - 1] ?? 0);
}
