/**
 * The devices of a machine. Each knows its owner's memory and how to make an interruption pending, but not who the owner is.
 */

export { GuestAddressError, type GuestMemory } from './memory.ts';
export type { DeviceOwner, IoInterruptions } from './owner.ts';
export { fromEbcdic, toEbcdic } from './sclp/ebcdic.ts';
export {
  type ConsoleKind,
  type GuestConsole,
  Sclp,
  type SclpOptions,
  type ServiceResult,
} from './sclp/sclp.ts';
