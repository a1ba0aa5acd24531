/**
 * The curves from guest segments to the process memory behind them.
 */

/** A side of a ribbon: from one pixel to another. */
export interface Side {
  readonly left: number;
  readonly right: number;
}

/** Pixels beside the picture beyond which ends are not drawn further away: coordinates stay small. */
const BEYOND = 400;

/** A filled ribbon from a side at height `top` to one at height `bottom`. */
export function ribbon(top: Side, bottom: Side, yTop: number, yBottom: number, width: number): string {
  const [a, b] = bounded(top, width);
  const [c, d] = bounded(bottom, width);
  const middle = (yTop + yBottom) / 2;
  return (
    `M${px(a)},${yTop}L${px(b)},${yTop}` +
    `C${px(b)},${middle} ${px(d)},${middle} ${px(d)},${yBottom}` +
    `L${px(c)},${yBottom}C${px(c)},${middle} ${px(a)},${middle} ${px(a)},${yTop}Z`
  );
}

/** A curve from the middle of one side to the middle of the other. */
export function curve(top: Side, bottom: Side, yTop: number, yBottom: number, width: number): string {
  const from = middleOf(top, width);
  const to = middleOf(bottom, width);
  const middle = (yTop + yBottom) / 2;
  return `M${px(to)},${yBottom}C${px(to)},${middle} ${px(from)},${middle} ${px(from)},${yTop}`;
}

/** The middle of what is in sight of a side. */
export function middleOf(side: Side, width: number): number {
  const [left, right] = bounded(side, width);
  const seen = [Math.max(0, left), Math.min(width, right)] as const;
  return seen[0] <= seen[1] ? (seen[0] + seen[1]) / 2 : (left + right) / 2;
}

/** Whether any of a ribbon can be in sight. */
export function inSight(top: Side, bottom: Side, width: number): boolean {
  return Math.max(top.right, bottom.right) >= 0 && Math.min(top.left, bottom.left) <= width;
}

function bounded({ left, right }: Side, width: number): readonly [number, number] {
  const into = (x: number) => Math.min(Math.max(x, -BEYOND), width + BEYOND);
  const [a, b] = [into(left), into(right)];
  // What is too narrow to see is one pixel wide.
  return b - a < 1 ? [a, a + 1] : [a, b];
}

function px(x: number): string {
  return x.toFixed(1).replace(/\.0$/, '');
}
