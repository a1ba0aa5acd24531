/** The virtual machine monitor: loads an image, gives it memory and consoles, and answers its exits. */
export {
  type ConsoleKind,
  fromEbcdic,
  GuestAddressError,
  type GuestConsole,
  type GuestMemory,
  Sclp,
  type SclpOptions,
  type ServiceResult,
  toEbcdic,
} from '../devices/index.ts';
export { type AttachedDevice, type DeviceTraffic, savedDevices } from './channel-devices.ts';
export type { ElfImage, ImageSegment } from './elf.ts';
export { checkFits, checkIdentification, ImageError, parseElf } from './elf.ts';
export { type ElfSymbol, NO_SYMBOLS, type SymbolOffset, SymbolTable, symbolsOf } from './elf-symbols.ts';
export type { GuestConfiguration, GuestState, SavedMemory } from './guest-state.ts';
export { checkedState } from './guest-state.ts';
export { checkBeginning, foreignKernel, parseImage } from './image.ts';
export { beginsAsKernel, type LinuxKernel, linuxKernelOf } from './linux-kernel.ts';
export type { MemoryMap } from './memory-map.ts';
export type { End, MonitorOptions } from './monitor.ts';
export { describeEnd, Monitor } from './monitor.ts';
export type { ConsoleChoice } from './shown-console.ts';
export { ShownConsole } from './shown-console.ts';
export { DISKS_MAX, type StandardDevices, standardDevices } from './standard-devices.ts';
export { decodeValue, encodedParts, encodeValue } from './state-codec.ts';
export { beginsAsState, compressedState, STATE_FILE_LINE } from './state-file.ts';
export { TerminalFilter } from './terminal-filter.ts';
