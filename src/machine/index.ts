/**
 * The machine: absolute storage, dynamic address translation, processors, interpretive execution. It has no notion of
 * Linux, processes or system calls.
 */

export {
  type AbsolutePage,
  absoluteAddress,
  absolutePage,
  applyPrefix,
  type LogicalPage,
  logicalPage,
  PREFIX_AREA_SIZE,
  PREFIX_BITS,
  type RealPage,
  realPage,
  type SegmentNumber,
  segmentNumber,
} from './addresses.ts';
export {
  type AssignedStorage,
  LOWCORE,
  type ProgramIdentification,
  storeExternal,
  storeProgram,
} from './assigned-storage.ts';
export { BusyError } from './busy-error.ts';
export { Clock } from './clock.ts';
export { CR0 } from './control-registers.ts';
export type { CodeWatch } from './cpu/access.ts';
export {
  type Access,
  FETCH,
  INSTRUCTION,
  STORE,
  type TlbHitCheck,
  UNWIND,
  type UnwindKind,
} from './cpu/access.ts';
export type { ObservedAccess, Observer } from './cpu/observer.ts';
export type { Pacer } from './cpu/pacer.ts';
export type { Configuration, ExternalPending, Processor } from './cpu/processor.ts';
export { type EventIndication, NO_EVENTS, PER_CODE, type ProgramEvents } from './cpu/program-events.ts';
export { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from './cpu/protection.ts';
export type { SieContext } from './cpu/sie-context.ts';
export { type CpuState, isValidPsw, PSW, SPACE } from './cpu/state.ts';
export { demandLimit, type Stop } from './cpu/stop.ts';
export { CPU_MODELS, type CpuModel, hasFacility, MACHINE_TYPE } from './cpu-model.ts';
export {
  ASCE,
  CRST_ENTRIES,
  CRST_SIZE,
  EDAT,
  type Edat,
  EXECUTION_PROTECT,
  INDEX_SHIFT,
  LARGE,
  LARGE_KEY_SHIFT,
  LEVEL_OF_TYPE,
  type Level,
  PAGE,
  PAGE_STATUS,
  PAGE_STATUS_GUEST_SHIFT,
  PAGE_STATUS_HOST_SHIFT,
  PAGE_STATUS_KEY_SHIFT,
  PAGE_STATUS_OFFSET,
  PAGE_TABLE_ENTRIES,
  PAGE_TABLE_SIZE,
  REGION,
  SEGMENT,
} from './dat/formats.ts';
export { emptyEntry, TableScan } from './dat/scan.ts';
export {
  AbsoluteEntries,
  type EntrySource,
  TABLE_UNIT,
  Walk,
  type WalkStep,
  type WalkVisitor,
} from './dat/walk.ts';
export { Cpu } from './engine/cpu.ts';
export { facilityList } from './instructions/decode.ts';
export { disassemble, instructionLength } from './instructions/disassemble.ts';
export { baseFields, setOpcode } from './instructions/encode.ts';
export { FACILITIES, type Facility, type FacilityDefinition } from './instructions/facilities.ts';
export {
  type Execute,
  FORMATS,
  type Format,
  type FormatName,
  type OpcodeShape,
  type Operation,
} from './instructions/formats.ts';
export { comparedKeyBits, PFMF } from './instructions/keys.ts';
export { ICTL, type InstructionLine, type LineOptions } from './instructions/line.ts';
export { lockedFunctions } from './instructions/locked.ts';
export { INSTRUCTIONS } from './instructions/table.ts';
export { timingFunctions } from './instructions/timing-facility.ts';
export { InternalError } from './internal-error.ts';
export {
  EXT,
  EXTERNAL_CLASSES,
  type ExternalClass,
  externalMaskOf,
  type Interruption,
  isNullifying,
  isTranslationException,
  PGM,
  type ProgramInterruption,
  programInterruptionName,
  type SupervisorCallInterruption,
  TEID_FETCH,
  TEID_KEY,
  TEID_LOW_ADDRESS,
  TEID_PAGE,
  TEID_REASON,
  TEID_STORE,
} from './interruption.ts';
export { ENGINES, type Engine, Machine, type MachineOptions } from './machine.ts';
export { type CpuReset, eachCleared, initialControl, RESETS, type Reset, type ResetPart } from './reset.ts';
export { asGuest, type GuestProblem, interpret, type SieExit } from './sie.ts';
export {
  ASSIGNED_MODE,
  ASSIGNED_STATUS,
  type CpuStatus,
  MACHINE_CHECK_FIELDS,
  SIGP_CC,
  SIGP_ORDER,
  SIGP_STATUS,
  type SigpAnswer,
  type SigpTarget,
  STATUS_SIZE,
  signalProcessor,
  storeStatus,
} from './sigp.ts';
export {
  CPU_FLAG,
  EXECUTION,
  ICPT,
  INTERCEPT_KEYS,
  INTERCEPT_OPERATION,
  INTERCEPT_PROGRAM,
  INTERCEPTION_STATUS,
  SIE,
  STATE_DESCRIPTION_SIZE,
  StateDescription,
  VALIDITY,
} from './state-description.ts';
export {
  DEFAULT_STORAGE_SIZE,
  FRAME_SIZE,
  KEY_ACC,
  KEY_CHANGED,
  KEY_FETCH,
  KEY_REFERENCED,
  Storage,
} from './storage.ts';
export { TLB_SLOTS, Tlb, type TlbEntry } from './tlb.ts';
