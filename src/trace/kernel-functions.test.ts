import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, KERNEL_FUNCTIONS } from './index.ts';

describe('the kernel functions of events', () => {
  it.each(EVENT_TYPES)('%s: some, or a note that says why there is none', (type) => {
    const { functions, note, tracepoint } = KERNEL_FUNCTIONS[type];
    expect(functions.length > 0 || note !== undefined).toBe(true);
    for (const name of functions) expect(name).toMatch(/^[a-z_][a-z0-9_]+$/);
    if (tracepoint !== undefined)
      expect(tracepoint).toMatch(/^(kvm_|page-faults$|(raw_syscalls|signal|sched):)/);
  });

  it('are those of docs/trace.md', () => {
    const rows = [
      ...readFileSync('docs/trace.md', 'utf8').matchAll(/^\| ([a-z-]+) \| ([^|]*) \| ([^|]*) \|$/gm),
    ]
      .map(([, type = '', functions = '', remarks = '']) => [type, functions, remarks.trim()] as const)
      .filter(([type]) => (EVENT_TYPES as readonly string[]).includes(type));
    const wanted = EVENT_TYPES.map((type) => {
      const { functions, note, tracepoint } = KERNEL_FUNCTIONS[type];
      const point = tracepoint === undefined ? [] : [`trace point \`${tracepoint}\``];
      const remarks = [...(note === undefined ? [] : [note]), ...point].join('; ');
      return [type, functions.map((name) => `\`${name}\``).join(', ') || 'none', remarks];
    });
    expect([...rows].sort()).toEqual(wanted.sort());
  });
});
