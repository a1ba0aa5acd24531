/**
 * A host as a whole: the memory as code of processes and guests reads it on several processors, and that no processor uses
 * a translation after the operation that invalidated it.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { type Cpu, InternalError, logicalPage, STORE, Storage } from '../machine/index.ts';
import type { Gmap } from './gmap/index.ts';
import type { Host } from './host.ts';
import { PURGE_SITES, type PurgeSite } from './kernel.ts';
import { type Mm, PROCESS_LIMIT, PROT } from './mm/index.ts';
import { bytes, codeOf, entryOf, MIB, makeHost, PIB, staleTranslations, TIB } from './testing/index.ts';

const HOME = 0x1000_0000n;

let host: Host;
let mm: Mm;
let cpus: readonly Cpu[];
let problems: string[];

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  problems = made.problems;
  cpus = host.machine.cpus;
  mm = host.createMm();
  return () => {
    expect(problems).toEqual([]);
    expect(host.kernel.locks.held).toEqual([]);
  };
});

/** Creates a gmap with the two MiB of the process from HOME on at guest address 0. */
function guest(): Gmap {
  if (!mm.mappings.at(Number(HOME >> 12n))) mm.mmap({ address: HOME, length: 2n * MIB });
  const gmap = host.createGmap(mm);
  gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
  return gmap;
}

/** Reads on each processor. Returns the byte, or the error code, of each. */
const onEach = (read: (cpu: Cpu) => Uint8Array | unknown): (number | string)[] =>
  cpus.map((cpu) => {
    let found: number | string = 'nothing';
    const code = codeOf(() => {
      const result = read(cpu);
      found = result instanceof Uint8Array ? (result[0] as number) : 'ok';
    });
    return code === 'ok' ? found : code;
  });
const guestReads = (gmap: Gmap, address = 0n) => onEach((cpu) => host.readAsGuest(gmap, cpu, address, 1));
const guestWrites = (gmap: Gmap, address = 0n) =>
  onEach((cpu) => host.writeAsGuest(gmap, cpu, address, bytes(0xbb)));
const processReads = (address = HOME, of = mm) => onEach((cpu) => host.readAsProcess(of, cpu, address, 1));
const all = (value: number | string) => [value, value, value];
const live = () =>
  [...host.processes].flatMap((p) => [p.asce, ...[...p.gmaps].map((g) => (g as unknown as Gmap).asce)]);

describe('data', () => {
  it('that the process writes is what the guest reads, on any processor', () => {
    const gmap = guest();
    host.writeAsProcess(mm, cpus[0]!, HOME + 0x1234n, bytes(1, 2, 3));
    for (const cpu of cpus) expect(host.readAsGuest(gmap, cpu, 0x1234n, 3)).toEqual(bytes(1, 2, 3));
  });

  it('that the guest writes is what the process reads, on any processor', () => {
    const gmap = guest();
    host.writeAsGuest(gmap, cpus[2]!, 0x1234n, bytes(1, 2, 3));
    for (const cpu of cpus) expect(host.readAsProcess(mm, cpu, HOME + 0x1234n, 3)).toEqual(bytes(1, 2, 3));
    expect(mm.read(HOME + 0x1234n, 3)).toEqual(bytes(1, 2, 3));
  });

  it('crosses the borders of pages and segments', () => {
    const gmap = guest();
    const data = Uint8Array.from({ length: 0x2002 }, (_, i) => i % 251);
    host.writeAsGuest(gmap, cpus[1]!, MIB - 0x1001n, data);
    expect(host.readAsProcess(mm, cpus[0]!, HOME + MIB - 0x1001n, 0x2002)).toEqual(data);
  });

  it('is zero at first', () => {
    expect(guestReads(guest())).toEqual(all(0));
    expect(processReads(HOME + 5n)).toEqual(all(0));
  });

  it('of length 0 is read and written without a fault, also where nothing is mapped', () => {
    const gmap = guest();
    expect(host.readAsGuest(gmap, cpus[0]!, 1n << 60n, 0)).toEqual(bytes());
    expect(codeOf(() => host.writeAsProcess(mm, cpus[0]!, TIB, bytes()))).toBe('ok');
    expect(host.kernel.frames.count('page')).toBe(0);
  });

  it('of two processes at the same address is separate', () => {
    const other = host.createMm();
    for (const p of [mm, other]) p.mmap({ address: HOME, length: MIB });
    host.writeAsProcess(mm, cpus[0]!, HOME, bytes(1));
    host.writeAsProcess(other, cpus[0]!, HOME, bytes(2));
    expect(processReads()).toEqual(all(1));
    expect(processReads(HOME, other)).toEqual(all(2));
  });

  it('beyond the end of an address space is EFAULT', () => {
    const gmap = guest();
    expect(processReads(1n << 42n)).toEqual(all('EFAULT'));
    expect(processReads((1n << 64n) - 1n)).toEqual(all('EFAULT'));
    expect(processReads(-1n)).toEqual(all('EFAULT'));
    expect(guestReads(gmap, (1n << 64n) - 1n)).toEqual(all('EFAULT'));
  });

  it('a store into a page that was only read sets its change bit', () => {
    const gmap = guest();
    host.readAsGuest(gmap, cpus[0]!, 0n, 1);
    const frame = Number(entryOf(host, mm.asce, HOME, 0));
    const page = host.machine.storage.get32(frame + 4) >>> 12;
    expect((host.machine.storage.keys[page] as number) & 0x02).toBe(0);
    host.writeAsGuest(gmap, cpus[0]!, 0n, bytes(1));
    expect((host.machine.storage.keys[page] as number) & 0x02).toBe(0x02);
  });
});

describe('no processor uses old data after', () => {
  let gmap: Gmap;

  beforeEach(() => {
    gmap = guest();
    mm.write(HOME, bytes(1));
    mm.write(HOME + MIB, bytes(2));
    expect(guestReads(gmap)).toEqual(all(1));
    expect(guestReads(gmap, MIB)).toEqual(all(2));
    expect(processReads()).toEqual(all(1));
    return () => expect(staleTranslations(host, live())).toEqual([]);
  });

  it('munmap of all', () => {
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(guestReads(gmap)).toEqual(all('EFAULT'));
    expect(processReads()).toEqual(all('EFAULT'));
  });

  it('munmap of a part, and a new mapping', () => {
    mm.munmap({ address: HOME, length: 0x1000n });
    expect(guestReads(gmap)).toEqual(all('EFAULT'));
    expect(guestReads(gmap, MIB)).toEqual(all(2));
    mm.mmap({ address: HOME, length: 0x1000n });
    expect(guestReads(gmap)).toEqual(all(0));
    expect(processReads()).toEqual(all(0));
  });

  it('mmap over an existing mapping', () => {
    mm.mmap({ address: HOME, length: 0x1000n, taken: 'replace' });
    expect(guestReads(gmap)).toEqual(all(0));
    expect(processReads()).toEqual(all(0));
  });

  it('dontNeed and discard', () => {
    mm.dontNeed({ address: HOME, length: 0x1000n });
    expect(guestReads(gmap)).toEqual(all(0));
    gmap.discard({ address: MIB, length: MIB });
    expect(guestReads(gmap, MIB)).toEqual(all(0));
    expect(processReads(HOME + MIB)).toEqual(all(0));
  });

  it('mprotect', () => {
    expect(guestWrites(gmap)).toEqual(all('ok'));
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    expect(guestWrites(gmap)).toEqual(all('EFAULT'));
    expect(guestReads(gmap)).toEqual(all(0xbb));
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.NONE });
    expect(guestReads(gmap)).toEqual(all('EFAULT'));
    expect(processReads()).toEqual(all('EFAULT'));
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(guestWrites(gmap)).toEqual(all('ok'));
  });

  it('gmap.unmap, gmap.map and gmap.free', () => {
    gmap.map({ from: HOME + MIB, to: 0n, length: MIB });
    expect(guestReads(gmap)).toEqual(all(2));
    gmap.unmap({ address: 0n, length: 2n * MIB });
    expect(guestReads(gmap)).toEqual(all('EFAULT'));
    gmap.free();
    expect(processReads()).toEqual(all(1));
  });

  it('the end of the process, when the next one gets its tables', () => {
    const { asce } = mm;
    host.exitMm(mm);
    const next = host.createMm();
    expect(next.asce).toBe(asce);
    expect(processReads(HOME, next)).toEqual(all('EFAULT'));
    next.mmap({ address: HOME, length: MIB });
    expect(processReads(HOME, next)).toEqual(all(0));
  });

  it('dontNeed of a page that is mapped at several guest addresses', () => {
    const other = guest();
    gmap.map({ from: HOME, to: 16n * PIB, length: MIB });
    expect(guestReads(gmap, 16n * PIB)).toEqual(all(1));
    expect(guestReads(other)).toEqual(all(1));
    mm.dontNeed({ address: HOME, length: 0x1000n });
    expect([guestReads(gmap, 16n * PIB), guestReads(other), guestReads(gmap)]).toEqual([
      all(0),
      all(0),
      all(0),
    ]);
  });
});

describe('each purge is needed: without it a processor uses a stale translation', () => {
  /** By purge site: invalidates a translation. Returns what each processor then reads. */
  const cases: Record<
    PurgeSite,
    { run: () => (number | string)[]; fresh: number | string; stale: number | string }
  > = {
    'gmap-map': {
      run: () => {
        const gmap = guest();
        mm.write(HOME, bytes(1));
        mm.write(HOME + MIB, bytes(2));
        guestReads(gmap);
        gmap.map({ from: HOME + MIB, to: 0n, length: MIB });
        return guestReads(gmap);
      },
      fresh: 2,
      stale: 1,
    },
    'gmap-unmap': {
      run: () => {
        const gmap = guest();
        mm.write(HOME, bytes(1));
        guestReads(gmap);
        gmap.unmap({ address: 0n, length: MIB });
        return guestReads(gmap);
      },
      fresh: 'EFAULT',
      stale: 1,
    },
    // The next gmap gets the frames of the old one's tables: its element is the same.
    'gmap-free': {
      run: () => {
        const gmap = guest();
        mm.write(HOME, bytes(1));
        guestReads(gmap);
        gmap.free();
        return guestReads(host.createGmap(mm));
      },
      fresh: 'EFAULT',
      stale: 1,
    },
    // By then the frame of the process that ended belongs to another process.
    'page-table-freed': {
      run: () => {
        const gmap = guest();
        mm.write(HOME, bytes(1));
        guestReads(gmap);
        const other = host.createMm();
        other.mmap({ address: 0n, length: 64n * MIB });
        other.write(0n, bytes(7));
        mm.munmap({ address: HOME, length: 2n * MIB });
        for (let i = 0n; i < 8n; i++) other.write(0x1000n * i, new Uint8Array(4096).fill(9));
        return guestReads(gmap);
      },
      fresh: 'EFAULT',
      stale: 9,
    },
    'page-invalidated': {
      run: () => {
        const gmap = guest();
        mm.write(HOME, bytes(1));
        guestReads(gmap);
        mm.dontNeed({ address: HOME, length: 0x1000n });
        return guestReads(gmap);
      },
      fresh: 0,
      stale: 1,
    },
    'page-protected': {
      run: () => {
        const gmap = guest();
        guestWrites(gmap);
        mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
        return guestWrites(gmap);
      },
      fresh: 'EFAULT',
      stale: 'ok',
    },
    // Without the purge the shared frame is read, not the copy.
    'page-copied': {
      run: () => {
        const gmap = guest();
        mm.write(HOME, bytes(1));
        host.fork(mm);
        guestReads(gmap);
        mm.write(HOME, bytes(2));
        return guestReads(gmap);
      },
      fresh: 2,
      stale: 1,
    },
    'segment-changed': {
      run: () => {
        const gmap = guest();
        mm.mmap({ address: HOME, length: 2n * MIB, large: true, taken: 'replace' });
        guestWrites(gmap);
        mm.mprotect({ address: HOME, length: 2n * MIB, protection: PROT.READ });
        return guestWrites(gmap);
      },
      fresh: 'EFAULT',
      stale: 'ok',
    },
    // The next process gets the frame of the old top table, and so the old element.
    'space-grown': {
      run: () => {
        mm.mmap({ address: HOME, length: MIB });
        mm.write(HOME, bytes(1));
        processReads();
        const element = mm.asce;
        mm.mmap({ address: PROCESS_LIMIT, length: MIB });
        host.exitMm(mm);
        let other = host.createMm();
        while (other.asce !== element) other = host.createMm();
        other.mmap({ address: HOME, length: MIB });
        for (let i = 1n; i < 8n; i++) other.write(HOME + 0x1000n * i, new Uint8Array(4096).fill(9));
        other.write(HOME, bytes(7));
        return processReads(HOME, other);
      },
      fresh: 7,
      stale: 9,
    },
    // IPTE purges by the page table: it does not purge translations made from the old one.
    'enable-sie': {
      run: () => {
        mm.mmap({ address: HOME, length: MIB });
        mm.write(HOME, bytes(1));
        processReads();
        host.createGmap(mm);
        mm.dontNeed({ address: HOME, length: 0x1000n });
        return processReads();
      },
      fresh: 0,
      stale: 1,
    },
  };

  it.each(PURGE_SITES)('%s', (site) => {
    host.kernel.injectedFault = site;
    expect(cases[site].run()).toEqual(all(cases[site].stale));
  });

  it.each(PURGE_SITES)('%s: not with it', (site) => {
    expect(cases[site].run()).toEqual(all(cases[site].fresh));
    expect(staleTranslations(host, live())).toEqual([]);
  });

  it('page-table-freed, for the process itself', () => {
    mm.mmap({ address: HOME, length: MIB });
    mm.write(HOME, bytes(1));
    processReads();
    host.kernel.injectedFault = 'page-table-freed';
    mm.munmap({ address: HOME, length: MIB });
    expect(processReads()).toEqual(all(1));
  });

  it('page-invalidated, for a munmap of a part', () => {
    const gmap = guest();
    mm.write(HOME, bytes(1));
    guestReads(gmap);
    host.kernel.injectedFault = 'page-invalidated';
    mm.munmap({ address: HOME, length: 0x1000n });
    expect(guestReads(gmap)).toEqual(all(1));
  });

  it('page-protected, when stores are allowed again: without it they would fault forever', () => {
    const gmap = guest();
    guestWrites(gmap);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    guestReads(gmap);
    host.kernel.injectedFault = 'page-protected';
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(() => guestWrites(gmap)).toThrow(InternalError);
  });
});

describe('processors', () => {
  it('access with key 0, not with the key of the PSW before', () => {
    const gmap = guest();
    cpus[0]!.key = 8;
    host.writeAsGuest(gmap, cpus[0]!, 0n, bytes(1));
    expect(processReads()).toEqual(all(1));
  });

  it('of a host have enhanced DAT on', () => {
    for (const cpu of cpus) expect((cpu.cr[0] as bigint) & 0x80_0000n).toBe(0x80_0000n);
  });

  it('have the same state after an access as before, also after one that fails', () => {
    const gmap = guest();
    const [, outside, inside] = cpus as [Cpu, Cpu, Cpu];
    outside.setControl(1, 0x1234n);
    host.readAsGuest(gmap, outside, 0n, 1);
    expect([outside.cr[1], outside.dat]).toEqual([0x1234n, false]);
    gmap.enable(inside);
    expect(codeOf(() => host.readAsGuest(gmap, inside, 1n << 50n, 1))).toBe('EFAULT');
    host.readAsProcess(mm, inside, HOME, 1);
    expect(inside.cr[1]).toBe(gmap.asce);
    expect([...host.running]).toEqual([[2, gmap]]);
  });

  it('walk the tables of the space they are in', () => {
    const gmap = guest();
    host.writeAsGuest(gmap, cpus[0]!, 0n, bytes(1));
    const [cpu] = cpus;
    gmap.enable(cpu!);
    cpu!.dat = true;
    const frame = cpu!.attempt(logicalPage(0), STORE);
    expect(host.machine.storage.get8(frame)).toBe(1);
    gmap.disable(cpu!);
    expect(cpu!.attempt(logicalPage(Number(HOME >> 12n)), STORE)).toBe(frame);
    expect(cpu!.attempt(logicalPage(0), STORE)).toBe(-1);
  });
});

describe('a page that had another owner', () => {
  it('has neither the data nor the storage key of that owner', () => {
    const gmap = guest();
    const [cpu] = cpus;
    host.writeAsGuest(gmap, cpu!, 0n, bytes(1));
    const frameOf = () => host.machine.storage.get32(Number(entryOf(host, gmap.asce, 0n, 0)) + 4) >>> 12;
    const frame = frameOf();
    host.machine.storage.keys[frame] = 0x9e;
    mm.dontNeed({ address: HOME, length: 0x1000n });
    expect(host.readAsGuest(gmap, cpu!, 0n, 1)).toEqual(bytes(0));
    expect(frameOf()).toBe(frame);
    // Only the reference bit is on, from the access just made.
    expect(host.machine.storage.keys[frame]).toBe(0x04);
  });
});

describe('where addresses are large', () => {
  const canHave = (storageSize: number) => {
    try {
      return new Storage(storageSize).size === storageSize;
    } catch {
      return false;
    }
  };

  it.each([
    { name: '2 GiB', edge: 0x8000_0000 },
    { name: '4 GiB', edge: 0x1_0000_0000 },
  ])('tables and pages across $name of storage are as any others', ({ edge }) => {
    // An engine may not have buffers of more than 4 GiB.
    const storageSize = canHave(edge + 0x100_0000) ? edge + 0x100_0000 : edge;
    const large = makeHost({ storageSize });
    const { frames } = large.host.kernel;
    // All but 4 MiB below the limit is allocated; the lowest free frames are handed out first.
    const left = storageSize > edge ? edge - 0x40_0000 : edge - 0x100_0000;
    for (let at = 0; at < left; ) at = frames.allocate(10, 'kernel') + 0x40_0000;
    for (let at = 0; at < left; ) at = frames.allocate(0, 'kernel');
    const before = frames.available;
    const process = large.host.createMm();
    process.mmap({ address: 0n, length: 8n * MIB });
    process.write(5n, bytes(1, 2, 3));
    expect(process.asceLo).toBeGreaterThan(0x7000_0000);
    const gmap = large.host.createGmap(process);
    gmap.map({ from: 0n, to: PIB, length: 8n * MIB });
    const [a, b, c] = large.machine.cpus as [Cpu, Cpu, Cpu];
    const wrote: number[] = [];
    for (let i = 0; ; i++) {
      const at = BigInt(i) * 0x1000n;
      if (i === 2048 || codeOf(() => large.host.writeAsGuest(gmap, a, PIB + at, bytes(i, i >> 8))) !== 'ok')
        break;
      wrote.push(i);
    }
    expect(wrote.length).toBe(2048);
    const good = wrote.every((i) => {
      const at = BigInt(i) * 0x1000n;
      const [low, high] = large.host.readAsProcess(process, b, at, 2);
      const [guestLow, guestHigh] = large.host.readAsGuest(gmap, c, PIB + at, 2);
      return low === (i & 0xff) && high === i >> 8 && guestLow === low && guestHigh === high;
    });
    expect(good).toBe(true);
    for (const protection of [PROT.READ, PROT.NONE, PROT.READ | PROT.WRITE]) {
      process.mprotect({ address: 0n, length: 8n * MIB, protection });
    }
    expect(large.host.readAsGuest(gmap, c, PIB + 7n * MIB, 2)).toEqual(bytes(0, 7));
    expect([...gmap.segments()].every(({ linked }) => linked)).toBe(true);
    process.munmap({ address: 0n, length: 4n * MIB });
    expect(staleTranslations(large.host, [process.asce, gmap.asce])).toEqual([]);
    expect(large.host.stats()).toMatchObject({ rmaps: 4, pagetables: 4 });
    large.host.exitMm(process);
    expect(frames.available).toBe(before);
    expect(large.problems).toEqual([]);
  });
});

describe('gmaps and processes', () => {
  it('are numbered from 0 on, unless the caller gives a number', () => {
    const ids = [host.createGmap(mm), host.createGmap(mm), host.createGmap(mm, 7), host.createGmap(mm)];
    expect(ids.map(({ id }) => id)).toEqual([0, 1, 7, 8]);
  });

  it('a process that has ended is in no list, and all its storage is free', () => {
    const before = host.kernel.frames.available;
    const other = host.createMm();
    const gmap = host.createGmap(other);
    other.mmap({ address: 0n, length: 64n * MIB });
    gmap.map({ from: 0n, to: PIB, length: 64n * MIB });
    for (let i = 0n; i < 64n; i += 7n) host.writeAsGuest(gmap, cpus[0]!, PIB + i * MIB, bytes(1));
    host.exitMm(other);
    expect(host.kernel.frames.available).toBe(before);
    expect([...host.processes]).toEqual([mm]);
    expect(codeOf(() => host.exitMm(other))).toBe('ESRCH');
    expect(host.kernel.frames.available).toBe(before);
  });
});
