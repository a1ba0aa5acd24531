/** What debuggers need: breakpoints for guests. */

export { type Breakpoint, parseBreakpoint, type Trigger } from './breakpoint.ts';
export { BreakpointWatch, type Cause, type Hit, type Watched } from './breakpoint-watch.ts';
export { BreakpointError, type Comparand, type Condition } from './condition.ts';
