/**
 * Views of spaces, for the player, which also describes the spaces of a trace; and the levels of tables. Not part of the
 * package's interface.
 */

export type { ExtentList } from './extent-list.ts';
export { extentsOfView } from './extents.ts';
export { GUEST_STATE, type GuestExtentBuilder } from './guest-extent-builder.ts';
export { GuestRegisters } from './guest-registers.ts';
export { viewOf } from './host-views.ts';
export { pagesOfView } from './pages.ts';
export { rowOfView } from './rows.ts';
export { LEVELS, SPAN } from './tables.ts';
export type { GuestSegment, GuestView, ProcessView, SegmentFlags, SpaceView, TableVisitor } from './views.ts';
