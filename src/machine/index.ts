/**
 * The silicon: absolute storage, dynamic address translation, processors, interpretive execution.
 * Nothing here knows of Linux, a process or a system call.
 */

export { absoluteAddress, applyPrefix, realPage } from './addresses.ts';
export { type AssignedStorage, LOWCORE, storeExternal, storeProgram } from './assigned-storage.ts';
export * from './busy-error.ts';
export * from './clock.ts';
export { CR0 } from './control-registers.ts';
export { FETCH, INSTRUCTION, STORE, type TlbHitCheck } from './cpu/access.ts';
export type { Configuration, ExternalPending, Processor } from './cpu/processor.ts';
export { lowAddressProtected } from './cpu/protection.ts';
export type { SieContext } from './cpu/sie-context.ts';
export { PSW, SPACE } from './cpu/state.ts';
export { demandLimit, type Stop } from './cpu/stop.ts';
export * from './dat/index.ts';
export { Cpu } from './engine/cpu.ts';
export { facilityList } from './instructions/decode.ts';
export { disassemble, instructionLength } from './instructions/disassemble.ts';
export { baseFields, setOpcode } from './instructions/encode.ts';
export { FORMATS, type Format, type FormatName } from './instructions/formats.ts';
export { PFMF } from './instructions/keys.ts';
export type { InstructionLine } from './instructions/line.ts';
export { INSTRUCTIONS } from './instructions/table.ts';
export * from './internal-error.ts';
export * from './interruption.ts';
export * from './machine.ts';
export * from './reset.ts';
export * from './sie.ts';
export * from './sigp.ts';
export * from './state-description.ts';
export * from './storage.ts';
export * from './tlb.ts';
