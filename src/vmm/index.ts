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
export type { AttachedDevice, DeviceTraffic } from './channel-devices.ts';
export type { ElfImage, ImageSegment } from './elf.ts';
export { checkFits, checkIdentification, ImageError, parseElf } from './elf.ts';
export { type ElfSymbol, NO_SYMBOLS, type SymbolOffset, SymbolTable, symbolsOf } from './elf-symbols.ts';
export type { GuestConfiguration, GuestState } from './guest-state.ts';
export { checkedState } from './guest-state.ts';
export { checkBeginning, parseImage } from './image.ts';
export { type LinuxKernel, linuxKernelOf } from './linux-kernel.ts';
export type { MemoryMap } from './memory-map.ts';
export type { End, MonitorOptions } from './monitor.ts';
export { describeEnd, Monitor } from './monitor.ts';
export type { ConsoleChoice } from './shown-console.ts';
export { ShownConsole } from './shown-console.ts';
export { decodeValue, encodeValue } from './state-codec.ts';
export { TerminalFilter } from './terminal-filter.ts';
