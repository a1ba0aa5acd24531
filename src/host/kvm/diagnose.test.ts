/**
 * DIAGNOSE 0x10 (release pages) and 0x258 (page-reference services): the pages released, and valid and invalid parameter
 * blocks.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { PGM } from '../../machine/index.ts';
import { diag, load, MASK, psw } from '../../machine/testing/index.ts';
import { GUEST_BYTES, TestGuest } from '../testing/index.ts';

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
});

/** Runs DIAGNOSE with registers 2 and 3. Returns the program-interruption code, or 0 if there is none. */
function diagnose(code: number, r2: bigint, r3: bigint): number {
  const { vm, vcpu } = guest;
  const lowcore = BigInt(vcpu.block.prefix);
  vm.writeGuest(lowcore + 142n, new Uint8Array(2));
  vm.writeGuest(lowcore + 464n, psw(MASK.DISABLED_WAIT, 0));
  guest.program([load(2, r2), load(3, r3), diag(2, 3, code)]);
  guest.run();
  const [high, low] = vm.readGuest(lowcore + 142n, 2) as unknown as [number, number];
  return high * 256 + low;
}

describe('DIAGNOSE 0x10', () => {
  const PREFIX_PAGE = 0x100;
  const PAGES = [0, 1, 2, 0xfd, 0xfe, 0xff, 0x100, 0x101, 0x102, 0x103, 0x104];

  /** The absolute pages among PAGES whose contents became zeros. */
  function released(first: number, last: number): number[] {
    for (const page of PAGES) guest.vm.writeGuest(BigInt(page * 4096 + 0x300), Uint8Array.of(1));
    expect(diagnose(0x10, BigInt(first * 4096), BigInt(last * 4096))).toBe(0);
    return PAGES.filter((page) => guest.vm.readGuest(BigInt(page * 4096 + 0x300), 1)[0] === 0);
  }

  /** The absolute page of a real page, given the prefix. */
  const absolute = (page: number) =>
    page === PREFIX_PAGE || page === PREFIX_PAGE + 1 ? page - PREFIX_PAGE : page;

  beforeEach(() => {
    guest.vcpu.block.prefix = PREFIX_PAGE * 4096;
  });

  const ranges = PAGES.slice(3).flatMap((first, i) =>
    PAGES.slice(3 + i).map((last) => [first, last] as const),
  );

  it.each(ranges)(
    'releases real pages %i to %i, by their absolute addresses; the prefix area stays',
    (first, last) => {
      const wanted = PAGES.slice(3)
        .filter((page) => page >= first && page <= last)
        .map(absolute);
      expect(released(first, last)).toEqual(wanted.toSorted((a, b) => a - b));
    },
  );

  it('releases a range away from the prefix area', () => {
    expect(released(2, 2)).toEqual([2]);
    expect(released(0xf0, 0xff)).toEqual([0xfd, 0xfe, 0xff]);
    expect(released(0x102, 0x104)).toEqual([0x102, 0x103, 0x104]);
  });

  it.each([
    ['an address in the prefix area of real storage', 0x1000n, 0x3000n],
    ['a first address that is not a multiple of 4 KiB', 0x2001n, 0x3000n],
    ['a last address that is not a multiple of 4 KiB', 0x2000n, 0x3001n],
    ['no page', 0x3000n, 0x2000n],
    ['a last address before the first', 0x5000n, 0x2000n],
    ['the last page of 2^64 bytes', 0x2000n, 2n ** 64n - 4096n],
  ])('refuses %s with a specification exception', (_, first, last) => {
    guest.vm.writeGuest(0x2300n, Uint8Array.of(1));
    expect(diagnose(0x10, first, last)).toBe(PGM.SPECIFICATION);
    expect(guest.vm.readGuest(0x2300n, 1)[0]).toBe(1);
  });
});

describe('DIAGNOSE 0x258', () => {
  const BLOCK = 0x2_0000n;
  const TOKEN = 0x3000n;
  /** A parameter block that establishes a handshake: halfwords, then doublewords. */
  const HEAD = [0x258, 0, 5, 2];
  const FIELDS = [TOKEN, 0n, 0n, 1n << 63n];

  function block(head: readonly number[], fields: readonly bigint[]): Uint8Array {
    const view = new DataView(new ArrayBuffer(40));
    head.forEach((value, i) => {
      view.setUint16(i * 2, value);
    });
    fields.forEach((value, i) => {
      view.setBigUint64(8 + i * 8, value);
    });
    return new Uint8Array(view.buffer);
  }

  function call(head: readonly number[], fields: readonly bigint[], at = BLOCK): number {
    guest.vm.writeGuest(at, block(head, fields));
    return diagnose(0x258, at, 99n);
  }

  const changed = <T>(list: readonly T[], index: number, value: T) => list.with(index, value);

  it('establishes a handshake once, and cancels it once', () => {
    expect([call(HEAD, FIELDS), guest.vcpu.gr[3], guest.vcpu.pageFaultToken]).toEqual([0, 0n, TOKEN]);
    expect([call(HEAD, FIELDS), guest.vcpu.gr[3]]).toEqual([0, 8n]);
    const cancel = changed(HEAD, 1, 1);
    const none = [0n, 0n, 0n, 0n];
    expect([call(cancel, none), guest.vcpu.gr[3], guest.vcpu.pageFaultToken]).toEqual([0, 0n, null]);
    expect([call(cancel, none), guest.vcpu.gr[3]]).toEqual([0, 4n]);
  });

  it('accepts a longer block, and a comparison of bits that are not selected', () => {
    expect(call(changed(HEAD, 2, 6), [TOKEN, 0xffn, 0xffn, 1n << 63n])).toBe(0);
    expect(guest.vcpu.pageFaultToken).toBe(TOKEN);
  });

  // One field of a valid block is wrong at a time.
  it.each([
    ['another code', changed(HEAD, 0, 0x259), FIELDS],
    ['another version', changed(HEAD, 3, 1), FIELDS],
    ['a block that is too short', changed(HEAD, 2, 4), FIELDS],
    ['a token that is not a multiple of 8', HEAD, changed(FIELDS, 0, TOKEN + 4n)],
    ['a comparison of selected bits', HEAD, changed(FIELDS, 2, 1n)],
    ['another architecture', HEAD, changed(FIELDS, 3, 0n)],
    ...[0, 1, 2, 3].map(
      (field) =>
        [`a field ${field} when cancelling`, changed(HEAD, 1, 1), [0n, 0n, 0n, 0n].with(field, 8n)] as const,
    ),
  ] as const)('refuses %s with a specification exception', (_, head, fields) => {
    expect(call(head, fields)).toBe(PGM.SPECIFICATION);
    expect([guest.vcpu.gr[3], guest.vcpu.pageFaultToken]).toEqual([99n, null]);
  });

  it('refuses a block that is not aligned, and a token or a block outside storage', () => {
    expect(call(HEAD, FIELDS, BLOCK + 4n)).toBe(PGM.SPECIFICATION);
    expect(call(HEAD, changed(FIELDS, 0, 1n << 40n))).toBe(PGM.ADDRESSING);
    expect(guest.vcpu.pageFaultToken).toBe(null);
    expect(diagnose(0x258, GUEST_BYTES, 99n)).toBe(PGM.ADDRESSING);
  });

  it('leaves an unknown subcode to user space', () => {
    guest.vm.writeGuest(BLOCK, block(changed(HEAD, 1, 2), FIELDS));
    guest.program([load(2, BLOCK), diag(2, 3, 0x258)]);
    expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC' });
    expect(guest.vcpu.block.pswAddress).toBe(0x1_0000n + 16n);
  });
});
