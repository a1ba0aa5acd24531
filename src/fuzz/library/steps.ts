/** The steps of a case of the library's fuzzer, as JSON has them. */

/** Kinds of objects that operations are called on, or get. */
export type ObjectKind =
  | 'machine'
  | 'storage'
  | 'cpu'
  | 'host'
  | 'mm'
  | 'gmap'
  | 'vm'
  | 'vcpu'
  | 'file'
  | 'log'
  | 'checker'
  | 'world'
  | 'monitor';

/** A value that is passed. */
export type Value =
  | readonly ['number', number | 'NaN' | 'Infinity' | '-Infinity']
  | readonly ['bigint', string]
  | readonly ['string', string]
  | readonly ['boolean', boolean]
  | readonly ['undefined' | 'null' | 'symbol' | 'function']
  /** So many bytes of one value. */
  | readonly ['bytes', number, number]
  /** An object whose every property throws. */
  | readonly ['trap']
  /** The n-th object of a kind there is, counted round. */
  | readonly ['ref', ObjectKind, number]
  | readonly ['object', Readonly<Record<string, Value>>]
  | readonly ['list', readonly Value[]];

/** An operation of the table by name, on the n-th object of its kind, with arguments. */
export interface CallStep {
  readonly do: 'call';
  readonly name: string;
  readonly on: number;
  readonly args: readonly Value[];
}

export type LibraryStep =
  | CallStep
  /** A listener: it throws, calls something, subscribes another one, or removes itself, the `after`-th time. */
  | {
      readonly do: 'listen';
      readonly hook: 'trace' | 'translations' | 'locks' | 'invalidated';
      readonly on: number;
      readonly act: 'throw' | 'call' | 'subscribe' | 'leave' | 'look';
      readonly after: number;
      readonly call: CallStep;
    };

export interface LibrarySetup {
  /** Frames left to each host; 0 for plenty. */
  readonly scarce: number;
  readonly checkEvery: number;
}
