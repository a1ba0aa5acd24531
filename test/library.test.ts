import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

it('the library example is 30 lines at most, makes a gmap and runs a guest', async () => {
  const source = readFileSync(new URL('../examples/library.ts', import.meta.url), 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  const said: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...words) => void said.push(words.join(' ')));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  await import('../examples/library.ts');
  vi.restoreAllMocks();
  const text = said.join('\n');
  expect(text).toContain('the process reads 192,255,238');
  expect(text).toContain('guest 0x10000000000 is process 0x10000000, linked: true');
  expect(text).toContain('Hello from a guest!');
  expect(text).toContain('arguments: library');
  expect(said.at(-1)).toBe('the guest ended');
});
