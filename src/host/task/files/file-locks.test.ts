import { describe, expect, it } from 'vitest';
import { FileLocks, isDeadlock, type LockOwner, type LockType, type LockWait } from './file-locks.ts';

const owner = (): LockOwner => ({ waits: new Set<LockWait>() });
const record = (who: LockOwner, type: LockType, start: number, end: number) => ({
  ...{ owner: who, pid: 1, type, start, end },
});
const ranges = (locks: FileLocks, who: LockOwner) =>
  locks.of(who).map(({ type, start, end }) => `${type} ${start}-${end}`);

describe('record locks', () => {
  it('are divided by an unlock in the middle', () => {
    const locks = new FileLocks();
    const one = owner();
    locks.set(record(one, 'write', 0, Infinity));
    locks.unset({ owner: one, start: 10, end: 20 });
    expect(ranges(locks, one)).toEqual(['write 0-10', 'write 20-Infinity']);
  });

  it('of one type are joined where they touch, and replaced by another type', () => {
    const locks = new FileLocks();
    const one = owner();
    locks.set(record(one, 'read', 0, 10));
    locks.set(record(one, 'read', 10, 20));
    expect(ranges(locks, one)).toEqual(['read 0-20']);
    locks.set(record(one, 'write', 5, 6));
    expect(ranges(locks, one)).toEqual(['read 0-5', 'write 5-6', 'read 6-20']);
  });

  it('conflict with those of others unless both are for reading', () => {
    const locks = new FileLocks();
    const [one, other] = [owner(), owner()];
    locks.set(record(one, 'read', 0, 10));
    expect(locks.conflict(record(other, 'read', 0, 10))).toBeNull();
    expect(locks.conflict(record(other, 'write', 9, 10))?.owner).toBe(one);
    expect(locks.conflict(record(other, 'write', 10, 11))).toBeNull();
    expect(locks.conflict(record(one, 'write', 0, 10))).toBeNull();
  });

  it('go with their owner', () => {
    const locks = new FileLocks();
    const [one, other] = [owner(), owner()];
    locks.set(record(one, 'write', 0, 1));
    locks.set(record(other, 'write', 1, 2));
    locks.releaseRecords(one);
    expect(ranges(locks, one)).toEqual([]);
    expect(ranges(locks, other)).toEqual(['write 1-2']);
  });

  it('are limited in number', () => {
    const locks = new FileLocks();
    const one = owner();
    locks.set(record(one, 'write', 0, 10));
    // Locks of many owners are as many as one owner's.
    for (let i = 1; i < 16_384; i++) locks.set(record(owner(), 'read', 20, 21));
    expect(() => locks.set(record(one, 'write', 11, 12))).toThrow(/can have 16384 locks/);
    expect(() => locks.unset({ owner: one, start: 5, end: 6 })).toThrow(/can have 16384 locks/);
    locks.unset({ owner: one, start: 0, end: 6 });
    expect(ranges(locks, one)).toEqual(['write 6-10']);
  });
});

describe('a deadlock', () => {
  it('is found through others that wait', () => {
    const locks = new FileLocks();
    const owners = [owner(), owner(), owner()];
    for (const [i, one] of owners.entries()) locks.set(record(one, 'write', i, i + 1));
    owners[0]!.waits.add({ locks, wanted: record(owners[0]!, 'write', 1, 2) });
    const last = { locks, wanted: record(owners[2]!, 'write', 0, 1) };
    expect(isDeadlock(last)).toBe(false);
    owners[1]!.waits.add({ locks, wanted: record(owners[1]!, 'write', 2, 3) });
    expect(isDeadlock(last)).toBe(true);
  });
});

describe('locks of flock', () => {
  it('are shared by readers, changed by their owner, and independent of record locks', () => {
    const locks = new FileLocks();
    const [one, other] = [owner(), owner()];
    locks.set(record(one, 'write', 0, Infinity));
    expect(locks.lockWhole(one, 'read')).toBe(true);
    expect(locks.lockWhole(other, 'read')).toBe(true);
    expect(locks.lockWhole(one, 'write')).toBe(false);
    locks.unlockWhole(other);
    expect(locks.lockWhole(one, 'write')).toBe(true);
    expect(locks.lockWhole(other, 'read')).toBe(false);
    locks.release(one);
    expect(locks.lockWhole(other, 'read')).toBe(true);
  });
});
