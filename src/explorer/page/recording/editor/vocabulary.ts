/**
 * The words of the scenario language, for completion and syntax highlighting. docs/scenarios.md describes them.
 */

/** A word, its operands, and its effect. */
export interface Word {
  readonly word: string;
  /** Operands, as in docs/scenarios.md. */
  readonly operands: string;
  readonly effect: string;
}

/** Operations on processes: a process such as `2:` may precede them. */
export const PROCESS_VERBS: readonly Word[] = [
  {
    word: 'mmap',
    operands: 'ADDR LEN [WORD…]',
    effect: 'maps private anonymous memory, readable and writable, at exactly this address',
  },
  { word: 'munmap', operands: 'ADDR LEN', effect: 'unmaps the range' },
  { word: 'mprotect', operands: 'ADDR LEN PROT', effect: 'changes the protection' },
  {
    word: 'mremap',
    operands: 'ADDR OLDLEN NEWLEN [maymove | to NEWADDR]',
    effect: 'grows, shrinks or moves a mapping',
  },
  { word: 'dontneed', operands: 'ADDR LEN', effect: 'drops the pages; the next access finds zeros' },
  { word: 'fault', operands: 'ADDR [write]', effect: 'gives the page a frame, as a fault does' },
  {
    word: 'process',
    operands: 'read ADDR LEN | write ADDR DATA',
    effect: 'reads or stores as code of the process does',
  },
  {
    word: 'kernel',
    operands: 'read ADDR LEN | write ADDR DATA',
    effect: 'reads or stores as the kernel does for a system call',
  },
  { word: 'new', operands: '', effect: 'creates the process, with nothing mapped' },
  { word: 'fork', operands: 'Q', effect: 'creates process Q as a copy of it' },
  { word: 'exit', operands: '', effect: 'ends it and frees its memory and its gmaps' },
  { word: 'gmap_alloc', operands: 'G', effect: 'creates an empty guest address space of the process' },
];

/** All other operations. */
export const OTHER_VERBS: readonly Word[] = [
  { word: 'gmap_free', operands: 'G', effect: 'frees it' },
  {
    word: 'gmap_map_segment',
    operands: 'G FROM TO LEN',
    effect: 'maps process memory at FROM to guest address TO',
  },
  { word: 'gmap_unmap_segment', operands: 'G TO LEN', effect: 'unmaps guest memory' },
  { word: 'gmap_fault', operands: 'G ADDR', effect: 'links the segment; answers the process address' },
  { word: 'gmap_discard', operands: 'G FROM TO', effect: 'drops the pages behind linked segments' },
  {
    word: 'guest',
    operands: 'G read ADDR LEN | G write ADDR DATA',
    effect: 'reads or stores as guest code does',
  },
  {
    word: 'slot',
    operands: 'G S FROM TO LEN [log]',
    effect: 'makes process memory a slot of the virtual machine',
  },
  { word: 'dirty', operands: 'G S', effect: 'answers the pages of the slot written since the last time' },
  { word: 'key', operands: 'G ADDR', effect: 'answers the storage key of a page' },
  { word: 'set_key', operands: 'G ADDR KEY', effect: 'sets the storage key of a page' },
  { word: 'watch', operands: 'G ADDR LEN', effect: 'makes the pages present and writable, and watches them' },
  {
    word: 'watched',
    operands: 'G',
    effect: 'answers the watched pages that were invalidated or became read-only',
  },
  {
    word: 'file',
    operands: 'F LEN | F read OFFSET LEN | F write OFFSET DATA | F close',
    effect: 'creates, reads, writes or closes a file in memory',
  },
  { word: 'dump', operands: 'G', effect: 'answers every segment entry that is not empty' },
  { word: 'stats', operands: '', effect: 'answers the counters' },
  { word: 'fail', operands: 'N', effect: 'makes the N-th allocation of frames from now on fail, once' },
];

const MMAP_WORDS: readonly Word[] = [
  { word: 'none', operands: '', effect: 'no access' },
  { word: 'r', operands: '', effect: 'readable' },
  { word: 'rw', operands: '', effect: 'readable and writable' },
  { word: 'rx', operands: '', effect: 'readable and executable' },
  { word: 'fixed', operands: '', effect: 'replaces existing mappings' },
  { word: 'shared', operands: '', effect: 'a fork shares it instead of copying it' },
  { word: 'file', operands: 'F OFFSET', effect: 'maps file F from this byte on' },
  { word: 'large', operands: '', effect: 'whole segments get 1 MiB frames' },
  { word: 'high', operands: '', effect: 'allows addresses beyond 4 TiB' },
];

const READ_WRITE: readonly Word[] = [
  { word: 'read', operands: 'ADDR LEN', effect: 'answers the bytes in hexadecimal' },
  { word: 'write', operands: 'ADDR DATA', effect: 'stores bytes: hexadecimal, or text in quotation marks' },
];
const CLOSE: Word = { word: 'close', operands: '', effect: 'it can no longer be mapped, read or written' };
const ON: Word = { word: 'on', operands: 'CPU', effect: 'on this processor, 0 to 3' };
const LOG: Word = { word: 'log', operands: '', effect: 'logs which pages are written' };

/** The words that may come next, by verb, given the operands before them. */
const AFTER: Readonly<Record<string, (operands: readonly string[]) => readonly Word[]>> = {
  mmap: (o) => (o.length >= 2 ? MMAP_WORDS.filter(({ word }) => !o.includes(word)) : []),
  fault: (o) => (o.length === 1 ? [{ word: 'write', operands: '', effect: 'as the fault of a store' }] : []),
  mprotect: (o) => (o.length === 2 ? MMAP_WORDS.slice(0, 4) : []),
  mremap: (o) =>
    o.length === 3
      ? [
          { word: 'maymove', operands: '', effect: 'to wherever there is room' },
          { word: 'to', operands: 'NEWADDR', effect: 'to exactly this address' },
        ]
      : [],
  process: (o) => access(o, 0),
  kernel: (o) => (o.length === 0 ? READ_WRITE : []),
  guest: (o) => access(o, 1),
  file: (o) => (o.length === 1 ? [...READ_WRITE, CLOSE] : []),
  slot: (o) => (o.length === 5 ? [LOG] : []),
};

function access(operands: readonly string[], before: number): readonly Word[] {
  if (operands.length === before) return READ_WRITE;
  return operands.length === before + 3 ? [ON] : [];
}

/** All operations. */
export const VERBS: readonly Word[] = [...PROCESS_VERBS, ...OTHER_VERBS];

const VERB_NAMES = new Set(VERBS.map(({ word }) => word));
const OTHER_WORDS = new Set(
  ['read', 'write', 'close', 'on', 'log', 'maymove', 'to'].concat(MMAP_WORDS.map(({ word }) => word)),
);

/** Whether a word is an operation. */
export function isVerb(word: string): boolean {
  return VERB_NAMES.has(word);
}

/** Whether a word modifies an operation. */
export function isModifier(word: string): boolean {
  return OTHER_WORDS.has(word);
}

/** Returns the words that may follow the beginning of a line, up to the word being completed. */
export function wordsAfter(beginning: string): readonly Word[] {
  const words = beginning.trim().split(/\s+/).filter(Boolean);
  if (words[0]?.startsWith('#')) return [];
  const named = /^[0-9]+:$/.test(words[0] ?? '');
  const [verb, ...operands] = named ? words.slice(1) : words;
  if (verb === undefined) return named ? PROCESS_VERBS : VERBS;
  return Object.hasOwn(AFTER, verb) ? (AFTER[verb]?.(operands) ?? []) : [];
}
