/**
 * The names of the spaces that ASCEs belong to.
 */

import type { SpaceOutline } from '../../protocol.ts';
import { displayName } from '../views/spaces/model/labels.ts';

/** Bits 0 to 51 of an ASCE: the origin of its table. */
const ORIGIN = ~0xfffn;

/** Returns a function that names the space of an ASCE, or returns null if no space of the outline has it. */
export function asceNames(outline: readonly SpaceOutline[]): (asce: bigint) => string | null {
  return (asce) => {
    const space = outline.find((one) => one.asce !== null && (one.asce & ORIGIN) === (asce & ORIGIN));
    return space ? displayName(space.name) : null;
  };
}
