import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from './machine.ts';
import { TLB_SLOTS, Tlb } from './tlb.ts';

const HI = 1;
const LO = 0x8000_01cf;

describe('a translation-lookaside buffer', () => {
  it('caches a translation by page and ASCE', () => {
    const tlb = new Tlb();
    expect(tlb.find(5, HI, LO)).toBe(-1);
    const slot = tlb.insert(5, HI, LO, 0x77, 0x40, true);
    expect(tlb.find(5, HI, LO)).toBe(slot);
    expect(tlb.find(5 + TLB_SLOTS, HI, LO)).toBe(-1);
    expect(tlb.find(6, HI, LO)).toBe(-1);
    expect(tlb.find(5, HI + 1, LO)).toBe(-1);
    expect(tlb.find(5, HI, LO - 1)).toBe(-1);
    expect([tlb.hits, tlb.misses]).toEqual([1, 5]);
    expect([...tlb.entries()]).toEqual([
      { page: 5, asceHi: HI, asceLo: LO, frame: 0x77, table: 0x40, protect: true },
    ]);
  });

  it('finds the next slot with an entry', () => {
    const tlb = new Tlb();
    expect(tlb.next(0)).toBe(TLB_SLOTS);
    for (const page of [0, 63, 64, 4000, TLB_SLOTS - 1]) tlb.insert(page, HI, LO, page, 0, false);
    const found = [0, 1, 63, 64, 65, 4000, 4001, TLB_SLOTS - 1, TLB_SLOTS].map((slot) => tlb.next(slot));
    expect(found).toEqual([0, 63, 63, 64, 4000, 4000, TLB_SLOTS - 1, TLB_SLOTS - 1, TLB_SLOTS]);
  });

  it('caches any page number less than 2^52, any frame and any table', () => {
    const tlb = new Tlb();
    const top = 2 ** 52 - 1;
    tlb.insert(top, 0xffff_ffff, 0xffff_ffff, top, 2 ** 53 - 1, false);
    expect(tlb.find(top, 0xffff_ffff, 0xffff_ffff)).toBeGreaterThanOrEqual(0);
    expect([...tlb.entries()]).toEqual([
      {
        page: top,
        asceHi: 0xffff_ffff,
        asceLo: 0xffff_ffff,
        frame: top,
        table: 2 ** 53 - 1,
        protect: false,
      },
    ]);
  });

  it('replaces the entry of the slot', () => {
    const tlb = new Tlb();
    tlb.insert(5, HI, LO, 1, 1, false);
    tlb.insert(5 + TLB_SLOTS, HI, LO, 2, 1, false);
    expect(tlb.find(5, HI, LO)).toBe(-1);
    expect([...tlb.entries()].map(({ frame }) => frame)).toEqual([2]);
  });

  it('purges a page of a page table, whatever its ASCE and virtual address', () => {
    const tlb = new Tlb();
    // Page 3 of table 0x40: at three addresses, by two elements.
    tlb.insert(0x103, HI, LO, 7, 0x40, false);
    tlb.insert(0x203, HI, LO + 0x4000, 7, 0x40, false);
    tlb.insert(0x303, HI, LO, 7, 0x40, true);
    // Another page of it, the same page of another table, and one that came from no table.
    tlb.insert(0x104, HI, LO, 8, 0x40, false);
    tlb.insert(0x003, HI, LO, 9, 0x41, false);
    tlb.insert(0x105, HI, LO, 10, -1, false);
    tlb.purgePage(0x40, 3);
    expect([...tlb.entries()].map(({ frame }) => frame)).toEqual([9, 8, 10]);
  });

  it('purges all entries of an ASCE', () => {
    const tlb = new Tlb();
    for (let page = 0; page < TLB_SLOTS; page++) tlb.insert(page, page % 2, LO, page, 1, false);
    tlb.insert(0, 0, LO + 1, 5, 1, false);
    tlb.purgeAsce(0, LO);
    const left = [...tlb.entries()];
    expect(left.length).toBe(TLB_SLOTS / 2 + 1);
    expect(left.every(({ asceHi, asceLo }) => asceHi === 1 || asceLo === LO + 1)).toBe(true);
  });

  it('purges all entries', () => {
    const tlb = new Tlb();
    for (let page = 0; page < TLB_SLOTS; page++) tlb.insert(page, 0, LO, page, 1, false);
    tlb.purgeAll();
    expect([...tlb.entries()]).toEqual([]);
    for (let page = 0; page < TLB_SLOTS; page++) expect(tlb.find(page, 0, LO)).toBe(-1);
  });

  it('has no change bit recorded for a new translation', () => {
    const tlb = new Tlb();
    const slot = tlb.insert(1, HI, LO, 1, 1, false);
    tlb.changed[slot] = 1;
    tlb.insert(1, HI, LO, 2, 1, false);
    expect(tlb.changed[slot]).toBe(0);
  });

  it('finds only entries that were inserted and neither replaced nor purged', () => {
    const page = fc.constantFrom(0, 1, 0x100, 0x101, 0x400, 0x401, 2 ** 52 - 1);
    const step = fc.record({
      what: fc.constantFrom('insert', 'insert', 'insert', 'page', 'asce', 'all'),
      page,
      asceLo: fc.constantFrom(0x1cf, 0x41cf),
      table: fc.constantFrom(2, 3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const tlb = new Tlb();
        const known = new Map<string, { page: number; asceLo: number; table: number; frame: number }>();
        let frame = 0;
        for (const { what, page, asceLo, table } of steps) {
          if (what === 'insert') {
            tlb.insert(page, 0, asceLo, ++frame, table, false);
            known.set(`${page} ${asceLo}`, { page, asceLo, table, frame });
          } else if (what === 'page') {
            tlb.purgePage(table, page % 256);
            for (const [key, one] of known) {
              if (one.table === table && one.page % 256 === page % 256) known.delete(key);
            }
          } else if (what === 'asce') {
            tlb.purgeAsce(0, asceLo);
            for (const [key, one] of known) if (one.asceLo === asceLo) known.delete(key);
          } else {
            tlb.purgeAll();
            known.clear();
          }
          for (const entry of tlb.entries()) {
            expect(known.get(`${entry.page} ${entry.asceLo}`)?.frame).toBe(entry.frame);
            expect(tlb.find(entry.page, 0, entry.asceLo)).toBeGreaterThanOrEqual(0);
          }
          // The entry that was inserted last is found.
          if (what === 'insert') expect(tlb.find(page, 0, asceLo)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('purges of a machine reach every processor', () => {
  const machineWithEntries = () => {
    const machine = new Machine({ cpus: 3, storageSize: 0x1_0000 });
    for (const cpu of machine.cpus) {
      // Page table at 0x8800: number 0x11.
      cpu.tlb.insert(0x103, 0, 0x41cf, 7, 0x11, false);
      cpu.tlb.insert(0x204, 0, 0x81cf, 8, 0x11, false);
      cpu.guestTlb.insert(0x5, 0, 0x41cf, 9, 0x11, false);
    }
    const events: unknown[] = [];
    machine.trace.subscribe((event) => events.push(event));
    const left = () =>
      machine.cpus.map(({ tlb, guestTlb }) => [...tlb.entries(), ...guestTlb.entries()].map((e) => e.frame));
    return { machine, events, left };
  };

  it('by page', () => {
    const { machine, events, left } = machineWithEntries();
    machine.purgePage(0x8800, 3);
    expect(left()).toEqual([
      [8, 9],
      [8, 9],
      [8, 9],
    ]);
    expect(events).toEqual([{ type: 'purge', by: 'ipte', pageTable: 0x8800n, page: 3 }]);
  });

  it('by element', () => {
    const { machine, events, left } = machineWithEntries();
    machine.purgeAsce(0, 0x81cf);
    expect(left()).toEqual([
      [7, 9],
      [7, 9],
      [7, 9],
    ]);
    expect(events).toEqual([{ type: 'purge', by: 'idte', asce: 0x81cfn }]);
  });

  it('all entries, of guests too', () => {
    const { machine, events, left } = machineWithEntries();
    machine.purgeAll();
    expect(left()).toEqual([[], [], []]);
    expect(events).toEqual([{ type: 'purge', by: 'all' }]);
  });

  it('reports a 64-bit ASCE in one field', () => {
    const { machine, events } = machineWithEntries();
    machine.purgeAsce(0xffff_ffff, 0x8000_01cf);
    expect(events).toEqual([{ type: 'purge', by: 'idte', asce: 0xffff_ffff_8000_01cfn }]);
  });
});

describe('a machine', () => {
  it.each([0, -1, 65, 1.5, Number.NaN])('does not have %d processors', (cpus) => {
    expect(() => new Machine({ cpus, storageSize: 0x2000 })).toThrow(RangeError);
  });

  it('has 1 to 64, by their addresses', () => {
    expect(new Machine({ storageSize: 0x2000 }).cpus.length).toBe(1);
    const { cpus } = new Machine({ cpus: 64, storageSize: 0x2000 });
    expect(cpus.map(({ address }) => address)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  });

  it('has no processor after the last', () => {
    expect(() => new Machine({ cpus: 2, storageSize: 0x2000 }).cpu(2)).toThrow('there is no processor 2');
  });
});
