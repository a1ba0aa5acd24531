/**
 * What the Linux kernel does: processes' address spaces, guest address spaces, virtual machines.
 */

export { type Errno, LinuxError } from './errors.ts';
export { Gmap, GUEST_SEGMENTS, type SegmentState } from './gmap/index.ts';
export { Host, type HostStats } from './host.ts';
export { type InjectedFault, type Kernel, PURGE_SITES, type PurgeSite } from './kernel.ts';
export {
  AbsoluteMemory,
  CheckedStateDescription,
  CollaborativeMemory,
  type ExchangeResult,
  type Exit,
  FloatingInterrupts,
  type GuestCpu,
  type GuestCpuModel,
  type GuestMachine,
  type GuestMemory,
  GuestMemoryFault,
  type IoInterruption,
  IoInterrupts,
  LocalInterrupts,
  type LogicalOptions,
  MAX_VCPUS,
  MEM_OP_MAX_SIZE,
  type MemoryRegion,
  MemorySlots,
  operandAddress,
  PrefixArea,
  type ProgramInterrupt,
  type ProgramRequest,
  registerAddress,
  type SavedFloating,
  type SavedVcpu,
  type UsageRequest,
  type UsageStates,
  Vcpu,
  VirtualMachine,
  type VirtualMachineOptions,
} from './kvm/index.ts';
export type { Life } from './life.ts';
export {
  type Backing,
  DirtyLog,
  type GmapHandle,
  GROWN_LIMIT,
  type Mapping,
  Mappings,
  MemoryFile,
  Mm,
  type MmapOptions,
  type MmCommon,
  type MremapOptions,
  PROCESS_LIMIT,
  PROT,
} from './mm/index.ts';
export {
  type GuestPage,
  type GuestSegmentNumber,
  guestPage,
  guestSegment,
  type ProcessPage,
  type ProcessSegmentNumber,
  processPage,
  processSegment,
} from './numbers.ts';
export type { AddressRange } from './units.ts';
