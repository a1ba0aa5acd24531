/**
 * What the Linux kernel does: frames, processes' address spaces, guest address spaces, virtual machines.
 */

export * from './arguments.ts';
export * from './errors.ts';
export * from './frames.ts';
export * from './gmap/index.ts';
export * from './host.ts';
export * from './kernel.ts';
export * from './kvm/index.ts';
export * from './life.ts';
export * from './locks.ts';
export * from './mm/index.ts';
