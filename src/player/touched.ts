/**
 * The page that an operation of a scenario is about.
 */

import type { Operation, World } from '../scenario/index.ts';
import type { TouchedPage } from './positions.ts';

/** Returns the first page that an operation accesses or changes, or null if it is about none. */
export function touchedBy(operation: Operation, { processes, gmaps }: World): TouchedPage | null {
  switch (operation.verb) {
    case 'munmap':
    case 'dontneed':
    case 'mprotect':
    case 'fault':
    case 'process read':
    case 'process write':
    case 'kernel read':
    case 'kernel write': {
      const process = processes.get(operation.process ?? 0);
      return process ? { space: `process ${process.id}`, address: operation.address } : null;
    }
    case 'key':
    case 'set_key':
    case 'watch':
    case 'gmap_fault':
    case 'guest read':
    case 'guest write': {
      const gmap = gmaps.get(operation.gmap);
      return gmap ? { space: `gmap ${gmap.id}`, address: operation.address } : null;
    }
    case 'gmap_discard': {
      const gmap = gmaps.get(operation.gmap);
      return gmap ? { space: `gmap ${gmap.id}`, address: operation.from } : null;
    }
    default:
      return null;
  }
}
