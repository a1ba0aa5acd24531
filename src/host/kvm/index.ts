/** Virtual machines, virtual CPUs, memory slots, exits. */

export * from './block.ts';
export * from './exits.ts';
export * from './fault.ts';
export * from './interrupts.ts';
export { operandAddress } from './operand.ts';
export * from './slots.ts';
export * from './vcpu.ts';
export * from './vm.ts';
