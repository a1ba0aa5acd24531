import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { InternalError } from '../../machine/index.ts';
import { type LinkOwner, ReverseMaps } from './reverse-maps.ts';

const owner = (id: number): LinkOwner => ({
  id,
  asceHi: 0,
  asceLo: id,
  invalidated: () => {},
  segmentOf: () => id,
});
/** Frames of 4 MiB. */
const FRAMES = 1024;
const TABLE = 0x4000;

/** Reverse maps whose methods take the addresses of entries instead of nodes. */
class ByEntry {
  readonly #maps = new ReverseMaps(FRAMES);

  get count() {
    return this.#maps.count;
  }
  addTable(origin: number, of: LinkOwner) {
    expect(this.#maps.addTable(origin, of)).toBe(this.#maps.nodeOf(origin));
  }
  removeTable(origin: number) {
    this.#maps.removeTable(origin);
  }
  link(pageTable: number, entry: number) {
    this.#maps.link(pageTable, this.#maps.nodeOf(entry));
    expect(this.#maps.isLinked(this.#maps.nodeOf(entry))).toBe(true);
    expect(this.#maps.anyLinked(this.#maps.nodeOf(entry))).toBe(true);
  }
  unlink(entry: number) {
    this.#maps.unlink(this.#maps.nodeOf(entry));
    expect(this.#maps.isLinked(this.#maps.nodeOf(entry))).toBe(false);
  }
  first(pageTable: number) {
    return this.#entry(this.#maps.first(pageTable));
  }
  after(entry: number) {
    return this.#entry(this.#maps.after(this.#maps.nodeOf(entry)));
  }
  ownerOf(entry: number) {
    return this.#maps.ownerOf(this.#maps.nodeOf(entry));
  }
  #entry(node: number) {
    return node < 0 ? -1 : this.#maps.entryOf(node);
  }
}

const entriesOf = (maps: ByEntry, pageTable: number) => {
  const found: number[] = [];
  for (let entry = maps.first(pageTable); entry >= 0; entry = maps.after(entry)) found.push(entry);
  return found;
};

describe('reverse maps', () => {
  let maps: ByEntry;

  beforeEach(() => {
    maps = new ByEntry();
    maps.addTable(0x10_0000, owner(1));
    maps.addTable(0x10_4000, owner(2));
  });

  it('list the entries linked to a page table, the latest first', () => {
    const entries = [0x10_0000, 0x10_7ff8, 0x10_3ff8, 0x10_4000];
    for (const entry of entries) maps.link(0x20_0000, entry);
    expect(entriesOf(maps, 0x20_0000)).toEqual([...entries].reverse());
    expect(entriesOf(maps, 0x20_1000)).toEqual([]);
    expect(maps.count).toBe(4);
  });

  it('unlink the first, the last and one in the middle', () => {
    for (let i = 0; i < 5; i++) maps.link(0x20_0000, 0x10_0000 + i * 8);
    maps.unlink(0x10_0020);
    maps.unlink(0x10_0000);
    maps.unlink(0x10_0010);
    expect(entriesOf(maps, 0x20_0000)).toEqual([0x10_0018, 0x10_0008]);
    maps.unlink(0x10_0018);
    maps.unlink(0x10_0008);
    expect(maps.first(0x20_0000)).toBe(-1);
    expect(maps.count).toBe(0);
  });

  it('return the owner of an entry', () => {
    expect(maps.ownerOf(0x10_0000).id).toBe(1);
    expect(maps.ownerOf(0x10_3ff8).id).toBe(1);
    expect(maps.ownerOf(0x10_4000).id).toBe(2);
  });

  it('throw an InternalError for a wrong use', () => {
    maps.link(0x20_0000, 0x10_0000);
    expect(() => maps.link(0x20_1000, 0x10_0000)).toThrow(InternalError);
    expect(() => maps.unlink(0x10_0008)).toThrow(InternalError);
    expect(() => maps.link(0x20_0000, 0x10_8000)).toThrow(InternalError);
    expect(() => maps.ownerOf(0x10_8000)).toThrow(InternalError);
    maps.unlink(0x10_0000);
    expect(() => maps.unlink(0x10_0000)).toThrow(InternalError);
    maps.removeTable(0x10_0000);
    expect(() => maps.link(0x20_0000, 0x10_0000)).toThrow(InternalError);
    expect(() => maps.ownerOf(0x10_0000)).toThrow(InternalError);
  });

  it('throw it with a message that names the node or the entry', () => {
    const maps = new ReverseMaps(FRAMES);
    expect(() => maps.ownerOf(0)).toThrow('node 0 is in no gmap');
    const node = maps.addTable(0x10_0000, owner(1)) + 5;
    expect(() => maps.unlink(node)).toThrow('node 5 is not linked');
    maps.link(0x20_0000, node);
    expect(() => maps.link(0x20_0000, node)).toThrow('node 5 is linked twice');
    maps.unlink(node);
    maps.removeTable(0x10_0000);
    expect(() => maps.ownerOf(node)).toThrow('node 5 is in no gmap');
    expect(() => maps.nodeOf(0x10_0028)).toThrow('entry 0x100028 is in no gmap');
  });

  it('number the entries of the tables from 0 on, without gaps', () => {
    const maps = new ReverseMaps(FRAMES);
    const add = (i: number) => maps.addTable(0x10_0000 + i * TABLE, owner(i));
    expect([0, 1, 2].map(add)).toEqual([0, 2048, 4096]);
    maps.removeTable(0x10_0000 + TABLE);
    expect([3, 4].map(add)).toEqual([2048, 6144]);
  });

  it('know whether any entry of a table is linked', () => {
    const maps = new ReverseMaps(FRAMES);
    const [one, two] = [maps.addTable(0x10_0000, owner(1)), maps.addTable(0x10_4000, owner(2))];
    const linked = () => [one, one + 2047, two, two + 2047].map((node) => maps.anyLinked(node));
    expect(linked()).toEqual([false, false, false, false]);
    maps.link(0x20_0000, one + 2047);
    expect(linked()).toEqual([true, true, false, false]);
    maps.unlink(one + 2047);
    expect(linked()).toEqual([false, false, false, false]);
  });

  it('of the first frame and of the last are like all others', () => {
    for (const pageTable of [0, (FRAMES - 1) * 4096]) {
      maps.link(pageTable, 0x10_0000);
      maps.link(pageTable, 0x10_0008);
      expect(entriesOf(maps, pageTable)).toEqual([0x10_0008, 0x10_0000]);
      maps.unlink(0x10_0008);
      maps.unlink(0x10_0000);
      expect(entriesOf(maps, pageTable)).toEqual([]);
    }
  });

  it('reuse the slot of a removed table', () => {
    maps.link(0x20_0000, 0x10_4008);
    maps.link(0x20_0000, 0x10_0008);
    maps.unlink(0x10_0008);
    maps.removeTable(0x10_0000);
    maps.addTable(0x18_0000, owner(3));
    maps.link(0x20_0000, 0x18_0008);
    expect(entriesOf(maps, 0x20_0000)).toEqual([0x18_0008, 0x10_4008]);
    expect(maps.ownerOf(0x18_0008).id).toBe(3);
  });

  it('grow by an eighth at a time, or by one table', () => {
    const TABLE_BYTES = 2048 * 8;
    const set = vi.spyOn(Int32Array.prototype, 'set');
    const maps = new ReverseMaps(FRAMES);
    const sizes = Array.from({ length: 300 }, (_, i) => {
      maps.addTable(0x10_0000 + i * TABLE, owner(i));
      return ((set.mock.contexts.at(-1) as Int32Array | undefined)?.byteLength ?? 0) / TABLE_BYTES;
    });
    set.mockRestore();
    expect(sizes.slice(0, 14)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 11, 13, 13, 15]);
    sizes.reduce((before, size, i) => {
      expect(size).toBe(i < before ? before : before + Math.ceil(before / 8));
      return size;
    });
  });

  it('grow, and keep the existing links', () => {
    for (let i = 0; i < 8; i++) maps.link(0x20_0000, 0x10_0000 + i * 8);
    for (let i = 0; i < 20; i++) maps.addTable(0x30_0000 + i * TABLE, owner(10 + i));
    for (let i = 0; i < 20; i++) maps.link(0x20_0000, 0x30_0000 + i * TABLE + 0x3ff8);
    expect(entriesOf(maps, 0x20_0000)).toEqual([
      ...Array.from({ length: 20 }, (_, i) => 0x30_0000 + (19 - i) * TABLE + 0x3ff8),
      ...Array.from({ length: 8 }, (_, i) => 0x10_0000 + (7 - i) * 8),
    ]);
  });
});

describe('reverse maps and a map of sets', () => {
  const step = fc.record({
    what: fc.constantFrom('link', 'link', 'link', 'unlink', 'add', 'remove', 'drop'),
    table: fc.nat(11),
    index: fc.constantFrom(0, 1, 2, 1023, 2046, 2047),
    pageTable: fc.nat(3),
  });

  it('give the same results', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const maps = new ByEntry();
        const tables = new Map<number, number>();
        const model = new Map<number, Set<number>>();
        const linkedTo = new Map<number, number>();
        let next = 0;
        const unlink = (entry: number) => {
          maps.unlink(entry);
          model.get(linkedTo.get(entry) as number)?.delete(entry);
          linkedTo.delete(entry);
        };
        for (const { what, ...step } of steps) {
          const origin = 0x10_0000 + step.table * TABLE;
          const entry = origin + step.index * 8;
          const pageTable = 0x30_0000 + step.pageTable * 0x1000;
          if (what === 'add' && !tables.has(origin)) {
            tables.set(origin, next);
            maps.addTable(origin, owner(next++));
          } else if (what === 'remove' && tables.has(origin)) {
            for (const one of [...linkedTo.keys()]) if (one >= origin && one < origin + TABLE) unlink(one);
            tables.delete(origin);
            maps.removeTable(origin);
          } else if (what === 'link' && tables.has(origin) && !linkedTo.has(entry)) {
            maps.link(pageTable, entry);
            linkedTo.set(entry, pageTable);
            model.set(pageTable, (model.get(pageTable) ?? new Set()).add(entry));
          } else if (what === 'unlink' && linkedTo.has(entry)) {
            unlink(entry);
          } else if (what === 'drop') {
            for (let one = maps.first(pageTable); one >= 0; one = maps.first(pageTable)) unlink(one);
          }
          expect(maps.count).toBe(linkedTo.size);
          for (let i = 0; i < 4; i++) {
            const at = 0x30_0000 + i * 0x1000;
            // The latest first: a set iterates in the order of insertion.
            expect(entriesOf(maps, at)).toEqual([...(model.get(at) ?? [])].reverse());
          }
          for (const one of linkedTo.keys()) {
            expect(maps.ownerOf(one).id).toBe(tables.get(one - (one % TABLE)));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
