/**
 * The terms of the page, in the order of the glossary. Texts of the page mark them with dotted underlines.
 */

/** A term. */
export interface Term {
  readonly name: string;
  /** What it is, in one or two sentences. */
  readonly text: string;
  /** What x86 and Arm call it, if they have it or something like it. */
  readonly elsewhere?: string;
  /** How it is written in texts, in the singular; the plural is recognized too. Empty if it is not marked. */
  readonly forms: readonly string[];
}

/** All terms, in alphabetical order. */
export const GLOSSARY: readonly Term[] = [
  {
    name: 'ASCE',
    text: 'Address-space-control element: where the topmost table of an address space is, and of which level it is. It is loaded into a control register.',
    elsewhere: 'x86: CR3. Arm: TTBR0, and VTTBR for a guest.',
    forms: ['ASCE', 'address-space-control element'],
  },
  {
    name: 'copy on write',
    text: 'After a fork, both processes use the same frame, which neither may store into. The first store causes a fault, and the kernel copies the page.',
    elsewhere: 'x86 and Arm: the same.',
    forms: ['copy on write', 'copy-on-write'],
  },
  {
    name: 'DAT',
    text: 'Dynamic address translation: finding the storage behind a virtual address, by the tables that the kernel maintains.',
    elsewhere: 'x86: paging. Arm: the MMU’s translation.',
    forms: ['DAT', 'dynamic address translation'],
  },
  {
    name: 'dirty log',
    text: 'A record of the pages that were written since it was last read. Live migration needs it.',
    elsewhere: 'x86 and Arm: the same in KVM; some processors also log by themselves (PML on x86).',
    forms: ['dirty log'],
  },
  {
    name: 'EFAULT',
    text: 'The error “bad address”: the process has no memory there, or may not use it in this way.',
    forms: ['EFAULT'],
  },
  {
    name: 'EINVAL',
    text: 'The error “invalid argument”.',
    forms: ['EINVAL'],
  },
  {
    name: 'ENOMEM',
    text: 'The error “out of memory”.',
    forms: ['ENOMEM'],
  },
  {
    name: 'exit',
    text: 'A virtual CPU exits to user space when the kernel cannot handle what the guest did. The process, such as QEMU, decides what to do.',
    elsewhere: 'x86 and Arm: the same.',
    forms: ['exit to user space', 'exits to user space'],
  },
  {
    name: 'fault',
    text: 'An exception because a translation failed: an entry is invalid, or it forbids stores. The kernel resolves it, or reports an error.',
    elsewhere: 'x86: page fault (#PF). Arm: data or instruction abort.',
    forms: ['page fault'],
  },
  {
    name: 'frame',
    text: 'A block of 4 KiB of real storage that can hold a page or a table. There are frames of 1 MiB and 2 GiB too.',
    elsewhere: 'x86 and Arm: physical page, page frame.',
    forms: ['frame'],
  },
  {
    name: 'gmap',
    text: 'Guest address space: the tables of the host that translate the addresses of a guest. Its segments are linked to page tables of the process.',
    elsewhere:
      'x86: EPT (Intel), NPT (AMD). Arm: stage 2 tables. None of these shares tables with the process.',
    forms: ['gmap', 'guest address space'],
  },
  {
    name: 'guest',
    text: 'A virtual machine: its virtual CPUs, and the memory that a process of the host gives it.',
    forms: [],
  },
  {
    name: 'guest fault',
    text: 'A fault in the tables of the gmap, while a guest runs. The host links the segment, or gives the page a frame, and the guest continues.',
    elsewhere: 'x86: EPT violation. Arm: stage 2 fault.',
    forms: ['guest fault'],
  },
  {
    name: 'host',
    text: 'The kernel that runs on the machine itself, with its processes.',
    forms: [],
  },
  {
    name: 'IDTE',
    text: 'Invalidate DAT-table entry: an instruction that purges all translations of an address space from the TLB of every processor.',
    elsewhere: 'x86: INVPCID or a load of CR3, on each processor. Arm: TLBI by ASID or VMID.',
    forms: ['IDTE'],
  },
  {
    name: 'invalid bit',
    text: 'The bit of an entry that makes the hardware stop with an exception: 0x20 in region- and segment-table entries, 0x400 in page-table entries. The other bits are then free for the kernel.',
    elsewhere: 'x86: the present bit (P), inverted. Arm: the valid bit, inverted.',
    forms: ['invalid bit'],
  },
  {
    name: 'IPTE',
    text: 'Invalidate page-table entry: an instruction that sets the invalid bit of an entry and purges the page from the TLB of every processor.',
    elsewhere: 'x86: INVLPG on each processor. Arm: TLBI by address.',
    forms: ['IPTE'],
  },
  {
    name: 'KVM',
    text: 'The part of the Linux kernel that runs guests.',
    forms: [],
  },
  {
    name: 'link',
    text: 'A guest segment is linked when its entry designates a page table (or a 1 MiB frame) of the process. The first access to a mapped segment links it.',
    forms: [],
  },
  {
    name: 'memory slot',
    text: 'A range of guest memory as KVM’s user sees it, with a dirty log if wanted.',
    elsewhere: 'x86 and Arm: the same.',
    forms: ['memory slot'],
  },
  {
    name: 'page',
    text: '4 KiB of an address space. It is present if its page-table entry designates a frame.',
    forms: [],
  },
  {
    name: 'page table',
    text: 'The lowest table: 256 entries, one for each page of a segment.',
    elsewhere: 'x86: page table (PT). Arm: level 3 table. Both have 512 entries.',
    forms: ['page table', 'page-table entry', 'page-table entries'],
  },
  {
    name: 'PGSTE',
    text: 'Page status table entry: eight bytes beside each page-table entry of a process with guests. The host keeps the storage key and other facts about the guest page there.',
    elsewhere: 'x86 and Arm: nothing like it.',
    forms: ['PGSTE', 'page status table entry'],
  },
  {
    name: 'prefix area',
    text: 'The first 8 KiB of a CPU’s real storage, where interruptions store the old PSW and fetch the new one. Each CPU has its own.',
    elsewhere: 'x86: the IDT and TSS. Arm: the vector table (VBAR).',
    forms: ['prefix area'],
  },
  {
    name: 'process',
    text: 'A program of the host with an address space of its own. The memory of a guest belongs to a process.',
    forms: [],
  },
  {
    name: 'promise',
    text: 'A guest segment that is mapped and not linked. Its entry is invalid, and holds the address of the process that the first access will be linked to.',
    forms: ['promise'],
  },
  {
    name: 'protection bit',
    text: 'The bit of an entry that forbids stores: 0x200.',
    elsewhere: 'x86: the write bit (R/W), inverted. Arm: access permissions (AP).',
    forms: ['protection bit'],
  },
  {
    name: 'PSW',
    text: 'Program status word: the address of the next instruction, the condition code and the state of the CPU.',
    elsewhere: 'x86: RIP and RFLAGS. Arm: PC and PSTATE.',
    forms: ['PSW'],
  },
  {
    name: 'purge',
    text: 'Removing translations from TLBs, so that the next access walks the tables.',
    elsewhere: 'x86: TLB flush, shootdown. Arm: TLB invalidation.',
    forms: ['purge', 'purged'],
  },
  {
    name: 'region table',
    text: 'The tables above the segment table. An entry of a region-third table covers 2 GiB, of a region-second table 4 TiB, of a region-first table 8 PiB.',
    elsewhere: 'x86: PDPT, PML4, PML5. Arm: the tables of levels 1 and 0.',
    forms: ['region table', 'region-first table', 'region-second table', 'region-third table'],
  },
  {
    name: 'reverse map',
    text: 'The list of the guest segments that are linked to a page table. The host follows it when it must unlink them. Linux: rmap.',
    elsewhere: 'x86 and Arm: KVM’s rmaps lead from a page to the entries that map it.',
    forms: ['reverse map'],
  },
  {
    name: 'segment',
    text: '1 MiB of an address space, with a page table of its own.',
    forms: [],
  },
  {
    name: 'segment table',
    text: '2048 entries, one for each segment. An entry designates a page table, or a frame of 1 MiB.',
    elsewhere: 'x86: page directory (PD). Arm: level 2 table. Their entries cover 2 MiB.',
    forms: ['segment table', 'segment-table entry', 'segment-table entries'],
  },
  {
    name: 'SIE',
    text: 'Start interpretive execution: the instruction that runs a guest until it needs the host.',
    elsewhere: 'x86: VMLAUNCH, VMRESUME, VMRUN. Arm: ERET to EL1.',
    forms: [],
  },
  {
    name: 'stale translation',
    text: 'A translation in a TLB that the tables no longer give. A processor that uses it may reach memory that belongs to somebody else by now.',
    elsewhere: 'x86 and Arm: the same.',
    forms: ['stale translation'],
  },
  {
    name: 'storage key',
    text: 'Seven bits beside each frame: who may access it, and whether it was referenced or changed.',
    elsewhere:
      'x86: protection keys and accessed and dirty bits, in the page-table entry. Arm: access flag and dirty state.',
    forms: ['storage key'],
  },
  {
    name: 'TLB',
    text: 'Translation-lookaside buffer: a cache of translations in each processor. A processor that finds one there does not walk the tables.',
    elsewhere: 'x86 and Arm: the same.',
    forms: ['TLB', 'translation-lookaside buffer'],
  },
  {
    name: 'unlink',
    text: 'A linked guest segment becomes a promise again: mapped, but not linked. The host does this before it frees the page table.',
    forms: [],
  },
  {
    name: 'virtual CPU',
    text: 'A processor of a guest. It runs while a real processor executes SIE for it. Short: vCPU.',
    elsewhere: 'x86 and Arm: the same.',
    forms: ['virtual CPU', 'vCPU'],
  },
  {
    name: 'walk',
    text: 'Following the tables from the ASCE down to a frame, as the hardware does when the TLB has no translation.',
    elsewhere: 'x86 and Arm: page walk, table walk.',
    forms: [],
  },
];

/** A piece of a text: a term, or the text between terms. */
export interface Piece {
  readonly text: string;
  readonly term: Term | null;
}

const BY_FORM = new Map(
  GLOSSARY.flatMap((term) => term.forms.map((form) => [form.toLowerCase(), term] as const)),
);
/** All forms, the longest first: a page-table entry is not just a page table. */
const FORMS = [...BY_FORM.keys()].sort((a, b) => b.length - a.length);
const MATCH = new RegExp(`(?<![\\w-])(${FORMS.join('|')})(s?)(?![\\w-])`, 'gi');

/** Divides a text at its terms. Only the first use of each term counts. @param used the terms used before; extended */
export function piecesOf(text: string, used: Set<Term>): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(MATCH)) {
    const term = BY_FORM.get((match[1] as string).toLowerCase());
    if (term === undefined || used.has(term) || !isWrittenSo(match[1] as string, term)) continue;
    used.add(term);
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), term: null });
    pieces.push({ text: match[0], term });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), term: null });
  return pieces;
}

/** Abbreviations are recognized in capitals only; a word may begin with a capital. */
function isWrittenSo(text: string, { forms }: Term): boolean {
  return forms.some((form) => form === text || form === text.charAt(0).toLowerCase() + text.slice(1));
}
