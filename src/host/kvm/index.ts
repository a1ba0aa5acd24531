/** Virtual machines, virtual CPUs, memory slots, exits. */

export { CheckedStateDescription } from './checked-state-description.ts';
export { CollaborativeMemory, type UsageRequest, type UsageStates } from './cmma.ts';
export { type GuestCpuModel, modelOf } from './cpu-model.ts';
export type { Exit } from './exits.ts';
export { DEBUG_TYPE, type GuestDebugOptions, type HardwareBreakpoint } from './guest-debug.ts';
export { type GuestMemory, GuestMemoryFault } from './guest-memory.ts';
export type { FloatingInterrupt, LocalInterrupt, MachineCheck } from './interrupt-requests.ts';
export { FloatingInterrupts, LocalInterrupts } from './interrupts.ts';
export { adapterInterruption, type IoInterruption, IoInterrupts } from './io-interrupts.ts';
export {
  AbsoluteMemory,
  type ExchangeResult,
  type LogicalOptions,
  MEM_OP_MAX_SIZE,
} from './memory-operations.ts';
export { operandAddress, registerAddress } from './operand.ts';
export { PrefixArea } from './prefix-area.ts';
export type { ProgramInterrupt, ProgramRequest } from './program-interrupt.ts';
export type { SavedFloating, SavedVcpu } from './saved-cpu.ts';
export { type MemoryRegion, MemorySlots } from './slots.ts';
export { VCPU_STATISTICS, type VcpuCounts, type VcpuStatistic } from './statistics.ts';
export { Vcpu } from './vcpu.ts';
export type { GuestCpu, GuestMachine, NotificationHandler } from './vcpu-context.ts';
export { MAX_VCPUS, type VcpuOptions, VirtualMachine, type VirtualMachineOptions } from './vm.ts';
