/**
 * The parser of the scenario language, which has one operation per line. docs/scenarios.md describes it.
 */

import type { MmapWords, Operation } from './operation.ts';
import { didYouMean } from './suggest.ts';
import { protectionOf, quoted, ScenarioSyntaxError, Words } from './words.ts';

/** The process of an operation; absent for process 0. */
type OfProcess = { process?: number };
/** Words of an mmap without operands. */
const FLAGS = ['fixed', 'shared', 'large', 'high'] as const;
/** Reads the operands of an operation. */
type Reader = (words: Words, of: OfProcess) => Operation;

/** Operations on processes. Their lines may begin with a process. */
const OF_PROCESSES: Readonly<Record<string, Reader>> = {
  mmap: (w, of) => ({ verb: 'mmap', ...of, ...range(w), ...mmapWords(w) }),
  munmap: (w, of) => ({ verb: 'munmap', ...of, ...range(w) }),
  mprotect: (w, of) => ({ verb: 'mprotect', ...of, ...range(w), protection: w.protection() }),
  dontneed: (w, of) => ({ verb: 'dontneed', ...of, ...range(w) }),
  fault: (w, of) => ({
    verb: 'fault',
    ...of,
    address: w.number('the address'),
    ...(w.skip('write') ? { write: true } : {}),
  }),
  mremap: (w, of) => ({
    verb: 'mremap',
    ...of,
    address: w.number('the address'),
    oldLength: w.number('the old length'),
    newLength: w.number('the new length'),
    ...mremapWords(w),
  }),
  new: (_, of) => ({ verb: 'new', ...of }),
  exit: (_, of) => ({ verb: 'exit', ...of }),
  fork: (w, of) => ({ verb: 'fork', ...of, child: w.child() }),
  gmap_alloc: (w, of) => ({ verb: 'gmap_alloc', ...of, gmap: w.gmap() }),
  process: (w, of) =>
    isRead(w)
      ? { verb: 'process read', ...of, ...range(w), ...w.cpu() }
      : { verb: 'process write', ...of, ...data(w), ...w.cpu() },
  kernel: (w, of) =>
    isRead(w) ? { verb: 'kernel read', ...of, ...range(w) } : { verb: 'kernel write', ...of, ...data(w) },
};

/** All other operations. */
const OF_NO_PROCESS: Readonly<Record<string, Reader>> = {
  gmap_free: (w) => ({ verb: 'gmap_free', gmap: w.gmap() }),
  gmap_map_segment: (w) => ({
    verb: 'gmap_map_segment',
    gmap: w.gmap(),
    from: w.number('the process address'),
    to: w.number('the guest address'),
    length: w.number('the length'),
  }),
  gmap_unmap_segment: (w) => ({
    verb: 'gmap_unmap_segment',
    gmap: w.gmap(),
    to: w.number('the guest address'),
    length: w.number('the length'),
  }),
  gmap_fault: (w) => ({ verb: 'gmap_fault', gmap: w.gmap(), address: w.number('the guest address') }),
  gmap_discard: (w) => ({
    verb: 'gmap_discard',
    gmap: w.gmap(),
    from: w.number('the first guest address'),
    to: w.number('the guest address after the last'),
  }),
  guest: (w) => {
    const gmap = w.gmap();
    return isRead(w)
      ? { verb: 'guest read', gmap, ...range(w), ...w.cpu() }
      : { verb: 'guest write', gmap, ...data(w), ...w.cpu() };
  },
  slot: (w) => ({
    verb: 'slot',
    gmap: w.gmap(),
    slot: w.number('the slot'),
    from: w.number('the process address'),
    to: w.number('the guest address'),
    length: w.number('the length'),
    ...(w.skip('log') ? { log: true } : {}),
  }),
  dirty: (w) => ({ verb: 'dirty', gmap: w.gmap(), slot: w.number('the slot') }),
  key: (w) => ({ verb: 'key', gmap: w.gmap(), address: w.number('the guest address') }),
  set_key: (w) => ({
    verb: 'set_key',
    gmap: w.gmap(),
    address: w.number('the guest address'),
    key: w.storageKey(),
  }),
  watch: (w) => ({ verb: 'watch', gmap: w.gmap(), ...range(w) }),
  watched: (w) => ({ verb: 'watched', gmap: w.gmap() }),
  file: (w) => fileOperation(w, w.file()),
  dump: (w) => ({ verb: 'dump', gmap: w.gmap() }),
  stats: () => ({ verb: 'stats' }),
  fail: (w) => ({ verb: 'fail', count: w.number('the count') }),
};

function range(w: Words): { address: bigint; length: bigint } {
  return { address: w.number('the address'), length: w.number('the length') };
}

function data(w: Words): { address: bigint; bytes: Uint8Array } {
  return { address: w.number('the address'), bytes: w.bytes() };
}

function isRead(w: Words): boolean {
  const access = w.word('read or write');
  if (access === 'read' || access === 'write') return access === 'read';
  const hint = didYouMean(access, ['read', 'write']);
  throw new ScenarioSyntaxError(`${quoted(access)} is neither read nor write${hint}`);
}

/** Parses the words after an mmap's length. They may be in any order, each at most once. */
function mmapWords(w: Words): MmapWords {
  const found: { -readonly [K in keyof MmapWords]: MmapWords[K] } = {};
  let protection: number | undefined;
  for (;;) {
    const flag = FLAGS.find((one) => !found[one] && w.skip(one));
    if (flag) {
      found[flag] = true;
    } else if (found.file === undefined && w.skip('file')) {
      found.file = w.file();
      found.offset = w.number('the offset in the file');
    } else if (protection === undefined) {
      protection = w.option(protectionOf);
      if (protection === undefined) return found;
      // Read and write is the default, and is not stored.
      if (protection !== 3) found.protection = protection;
    } else {
      return found;
    }
  }
}

function mremapWords(w: Words): { mayMove?: true; to?: bigint } {
  if (w.skip('maymove')) return { mayMove: true };
  return w.skip('to') ? { to: w.number('the new address') } : {};
}

function fileOperation(w: Words, file: number): Operation {
  if (w.skip('close')) return { verb: 'file close', file };
  if (w.skip('write')) {
    return { verb: 'file write', file, offset: w.number('the offset'), bytes: w.bytes() };
  }
  if (!w.skip('read')) return { verb: 'file', file, length: w.number('the length') };
  return { verb: 'file read', file, offset: w.number('the offset'), length: w.number('the length') };
}

/**
 * Returns the operation of a line, or null for a blank line and for a comment (a line that starts with #).
 * @throws ScenarioSyntaxError for a syntax error
 */
export function parseLine(line: string): Operation | null {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return null;
  const words = new Words(text);
  const process = words.process();
  const verb = words.word('the operation');
  const operation = readerOf(verb, process)(words, process ? { process } : {});
  words.end();
  return operation;
}

function readerOf(verb: string, process: number | undefined): Reader {
  if (Object.hasOwn(OF_PROCESSES, verb)) return OF_PROCESSES[verb] as Reader;
  if (!Object.hasOwn(OF_NO_PROCESS, verb)) {
    const hint = didYouMean(verb, [...Object.keys(OF_PROCESSES), ...Object.keys(OF_NO_PROCESS)]);
    throw new ScenarioSyntaxError(`unknown operation ${quoted(verb)}${hint}`);
  }
  if (process !== undefined) throw new ScenarioSyntaxError(`${verb} is not an operation on a process`);
  return OF_NO_PROCESS[verb] as Reader;
}
