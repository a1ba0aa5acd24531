/**
 * Filters for events: by type, by guest and by words.
 */

import { type EventTerms, FilterError, matchesTerms, parseFilter } from '../analysis/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import type { EventFilter } from './protocol.ts';

/**
 * Returns a function that tells whether an event passes a filter. An event that belongs to no gmap passes a filter by gmap, unless its
 * words name a gmap. Nothing passes a filter whose words are wrong.
 */
export function matcherOf({ types, gmap, text }: EventFilter): (event: TraceEvent) => boolean {
  const terms = text === undefined ? {} : termsOf(text);
  return (event) => {
    if (terms === null || (types !== undefined && !types.includes(event.type))) return false;
    if (gmap !== undefined && 'gmap' in event && event.gmap !== gmap) return false;
    return matchesTerms(event, terms);
  };
}

function termsOf(text: string): EventTerms | null {
  return filterError(text) === null ? parseFilter(text) : null;
}

/** Returns what is wrong with the words of a filter, or null. */
export function filterError(text: string): string | null {
  try {
    parseFilter(text);
    return null;
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}
