/** The steps of a case of the texts' fuzzer: the lines of the text, then what is asked about it. */

/** What kind of text it is, and how it is played. */
export interface TextSetup {
  readonly kind: 'scenario' | 'trace';
  /** What the host is told to leave out, as `Settings` have it; null for nothing. */
  readonly injectedFault: string | null;
  readonly check: boolean;
}

/** A number as JSON has it, or one that JSON has no way to write. */
export type Numeric = number | 'NaN' | 'Infinity' | '-Infinity';

export type TextStep =
  /** A line; `repeat` times the same. */
  | { readonly do: 'line'; readonly text: string; readonly repeat?: number }
  /** One line: `text` so many times, between `before` and `after`. */
  | {
      readonly do: 'long';
      readonly before: string;
      readonly text: string;
      readonly count: number;
      readonly after: string;
    }
  | { readonly do: 'record'; readonly steps: Numeric }
  /** Goes to a position and asks about a space: the n-th of the outline, or a name. */
  | {
      readonly do: 'look';
      readonly step: Numeric;
      readonly event: Numeric;
      readonly space: number | string;
      readonly ask: 'outline' | 'row' | 'pages' | 'table' | 'walk' | 'processors' | 'stats';
      readonly first: Numeric;
      readonly end: Numeric;
      readonly count: Numeric;
    };
