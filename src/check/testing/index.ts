/**
 * Test hosts on which every rule is checked after every operation, and the state that a failed operation must not change.
 * Only tests import this file.
 */

import { type Gmap, type Host, LinuxError, type MemoryFile, type Mm, PROT } from '../../host/index.ts';
import { hasFrame } from '../../host/internal.ts';
import { makeHost } from '../../host/testing/index.ts';
import type { Machine } from '../../machine/index.ts';
import { Checker, describeViolation } from '../index.ts';

const HOST_OPERATIONS = [
  'createMm',
  'fork',
  'createFile',
  'exitMm',
  'createGmap',
  'readAsProcess',
  'writeAsProcess',
  'readAsGuest',
  'writeAsGuest',
] as const;

const MM_OPERATIONS = [
  'mmap',
  'munmap',
  'mprotect',
  'dontNeed',
  'mremap',
  'fault',
  'read',
  'write',
  'startLog',
  'stopLog',
  'takeLog',
  'enableKeys',
  'keyOf',
  'setKey',
  'watchPage',
  'exit',
] as const;

const GMAP_OPERATIONS = ['map', 'unmap', 'fault', 'discard', 'watch', 'free'] as const;

const FILE_OPERATIONS = ['read', 'write', 'resize', 'discard', 'close'] as const;

/** A host, its machine, and the checker attached to it. */
export interface CheckedHost {
  readonly host: Host;
  readonly machine: Machine;
  readonly checker: Checker;
}

/**
 * Returns a host on a machine of, by default, 4 processors and 16 MiB. After each operation on it, on its processes, gmaps
 * and files, whether it succeeds or fails, everything is checked; a broken rule is thrown as an Error.
 */
export function checkedHost(options: { cpus?: number; storageSize?: number } = {}): CheckedHost {
  const { host, machine } = makeHost({ cpus: 4, ...options });
  const checker = Checker.attach(host);
  let depth = 0;

  const checked = (name: string, action: () => unknown): unknown => {
    if (depth > 0) return action();
    depth++;
    checker.record(name);
    try {
      return instrumented(action());
    } finally {
      depth--;
      demandClean();
    }
  };
  const demandClean = () => {
    const violations = checker.checkAll();
    if (violations.length > 0) throw new Error(violations.map(describeViolation).join('\n'));
  };
  /** Has the operations of an object checked that an operation has returned. */
  const instrumented = (result: unknown): unknown => {
    if (typeof result !== 'object' || result === null) return result;
    const made = result as Mm | Gmap | MemoryFile;
    if (host.processes.has(made as Mm)) wrap(made, MM_OPERATIONS);
    else if (host.common.files.has(made as MemoryFile)) wrap(made, FILE_OPERATIONS);
    else if ('mm' in made && host.processes.has(made.mm)) wrap(made, GMAP_OPERATIONS);
    return result;
  };
  const wrap = (target: object, names: readonly string[]): void => {
    const methods = target as Record<string, (...args: unknown[]) => unknown>;
    for (const name of names) {
      const method = methods[name]!.bind(target);
      methods[name] = (...args) => checked(name, () => method(...args));
    }
  };
  wrap(host, HOST_OPERATIONS);
  return { host, machine, checker };
}

/**
 * Returns the state of a process that is visible from outside: its mappings and the contents of its pages, not its tables.
 */
export function visibleStateOf(mm: Mm) {
  const { view, bytes } = mm.kernel.storage;
  const pages: string[] = [];
  const note = (page: number, frame: number) => {
    const protection = mm.mappings.at(page)?.protection ?? PROT.NONE;
    pages.push(`${page.toString(16)} ${protection} ${digest(bytes.subarray(frame, frame + 4096))}`);
  };
  for (const segment of mm.tables.segments()) {
    const large = mm.tables.largeFrameOf(segment);
    const table = mm.tables.pageTableOf(segment);
    for (let i = 0; i < 256; i++) {
      if (large >= 0) note(segment * 256 + i, large + i * 4096);
      else if (hasFrame(view.getUint32(table + i * 8 + 4))) note(segment * 256 + i, mm.ptes.frame(table, i));
    }
  }
  return {
    mappings: [...mm.mappings],
    pages,
    levels: mm.tables.levels,
    asce: mm.asce,
    logs: mm.logs.length,
    guests: [...mm.gmaps].map((guest) =>
      [...(guest as unknown as Gmap).segments()].map(({ guest, process }) => [guest, process]),
    ),
  };
}

function digest(page: Uint8Array): string {
  let hash = 0x811c_9dc5;
  for (const byte of page) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0;
  return hash.toString(16);
}

/** A host in some state, and an operation to perform there. */
export interface FailureCase {
  readonly host: Host;
  /** The state that a failed operation must not change. */
  readonly seen: () => unknown;
  readonly operation: () => unknown;
}

/**
 * Performs the operation in a new host with its first allocation failing, then its second, and so on until none is left to
 * fail. Returns, for each allocation, how the operation ended when that failed: 'ok' if the operation did without it.
 * @throws Error if a failed operation has changed the state, fails again without a failing allocation, or loses frames
 */
export function failEach(make: () => FailureCase): ('ENOMEM' | 'ok')[] {
  const ends: ('ENOMEM' | 'ok')[] = [];
  for (let n = 1; ; n++) {
    const { host, seen, operation } = make();
    const { frames } = host.kernel;
    const before = inWords(seen());
    frames.failIn(n);
    const code = codeWithin(operation);
    const left = frames.failing;
    frames.failIn(0);
    if (code === 'ENOMEM') {
      const after = inWords(seen());
      if (after !== before)
        throw new Error(`allocation ${n} failed, and something changed:\n${before}\n${after}`);
      operation();
    }
    endAll(host);
    if (left > 0) return ends;
    ends.push(code);
  }
}

function codeWithin(operation: () => unknown): 'ENOMEM' | 'ok' {
  try {
    operation();
    return 'ok';
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'ENOMEM') return 'ENOMEM';
    throw error;
  }
}

function inWords(value: unknown): string {
  return JSON.stringify(
    value,
    (key, item) => (typeof item === 'bigint' ? `0x${item.toString(16)}` : key === 'file' ? 'file' : item),
    1,
  );
}

/** Ends every process and closes every file. @throws Error if not all storage is free then */
export function endAll(host: Host): void {
  for (const mm of [...host.processes]) host.exitMm(mm);
  for (const file of [...host.common.files]) file.close();
  const used = host.machine.storage.size / 4096 - RESERVED - host.kernel.frames.available;
  if (used !== 0) throw new Error(`${used} frames are lost`);
}

/** Frames at the bottom of storage that are never handed out. */
const RESERVED = 16;
