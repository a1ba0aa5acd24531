/**
 * Views of spaces, for modules of this project that describe spaces other than a host's. Not part of the package's
 * interface.
 */

export type { ExtentList } from './extent-list.ts';
export { extentsOfView } from './extents.ts';
export { GUEST_STATE, type GuestExtentBuilder } from './guest-extent-builder.ts';
export { viewOf } from './host-views.ts';
export { pagesOfView } from './pages.ts';
export { rowOfView } from './rows.ts';
export type { GuestSegment, GuestView, ProcessView, SegmentFlags, SpaceView, TableVisitor } from './views.ts';
