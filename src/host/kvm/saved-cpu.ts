/**
 * The state of a virtual CPU as it is saved and restored. It contains what the guest can see, and what is pending; nothing that
 * belongs to the host, so a restored state cannot reach beyond its guest.
 */

import { SIE, STATE_DESCRIPTION_SIZE } from '../../machine/index.ts';
import { demandBytes, demandDoubleword, demandInteger, demandObject } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import {
  demandFloatingInterrupt,
  demandLocalInterrupt,
  type LocalInterrupt,
  type ServiceCall,
} from './interrupt-requests.ts';
import type { IoInterruption } from './io-interrupts.ts';
import { completeProgram } from './program-interrupt.ts';

/** The state of a virtual CPU. */
export interface SavedVcpu {
  /** 16 general and 16 floating-point registers, and 3 of guarded storage: 64 bits each. */
  readonly gr: readonly bigint[];
  readonly fr: readonly bigint[];
  readonly guarded: readonly bigint[];
  /** 16 access registers, 32 bits each. */
  readonly ar: readonly number[];
  readonly fpc: number;
  /** The state description, 512 bytes. Fields that belong to the host are zeros, and are not restored. */
  readonly description: Uint8Array;
  readonly stopped: boolean;
  /** Whether it has returned to its user because of a wait. */
  readonly halted: boolean;
  /** The machine's TOD value at which it began to wait, or null. */
  readonly waitingSince: bigint | null;
  readonly restart: PendingRestart;
  readonly stop: PendingStop;
  /** The senders of pending emergency signals, and of the pending external call or null. */
  readonly emergencies: readonly number[];
  readonly externalCall: number | null;
  readonly pageFaultToken: bigint | null;
  /** Pending interruptions that user space has injected. A state without them has none. */
  readonly injected?: readonly LocalInterrupt[];
}

/** The interruptions of a virtual machine that any CPU may take. */
export interface SavedFloating {
  /** The parameter of the pending service signal, or null. */
  readonly serviceSignal: number | null;
  readonly channelReport: boolean;
  readonly io: readonly IoInterruption[];
  /** What user space has injected; a state without it has none. */
  readonly machineCheck?: { readonly cr14: bigint; readonly mcic: bigint } | null;
  readonly virtio?: readonly ServiceCall[];
  readonly pageFaults?: readonly bigint[];
}

/** Whether a restart is pending, and whether it comes before all other interruptions or after them. */
export const RESTARTS = ['none', 'first', 'last'] as const;
export type PendingRestart = (typeof RESTARTS)[number];
/** Whether a stop is pending, and whether it stores the status. */
export const STOPS = ['none', 'stop', 'store-status'] as const;
export type PendingStop = (typeof STOPS)[number];

/** The fields of the state description that belong to the guest: offset and length in bytes. */
const GUEST_FIELDS: readonly (readonly [offset: number, length: number])[] = [
  [SIE.PREFIX, 4],
  [SIE.CPU_TIMER, 8],
  [SIE.CLOCK_COMPARATOR, 8],
  [SIE.EPOCH, 8],
  // The intercepted instruction: its program event may be pending.
  [SIE.INTERCEPTION_STATUS, 1],
  [SIE.IPA, 6],
  [SIE.PER_CODE, 10],
  [SIE.TOD_PROGRAMMABLE, 4],
  [SIE.PSW, 16],
  [SIE.CONTROL_REGISTERS, 128],
  [SIE.BREAKING_EVENT_ADDRESS, 8],
  [SIE.PROGRAM_PARAMETER, 8],
];

/** Returns the guest's fields of a state description, at their offsets. @param get8 reads a byte */
export function guestFields(get8: (offset: number) => number): Uint8Array {
  const bytes = new Uint8Array(STATE_DESCRIPTION_SIZE);
  eachGuestByte((offset) => {
    bytes[offset] = get8(offset);
  });
  return bytes;
}

/** Calls `visit` with the offset of every byte of a state description that belongs to the guest. */
export function eachGuestByte(visit: (offset: number) => void): void {
  for (const [offset, length] of GUEST_FIELDS) for (let at = 0; at < length; at++) visit(offset + at);
}

/** @throws LinuxError EINVAL if it is not the state of a virtual CPU */
export function demandSavedVcpu(saved: SavedVcpu): void {
  demandObject('saved', saved);
  for (const [name, count] of [
    ['gr', 16],
    ['fr', 16],
    ['guarded', 3],
  ] as const) {
    demandList(name, saved[name], count);
    for (const value of saved[name]) demandDoubleword(name, value);
  }
  demandList('ar', saved.ar, 16);
  for (const value of saved.ar) demandInteger('ar', value, 0, 0xffff_ffff);
  demandInteger('fpc', saved.fpc, 0, 0xffff_ffff);
  demandBytes(saved.description);
  demandInteger('length', saved.description.length, STATE_DESCRIPTION_SIZE, STATE_DESCRIPTION_SIZE);
  for (const name of ['stopped', 'halted'] as const) demandBoolean(name, saved[name]);
  for (const name of ['waitingSince', 'pageFaultToken'] as const) {
    const value = saved[name];
    if (value !== null) demandDoubleword(name, value);
  }
  if (!RESTARTS.includes(saved.restart)) throw invalid('restart');
  if (!STOPS.includes(saved.stop)) throw invalid('stop');
  demandList('emergencies', saved.emergencies);
  for (const sender of saved.emergencies) demandInteger('sender', sender, 0, 0xffff);
  if (saved.externalCall !== null) demandInteger('externalCall', saved.externalCall, 0, 0xffff);
  demandList('injected', saved.injected ?? []);
  for (const one of saved.injected ?? []) {
    demandLocalInterrupt(one);
    if (one.type === 'program') completeProgram(one, 0);
  }
}

/** @throws LinuxError EINVAL if it is not the state of floating interruptions */
export function demandSavedFloating(saved: SavedFloating): void {
  demandObject('saved', saved);
  if (saved.serviceSignal !== null) demandInteger('serviceSignal', saved.serviceSignal, 0, 0xffff_ffff);
  demandBoolean('channelReport', saved.channelReport);
  demandList('io', saved.io, undefined, MAX_IO);
  demandList('virtio', saved.virtio ?? []);
  for (const one of saved.virtio ?? []) demandFloatingInterrupt({ type: 'virtio', ...one });
  demandList('pageFaults', saved.pageFaults ?? []);
  for (const token of saved.pageFaults ?? []) demandDoubleword('token', token);
  if (saved.machineCheck) demandFloatingInterrupt({ type: 'machine-check', ...saved.machineCheck });
  for (const one of saved.io) {
    demandObject('io', one);
    demandInteger('subchannel', one.subchannel, 0, 0xffff_ffff);
    demandInteger('parameter', one.parameter, 0, 0xffff_ffff);
    demandInteger('identification', one.identification, 0, 0xffff_ffff);
  }
}

/** The number of items that a list may have: of senders, and of subchannels. */
const LIST_MAX = 0x1_0000;
/** The number of I/O interruptions that may be pending. */
const MAX_IO = 266_258;

function demandList(name: string, value: readonly unknown[], count?: number, most = LIST_MAX): void {
  const fits = Array.isArray(value) && (count === undefined ? value.length <= most : value.length === count);
  if (!fits) throw invalid(name);
}

function demandBoolean(name: string, value: boolean): void {
  if (typeof value !== 'boolean') throw invalid(name);
}

function invalid(name: string): LinuxError {
  return new LinuxError('EINVAL', `the saved state has no valid ${name}`);
}
