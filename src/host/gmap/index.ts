/** Guest address spaces. */

export { Gmap, type SegmentState } from './gmap.ts';
export { GUEST_SEGMENTS } from './tables.ts';
