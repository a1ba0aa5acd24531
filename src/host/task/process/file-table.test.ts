import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { codeOf } from '../../testing/index.ts';
import { AnonymousInode } from '../events/anonymous.ts';
import { EventFile } from '../events/event-file.ts';
import { FileHost, FileSystem, MAGIC } from '../files/index.ts';
import { FileTable } from './file-table.ts';

const host = new Host(new Machine({ storageSize: 4 << 20 }));
const fs = new FileSystem(new FileHost(host.kernel, host.common, () => 0n), 'anon', MAGIC.ANONYMOUS);
const inode = new AnonymousInode(fs, 0o600);
const open = () => new EventFile(inode, 0, false, 0);
const LIMIT = 10;

describe('a table of descriptors', () => {
  it('gives the lowest free number, as a plain search does', () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat(6) }),
      fc.record({ close: fc.nat(8) }),
      fc.record({ replace: fc.nat(8) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new FileTable();
        const model = new Set<number>();
        for (const one of steps) {
          if ('add' in one) {
            let free = one.add;
            while (model.has(free)) free++;
            const add = () => table.add(open(), false, LIMIT, one.add);
            if (free >= LIMIT) expect(codeOf(add)).toBe('EMFILE');
            else {
              expect(add()).toBe(free);
              model.add(free);
            }
          } else if ('close' in one) {
            const isOpen = model.delete(one.close);
            expect(codeOf(() => table.close(one.close))).toBe(isOpen ? 'ok' : 'EBADF');
          } else {
            table.replace(one.replace, open(), false);
            model.add(one.replace);
          }
          expect(table.numbers).toEqual([...model].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('is copied: the copy has the same open files, and closes its own descriptors', () => {
    const table = new FileTable();
    const fd = table.add(open(), true, LIMIT);
    const copy = table.copy();
    expect(copy.get(fd)).toBe(table.get(fd));
    expect(copy.closesOnExec(fd)).toBe(true);
    copy.setCloseOnExec(fd, false);
    expect(table.closesOnExec(fd)).toBe(true);
    table.close(fd);
    expect(copy.numbers).toEqual([fd]);
    expect(copy.add(open(), false, LIMIT)).toBe(1);
  });

  it('closes at exec what is marked for it', () => {
    const table = new FileTable();
    for (const isMarked of [true, false, true]) table.add(open(), isMarked, LIMIT);
    table.exec();
    expect(table.numbers).toEqual([1]);
  });

  it('closes all descriptors when the last thread leaves it', () => {
    const table = new FileTable();
    table.add(open(), false, LIMIT);
    table.hold();
    table.release();
    expect(table.numbers).toEqual([0]);
    table.release();
    expect(table.numbers).toEqual([]);
  });

  it('refuses numbers that are not open', () => {
    const table = new FileTable();
    for (const fd of [-1, 0, 2 ** 31 - 1]) {
      expect(codeOf(() => table.get(fd))).toBe('EBADF');
      expect(table.find(fd)).toBeNull();
    }
  });
});
