/**
 * Filters for events, as words: addresses, kinds of events, and the numbers of spaces and CPUs.
 */

import { parseNumber } from '../scenario/index.ts';
import { didYouMean } from '../scenario/internal.ts';
import { EVENT_TYPES, type TraceEvent } from '../trace/index.ts';
import { TRACEPOINT_NAMES } from './host/tracepoint-names.ts';
import { type AddressRange, rangesOf } from './ranges.ts';

/**
 * What events must have to pass a filter: one of the values of each property that is present. An event that belongs to no gmap, for
 * example, does not pass a filter by gmap.
 */
export interface EventTerms {
  /** Types, or names of trace points. */
  readonly kinds?: readonly string[];
  /** Addresses: an event passes if one of its ranges meets one of these, whatever the address space. */
  readonly addresses?: readonly AddressRange[];
  readonly gmaps?: readonly number[];
  readonly processes?: readonly number[];
  readonly vcpus?: readonly number[];
}

/** A filter that has a word which is not understood. The message names it. */
export class FilterError extends Error {}

/** Words that are followed by a number, and what they filter by. */
const NUMBERED = {
  gmap: 'gmaps',
  guest: 'gmaps',
  process: 'processes',
  mm: 'processes',
  vcpu: 'vcpus',
} as const;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Parses a filter such as `link unlink gmap 0 0x10000000`. Words are separated by blanks or commas. An address is a number, or two
 * with a hyphen between: a range with both ends.
 * @throws FilterError if a word is not understood
 */
export function parseFilter(text: string): EventTerms {
  const terms: Writable<EventTerms> = {};
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (Object.hasOwn(NUMBERED, word)) {
      const property = NUMBERED[word as keyof typeof NUMBERED];
      terms[property] = [...(terms[property] ?? []), numberAfter(word, words[++at])];
    } else if (/^\d/.test(word)) {
      terms.addresses = [...(terms.addresses ?? []), addressRange(word)];
    } else {
      terms.kinds = [...(terms.kinds ?? []), kindOf(word)];
    }
  }
  return terms;
}

function numberAfter(word: string, number: string | undefined): number {
  if (number === undefined) throw new FilterError(`the number after ${word} is missing`);
  const value = address(number);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FilterError(`${word} ${number} does not exist`);
  return Number(value);
}

function addressRange(word: string): AddressRange {
  const [first = '', last] = word.split('-');
  const start = address(first);
  const end = last === undefined ? start : address(last);
  if (end < start) throw new FilterError(`the range ${word} ends before it begins`);
  return [start, end + 1n];
}

function address(word: string): bigint {
  try {
    return parseNumber(word);
  } catch (error) {
    throw new FilterError((error as Error).message);
  }
}

/** Returns a kind of event by its name. Trace points may be named without `kvm_s390_` or `kvm_`. */
function kindOf(word: string): string {
  const names: readonly string[] = [...EVENT_TYPES, ...TRACEPOINT_NAMES];
  for (const name of [word, `kvm_s390_${word}`, `kvm_${word}`]) if (names.includes(name)) return name;
  const shown = word.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
  throw new FilterError(`unknown kind of event "${shown}"${didYouMean(word, names)}`);
}

/** Whether an event passes a filter. */
export function matchesTerms(event: TraceEvent, terms: EventTerms): boolean {
  const { kinds, addresses, gmaps, processes, vcpus } = terms;
  if (kinds !== undefined && !kinds.includes(event.type)) {
    if (event.type !== 'tracepoint' || !kinds.includes(event.name)) return false;
  }
  if (gmaps !== undefined && !('gmap' in event && gmaps.includes(event.gmap))) return false;
  if (processes !== undefined && !isOfProcess(event, processes)) return false;
  if (vcpus !== undefined && !('vcpu' in event && vcpus.includes(event.vcpu as number))) return false;
  if (addresses === undefined) return true;
  const ranges = rangesOf(event);
  return addresses.some(([start, end]) => ranges.some(([from, to]) => from < end && start < to));
}

function isOfProcess(event: TraceEvent, processes: readonly number[]): boolean {
  if (event.type === 'fork' && processes.includes(event.child)) return true;
  if ('process' in event && typeof event.process === 'number') return processes.includes(event.process);
  return 'mm' in event && processes.includes(event.mm);
}
