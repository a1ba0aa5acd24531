/**
 * Paths of the curves from guest segments to process memory.
 */

/** One end of a ribbon, in pixels. */
export interface Side {
  readonly left: number;
  readonly right: number;
}

/** Maximum distance of an end from the picture, in pixels: coordinates stay small. */
const BEYOND = 400;

/** A ribbon between two ends, each at a height, in a picture of some width. */
export interface Ribbon {
  readonly top: Side;
  readonly bottom: Side;
  readonly yTop: number;
  readonly yBottom: number;
  readonly width: number;
}

/** Returns the path of a filled band between the ends. */
export function bandPath({ top, bottom, yTop, yBottom, width }: Ribbon): string {
  const [a, b] = bounded(top, width);
  const [c, d] = bounded(bottom, width);
  const middle = (yTop + yBottom) / 2;
  return (
    `M${px(a)},${yTop}L${px(b)},${yTop}` +
    `C${px(b)},${middle} ${px(d)},${middle} ${px(d)},${yBottom}` +
    `L${px(c)},${yBottom}C${px(c)},${middle} ${px(a)},${middle} ${px(a)},${yTop}Z`
  );
}

/** Returns the path of a curve between the middles of the ends. */
export function curvePath({ top, bottom, yTop, yBottom, width }: Ribbon): string {
  const from = middleOf(top, width);
  const to = middleOf(bottom, width);
  const middle = (yTop + yBottom) / 2;
  return `M${px(to)},${yBottom}C${px(to)},${middle} ${px(from)},${middle} ${px(from)},${yTop}`;
}

/** Returns the middle of the visible part of an end. */
export function middleOf(side: Side, width: number): number {
  const [left, right] = bounded(side, width);
  const seen = [Math.max(0, left), Math.min(width, right)] as const;
  return seen[0] <= seen[1] ? (seen[0] + seen[1]) / 2 : (left + right) / 2;
}

/** Whether any part of a ribbon can be visible. */
export function inSight(top: Side, bottom: Side, width: number): boolean {
  return Math.max(top.right, bottom.right) >= 0 && Math.min(top.left, bottom.left) <= width;
}

function bounded({ left, right }: Side, width: number): readonly [number, number] {
  const into = (x: number) => Math.min(Math.max(x, -BEYOND), width + BEYOND);
  const [a, b] = [into(left), into(right)];
  // The minimum width is one pixel.
  return b - a < 1 ? [a, a + 1] : [a, b];
}

function px(x: number): string {
  return x.toFixed(1).replace(/\.0$/, '');
}
