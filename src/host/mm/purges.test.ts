/** The faults that can be injected into a process: each omits the purge of one site, and no other, or the unlinking. */

import { expect, it } from 'vitest';
import type { InjectedFault } from '../kernel.ts';
import { bytes, entryOf, MIB, makeHost, TIB } from '../testing/index.ts';
import type { Mm } from './mm.ts';

const PAGE = 4096n;
/** Memory with frames of 1 MiB. */
const LARGE = 8n * MIB;

/** Returns how an operation purges, in order, with a fault injected. */
function purgesOf(
  operation: (mm: Mm) => unknown,
  fault: InjectedFault | null,
  prepare?: (mm: Mm) => unknown,
) {
  const { host } = makeHost();
  const mm = host.createMm();
  mm.mmap({ address: 0n, length: MIB });
  mm.mmap({ address: LARGE, length: 2n * MIB, large: true });
  for (const address of [0n, LARGE]) mm.write(address, bytes(1));
  prepare?.(mm);
  const purges: string[] = [];
  host.machine.trace.subscribe((event) => {
    if (event.type === 'purge') purges.push(event.by);
  });
  host.kernel.injectedFault = fault;
  operation(mm);
  return purges;
}

it.each<[string, InjectedFault, string[], string[], (mm: Mm) => unknown, ((mm: Mm) => unknown)?]>([
  [
    'splitting a frame of 1 MiB, which is followed by dropping a page',
    'segment-changed',
    ['idte', 'ipte'],
    ['ipte'],
    (mm) => mm.dontNeed({ address: LARGE, length: PAGE }),
  ],
  [
    'protecting a frame of 1 MiB',
    'segment-changed',
    ['idte'],
    [],
    (mm) => mm.mprotect({ address: LARGE, length: MIB, protection: 1 }),
  ],
  [
    'dropping a frame of 1 MiB',
    'page-table-freed',
    ['idte'],
    [],
    (mm) => mm.dontNeed({ address: LARGE, length: MIB }),
  ],
  [
    'unmapping a frame of 1 MiB',
    'page-table-freed',
    ['idte'],
    [],
    (mm) => mm.munmap({ address: LARGE, length: MIB }),
  ],
  ['unmapping a segment', 'page-table-freed', ['idte'], [], (mm) => mm.munmap({ address: 0n, length: MIB })],
  ['unmapping a page', 'page-invalidated', ['ipte'], [], (mm) => mm.munmap({ address: 0n, length: PAGE })],
  ['dropping a page', 'page-invalidated', ['ipte'], [], (mm) => mm.dontNeed({ address: 0n, length: PAGE })],
  [
    'protecting a page',
    'page-protected',
    ['ipte'],
    [],
    (mm) => mm.mprotect({ address: 0n, length: PAGE, protection: 1 }),
  ],
  ['copying a page', 'page-copied', ['ipte'], [], (mm) => mm.write(0n, bytes(2)), (mm) => mm.fork(1)],
  [
    'growing the address space',
    'space-grown',
    ['idte'],
    [],
    (mm) => mm.mmap({ address: 4n * TIB, length: PAGE }),
  ],
  ['preparing for guests', 'enable-sie', ['idte'], [], (mm) => mm.enableSie()],
])('%s: %s', (_, site, all, left, operation, prepare) => {
  expect(purgesOf(operation, null, prepare)).toEqual(all);
  expect(purgesOf(operation, site, prepare)).toEqual(left);
});

it.each([
  [null, 0x220n],
  ['unlink', null],
] as const)('with the fault %s: the guest’s entry after munmap', (fault, unlinked) => {
  const { host } = makeHost();
  const mm = host.createMm();
  mm.mmap({ address: 0n, length: MIB });
  const gmap = host.createGmap(mm);
  gmap.map({ from: 0n, to: 0n, length: MIB });
  gmap.fault(0n);
  const linked = entryOf(host, gmap.asce, 0n, 0);
  host.kernel.injectedFault = fault;
  mm.munmap({ address: 0n, length: MIB });
  expect(entryOf(host, gmap.asce, 0n, 0)).toBe(unlinked ?? linked);
});
