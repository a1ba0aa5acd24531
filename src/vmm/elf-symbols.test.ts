import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SymbolTable, symbolsOf } from './elf-symbols.ts';

const HELLO = new Uint8Array(readFileSync('examples/images/hello.elf'));

describe('the symbols of an image', () => {
  it('are found by name and by address', () => {
    const symbols = symbolsOf(HELLO);
    const main = symbols.find('main');
    expect(main).toMatchObject({ name: 'main' });
    const { address = 0n, size = 0n } = main ?? {};
    expect(size).toBeGreaterThan(0n);
    expect(symbols.nameOf(address)).toBe('main');
    expect(symbols.nameOf(address + 4n)).toBe('main+0x4');
    expect(symbols.at(address + size - 1n)?.name).toBe('main');
    expect(symbols.at(address + size)?.name).not.toBe('main');
    expect(symbols.find('nothing')).toBeNull();
  });

  it('do not reach from a constant of the linker to the image', () => {
    expect(symbolsOf(HELLO).find('lowcore')).toMatchObject({ address: 0n });
    expect(symbolsOf(HELLO).at(0x5000n)).toBeNull();
  });

  it('are none of a file without them', () => {
    expect(symbolsOf(new Uint8Array(10)).size).toBe(0);
    const stripped = HELLO.slice();
    new DataView(stripped.buffer).setUint16(60, 0);
    expect(symbolsOf(stripped).size).toBe(0);
  });

  it('of a damaged file are some or none, and never an error', () => {
    const damage = fc.array(fc.tuple(fc.nat(HELLO.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
    const headers = fc.array(fc.tuple(fc.integer({ min: 40, max: 63 }), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(damage, headers, fc.nat(HELLO.length), (bytes, header, length) => {
        const file = HELLO.slice(0, Math.max(length, 16));
        for (const [at, value] of [...bytes, ...header]) if (at < file.length) file[at] = value;
        const symbols = symbolsOf(file);
        symbols.nameOf(0x20000n);
      }),
    );
  });
});

describe('a table of symbols', () => {
  const table = new SymbolTable([
    { name: 'first', address: 0x10n, size: 0n },
    { name: 'alias', address: 0x10n, size: 4n },
    { name: 'sized', address: 0x20n, size: 8n },
    { name: 'last', address: 0x40n, size: 0n },
  ]);

  it.each([
    [0xfn, null],
    [0x10n, 'first'],
    [0x1fn, 'first+0xf'],
    [0x27n, 'sized+0x7'],
    [0x28n, null],
    [0x40n, 'last'],
    [0x41n, null],
  ])('names %s %s', (address, name) => {
    expect(table.nameOf(address)).toBe(name);
  });

  it('knows both names of an address', () => {
    expect(table.find('alias')?.address).toBe(0x10n);
    expect(table.size).toBe(4);
  });
});
