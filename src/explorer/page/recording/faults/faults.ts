/**
 * What the host can be told to leave out, and what that means to people.
 */

import type { InjectedFault } from '../../../../host/index.ts';

/** A thing to leave out. */
export interface Site {
  readonly name: string;
  /** What the host then does not do, in one sentence. */
  readonly sentence: string;
}

/** All of them. The type sees to it that none is missing. */
export const SITES: Readonly<Record<InjectedFault, Site>> = {
  unlink: {
    name: 'the unlinking',
    sentence: 'A page table that goes leaves guest segment entries that still designate it.',
  },
  'page-table-freed': {
    name: 'the purge when a page table goes',
    sentence: 'Processors keep what they found through a page table that has been freed.',
  },
  'page-invalidated': {
    name: 'the purge of an invalidated page',
    sentence: 'Processors keep the translation of a page that was taken away.',
  },
  'page-protected': {
    name: 'the purge of a protected page',
    sentence: 'Processors may still store into a page that has just become read-only.',
  },
  'page-copied': {
    name: 'the purge of a copied page',
    sentence: 'After a copy on write, processors still use the page that was shared.',
  },
  'segment-changed': {
    name: 'the purge of a changed segment',
    sentence: 'A frame of 1 MiB is split or protected, and processors go on as before.',
  },
  'space-grown': {
    name: 'the purge when a process grows a level',
    sentence: 'Processors still use what came by the element from before there was one more table on top.',
  },
  'enable-sie': {
    name: 'the purge at the first guest',
    sentence:
      'The process’s page tables are replaced by ones with PGSTEs, and processors remember the old ones.',
  },
  'gmap-map': {
    name: 'the purge when something else is mapped',
    sentence: 'A guest segment is mapped anew, and processors still find what was there.',
  },
  'gmap-unmap': {
    name: 'the purge when guest memory is unmapped',
    sentence: 'A guest still reaches memory that was unmapped from it.',
  },
  'gmap-free': {
    name: 'the purge when a guest is freed',
    sentence: 'Processors keep translations of a guest address space that is no more.',
  },
};

/** All that can be left out, in the order of the menu. */
export const INJECTED_FAULTS = Object.keys(SITES) as readonly InjectedFault[];

/** Why a broken rule matters, by its name. */
export const WHY: Readonly<Record<string, string>> = {
  'stale-translation':
    'A processor uses what it remembers and does not look again: it reads or changes memory that may belong to somebody else by now.',
  'table-format':
    'The hardware believes every bit of an entry; what is neither empty, a promise nor valid leads anywhere.',
  link: 'A guest entry that designates another table than the process’s own lets the guest reach memory that is not its own.',
  'reverse-map': 'A link that the reverse map does not know will not be undone when the page table goes.',
  'page-table': 'A page table nobody needs is memory lost; one that is missing is a fault that never ends.',
  mapping: 'A page outside its mapping is reached by somebody who was never allowed to.',
  'copy-on-write': 'A store is seen by others who should have kept their own copy.',
  'dirty-log': 'A page that is written and not logged is not moved with the guest when it migrates.',
  watch: 'Somebody relies on being told when the page goes, and will not be.',
  frames: 'A frame that two own is written by both; one that nobody owns is lost.',
  locks: 'On a machine with more threads, a wrong order waits forever and a missing lock tears data.',
};
