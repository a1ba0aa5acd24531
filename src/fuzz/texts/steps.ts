/** The steps of a case of the texts' fuzzer: first the lines of the text, then queries. */

/** The kind of the text, and how to play it. */
export interface TextSetup {
  readonly kind: 'scenario' | 'trace';
  /** The fault to inject, as in `Settings`, or null for none. */
  readonly injectedFault: string | null;
  readonly check: boolean;
}

/** A JSON number, or the text of a number that JSON cannot write. */
export type Numeric = number | 'NaN' | 'Infinity' | '-Infinity';

export type TextStep =
  /** A line, `repeat` times. */
  | { readonly do: 'line'; readonly text: string; readonly repeat?: number }
  /** A line: `text` repeated, between `before` and `after`. */
  | {
      readonly do: 'long';
      readonly before: string;
      readonly text: string;
      readonly count: number;
      readonly after: string;
    }
  | { readonly do: 'record'; readonly steps: Numeric }
  /** A query at a position. `space` is a name, or the index of a space in the outline. */
  | {
      readonly do: 'query';
      readonly step: Numeric;
      readonly event: Numeric;
      readonly space: number | string;
      readonly kind: 'outline' | 'row' | 'pages' | 'table' | 'walk' | 'processors' | 'stats';
      readonly first: Numeric;
      readonly end: Numeric;
      readonly count: Numeric;
    };
