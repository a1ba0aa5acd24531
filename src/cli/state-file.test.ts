import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Host } from '../host/index.ts';
import { Machine } from '../machine/index.ts';
import { encodeValue, type GuestState, Monitor, parseElf } from '../vmm/index.ts';
import { readState, writeState } from './state-file.ts';

it('a state of more than one part is one gzip stream', () => {
  const folder = mkdtempSync(join(tmpdir(), 'guesthouse-state-'));
  try {
    const host = new Host(new Machine({ storageSize: 16 << 20 }));
    const mm = host.createMm();
    mm.mmap({ address: 1n << 28n, length: 1n << 20n });
    const image = parseElf(readFileSync(new URL('../../examples/images/hello.elf', import.meta.url)));
    const maps = [{ from: 1n << 28n, to: 0n, length: 1n << 20n }];
    const saved = new Monitor(host, mm, { image, maps, console: { write: () => {} } }).save();
    const initrd = new Uint8Array(33 << 20);
    initrd.fill(7, -1000);
    const state: GuestState = { ...saved, configuration: { ...saved.configuration, initrd } };
    const path = join(folder, 'state');
    const size = writeState(path, () => state);
    const file = readFileSync(path);
    expect(file.length).toBe(size);
    expect(gunzipSync(file.subarray(file.indexOf('\n') + 1)).equals(encodeValue(state))).toBe(true);
    expect(Buffer.from(readState(path).configuration.initrd ?? []).equals(initrd)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
