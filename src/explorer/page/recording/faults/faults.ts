/**
 * The faults that can be injected into the host, and why broken rules matter, in sentences.
 */

import type { Rule } from '../../../../check/index.ts';
import type { InjectedFault } from '../../../../host/index.ts';

/** A fault. */
export interface FaultText {
  /** What the host omits. */
  readonly name: string;
  /** The consequence, in one sentence. */
  readonly sentence: string;
}

/** All faults. Its type makes sure that none is missing. */
export const FAULTS: Readonly<Record<InjectedFault, FaultText>> = {
  unlink: {
    name: 'unlinking',
    sentence: 'Guest segment entries still designate a page table after it was freed.',
  },
  'page-table-freed': {
    name: 'the purge when a page table is freed',
    sentence: 'Processors keep translations that were made through a page table which has been freed.',
  },
  'page-invalidated': {
    name: 'the purge of an invalidated page',
    sentence: 'Processors keep the translation of a page that was taken away.',
  },
  'page-protected': {
    name: 'the purge of a protected page',
    sentence: 'Processors can still store into a page that has just become read-only.',
  },
  'page-copied': {
    name: 'the purge of a copied page',
    sentence: 'After a copy on write, processors still use the old, shared page.',
  },
  'segment-changed': {
    name: 'the purge of a changed segment',
    sentence: 'Processors do not notice that a 1 MiB frame was split or protected.',
  },
  'space-grown': {
    name: 'the purge when a process gets another table level',
    sentence: 'Processors still use translations made before the process had another table on top.',
  },
  'enable-sie': {
    name: 'the purge at the first guest',
    sentence:
      'The process’s page tables were replaced by ones with PGSTEs, but processors still use the old ones.',
  },
  'gmap-map': {
    name: 'the purge when guest memory is mapped again',
    sentence: 'A guest segment was mapped to other memory, but processors still find the old memory.',
  },
  'gmap-unmap': {
    name: 'the purge when guest memory is unmapped',
    sentence: 'A guest can still reach memory that was unmapped from it.',
  },
  'gmap-free': {
    name: 'the purge when a guest is freed',
    sentence: 'Processors keep translations of a guest address space that no longer exists.',
  },
};

/** All faults, in the order of the menu. */
export const INJECTED_FAULTS = Object.keys(FAULTS) as readonly InjectedFault[];

/** Why each rule matters. */
export const WHY: Readonly<Record<Rule, string>> = {
  'stale-translation':
    'A processor that uses a stale translation may read or change memory that belongs to somebody else by now.',
  'table-format':
    'The hardware trusts every bit of an entry. One that is neither empty, unlinked nor valid can lead anywhere.',
  link: 'A guest entry that designates a table other than the process’s own gives the guest access to memory that is not its own.',
  'reverse-map': 'A link that is missing from the reverse map is not removed when its page table is freed.',
  'page-table':
    'A page table that nobody needs wastes memory. One that is missing causes a fault that never ends.',
  mapping: 'A page outside its mapping can be reached by somebody who was never allowed to.',
  'copy-on-write': 'A store becomes visible to others that should have kept their own copy.',
  'dirty-log': 'A page that was written but not logged is missing from a migrated copy of the guest.',
  watch: 'Somebody relies on being notified when the page is taken away, and will not be.',
  frames: 'A frame with two owners is overwritten by both. A frame without an owner is lost.',
  locks: 'With several threads, a wrong lock order causes a deadlock, and a missing lock corrupts data.',
};
