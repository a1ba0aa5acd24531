/** Helpers of the tests of processes. */

export { type Family, MEMORY, makeLinux, makeThread } from './threads.ts';
