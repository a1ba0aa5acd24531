/**
 * The words of the scenario language, for completion and syntax highlighting. docs/scenarios.md describes them.
 */

/** A word, its operands, and its effect. */
export interface Word {
  readonly word: string;
  /** Operands, as in docs/scenarios.md. */
  readonly operands: string;
  readonly says: string;
}

/** Operations on processes: a process such as `2:` may precede them. */
export const PROCESS_VERBS: readonly Word[] = [
  {
    word: 'mmap',
    operands: 'ADDR LEN [WORD…]',
    says: 'a private anonymous read-write mapping, exactly there',
  },
  { word: 'munmap', operands: 'ADDR LEN', says: 'removes what is mapped there' },
  { word: 'mprotect', operands: 'ADDR LEN PROT', says: 'changes what may be done with it' },
  {
    word: 'mremap',
    operands: 'ADDR OLDLEN NEWLEN [maymove | to NEWADDR]',
    says: 'makes it longer, shorter, or moves it',
  },
  { word: 'dontneed', operands: 'ADDR LEN', says: 'drops its pages; zeros are next' },
  {
    word: 'process',
    operands: 'read ADDR LEN | write ADDR HEX',
    says: 'reads or stores as the process’s code would',
  },
  {
    word: 'kernel',
    operands: 'read ADDR LEN | write ADDR HEX',
    says: 'as the kernel does for a system call',
  },
  { word: 'new', operands: '', says: 'makes the process, empty' },
  { word: 'fork', operands: 'Q', says: 'makes process Q a copy of it' },
  { word: 'exit', operands: '', says: 'ends it: its memory and its gmaps go' },
  { word: 'gmap_alloc', operands: 'G', says: 'makes an empty guest address space of the process' },
];

/** All other operations. */
export const OTHER_VERBS: readonly Word[] = [
  { word: 'gmap_free', operands: 'G', says: 'frees it' },
  {
    word: 'gmap_map_segment',
    operands: 'G FROM TO LEN',
    says: 'maps process memory at FROM to guest address TO',
  },
  { word: 'gmap_unmap_segment', operands: 'G TO LEN', says: 'unmaps guest memory' },
  { word: 'gmap_fault', operands: 'G ADDR', says: 'links the segment; answers the process address' },
  { word: 'gmap_discard', operands: 'G FROM TO', says: 'drops the pages behind linked segments' },
  {
    word: 'guest',
    operands: 'G read ADDR LEN | G write ADDR HEX',
    says: 'reads or stores as guest code would',
  },
  {
    word: 'slot',
    operands: 'G S FROM TO LEN [log]',
    says: 'makes process memory slot S of the virtual machine',
  },
  { word: 'dirty', operands: 'G S', says: 'the pages of the slot written since it was last asked' },
  { word: 'key', operands: 'G ADDR', says: 'the storage key of a page' },
  { word: 'set_key', operands: 'G ADDR KEY', says: 'sets the storage key of a page' },
  { word: 'watch', operands: 'G ADDR LEN', says: 'makes the pages present and writable, and watches them' },
  { word: 'watched', operands: 'G', says: 'watched pages that have gone or become read-only' },
  {
    word: 'file',
    operands: 'F LEN | F read OFFSET LEN | F write OFFSET HEX | F close',
    says: 'a file in memory',
  },
  { word: 'dump', operands: 'G', says: 'every segment entry that is not empty' },
  { word: 'stats', operands: '', says: 'counts at this position' },
  { word: 'fail', operands: 'N', says: 'the N-th allocation of frames from now fails, once' },
];

const MMAP_WORDS: readonly Word[] = [
  { word: 'none', operands: '', says: 'no access' },
  { word: 'r', operands: '', says: 'may be read' },
  { word: 'rw', operands: '', says: 'may be read and written' },
  { word: 'rx', operands: '', says: 'may be read and executed' },
  { word: 'fixed', operands: '', says: 'replaces what is there' },
  { word: 'shared', operands: '', says: 'a fork shares it and does not copy it' },
  { word: 'file', operands: 'F OFFSET', says: 'the pages of file F from that byte on' },
  { word: 'large', operands: '', says: 'whole segments get frames of 1 MiB' },
  { word: 'high', operands: '', says: 'it may lie beyond 4 TiB' },
];

const READ_WRITE: readonly Word[] = [
  { word: 'read', operands: 'ADDR LEN', says: 'answers the bytes in hexadecimal' },
  { word: 'write', operands: 'ADDR HEX', says: 'stores the bytes' },
];
const CLOSE: Word = { word: 'close', operands: '', says: 'nobody can map, read or write it any more' };
const ON: Word = { word: 'on', operands: 'CPU', says: 'on which processor, 0 to 3' };
const LOG: Word = { word: 'log', operands: '', says: 'notes which pages are written' };

/** The words that may come next, by verb, given the operands before them. */
const AFTER: Readonly<Record<string, (operands: readonly string[]) => readonly Word[]>> = {
  mmap: (o) => (o.length >= 2 ? MMAP_WORDS.filter(({ word }) => !o.includes(word)) : []),
  mprotect: (o) => (o.length === 2 ? MMAP_WORDS.slice(0, 4) : []),
  mremap: (o) =>
    o.length === 3
      ? [
          { word: 'maymove', operands: '', says: 'to wherever there is room' },
          { word: 'to', operands: 'NEWADDR', says: 'exactly there' },
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
