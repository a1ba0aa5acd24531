/** The virtual machine monitor: loads an image, gives it memory and consoles, and answers its exits. */
export { fromEbcdic, toEbcdic } from './ebcdic.ts';
export type { ElfImage, ImageSegment } from './elf.ts';
export { checkFits, checkIdentification, ImageError, parseElf } from './elf.ts';
export { type ElfSymbol, NO_SYMBOLS, type SymbolOffset, SymbolTable, symbolsOf } from './elf-symbols.ts';
export type { GuestMemory } from './memory.ts';
export { GuestAddressError } from './memory.ts';
export type { End, MemoryMap, MonitorOptions } from './monitor.ts';
export { describeEnd, Monitor } from './monitor.ts';
export type { ConsoleKind, GuestConsole, SclpOptions, ServiceResult } from './sclp.ts';
export { Sclp } from './sclp.ts';
export type { ConsoleChoice } from './shown-console.ts';
export { ShownConsole } from './shown-console.ts';
export { TerminalFilter } from './terminal-filter.ts';
