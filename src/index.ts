/**
 * The names that most programs need: a machine, a host on it, guests, and Linux programs. The other entry points have the rest; every
 * name here is also exported by the module it comes from.
 */

export { Checker } from './check/index.ts';
export {
  type Gmap,
  Host,
  LinuxError,
  type Mm,
  type Vcpu,
  VirtualMachine,
} from './host/index.ts';
export { Linux, type LinuxProcess } from './host/task/index.ts';
export { type Cpu, Machine } from './machine/index.ts';
export type { Trace, TraceEvent } from './trace/index.ts';
export { describeEnd, type End, ImageError, Monitor, parseElf } from './vmm/index.ts';
