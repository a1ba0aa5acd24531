/** Helpers of the tests of processes. */

export {
  executable,
  hostileImage,
  PROGRAMS,
  programImage,
  recordedOutput,
  runProgram,
  type Started,
  startProgram,
} from './programs.ts';
export { type Family, MEMORY, makeLinux, makeThread } from './threads.ts';
