/** The steps of a case of the library's fuzzer, as JSON. */

/** Kinds of objects that operations are called on, or get as arguments. */
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

/** An argument. */
export type Value =
  | readonly ['number', number | 'NaN' | 'Infinity' | '-Infinity']
  | readonly ['bigint', string]
  | readonly ['string', string]
  | readonly ['boolean', boolean]
  | readonly ['undefined' | 'null' | 'symbol' | 'function']
  /** An array of equal bytes. */
  | readonly ['bytes', number, number]
  /** An object whose properties throw when they are read. */
  | readonly ['trap']
  /** The object number n, modulo the number of objects of its kind. */
  | readonly ['ref', ObjectKind, number]
  | readonly ['object', Readonly<Record<string, Value>>]
  | readonly ['list', readonly Value[]];

/** An operation of the table by name, on the object number n of its kind, with arguments. */
export interface CallStep {
  readonly do: 'call';
  readonly name: string;
  readonly on: number;
  readonly args: readonly Value[];
}

export type LibraryStep =
  | CallStep
  /** A listener, which acts once, after `after` calls: it throws, calls, queries, subscribes another one or leaves. */
  | {
      readonly do: 'listen';
      readonly hook: 'trace' | 'translations' | 'locks' | 'invalidated';
      readonly on: number;
      readonly act: 'throw' | 'call' | 'subscribe' | 'leave' | 'query';
      readonly after: number;
      readonly call: CallStep;
    };

export interface LibrarySetup {
  /** Number of free frames of each host; 0 for many. */
  readonly scarce: number;
  readonly checkEvery: number;
}
