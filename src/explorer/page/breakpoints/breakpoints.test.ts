import { beforeEach, describe, expect, it, vi } from 'vitest';

// The module asks the worker and stores its text; neither exists here.
vi.mock('../client.ts', () => ({
  machine: { lintBreakpoints: async () => [] },
  queryAt: () => {},
  resetQueries: () => {},
}));

let sentenceOfHit: typeof import('./breakpoints.ts').sentenceOfHit;
beforeEach(async () => {
  ({ sentenceOfHit } = await import('./breakpoints.ts'));
});

const hit = { breakpoint: 1, cpu: 0 } as const;
const list = ['main', 'write:0x8000,8'];

describe('the sentence of a hit', () => {
  it('names the breakpoint, and what hit it', () => {
    expect(
      sentenceOfHit({ ...hit, breakpoint: 0, cause: { kind: 'instruction', address: 0x200n } }, list),
    ).toBe('main: the instruction at 0x200 is next.');
    const access = { kind: 'access', address: 0x8004n, length: 4, store: true, instruction: 0x206n } as const;
    expect(sentenceOfHit({ ...hit, cause: access }, list)).toBe(
      'write:0x8000,8: the instruction at 0x206 stored 4 bytes at 0x8004.',
    );
    expect(sentenceOfHit({ ...hit, cause: { ...access, store: false, length: 1 } }, list)).toContain(
      'read 1 byte at',
    );
    const event = { type: 'exit', vcpu: 0, reason: 'KVM_EXIT_HLT', address: 0x210n } as const;
    expect(sentenceOfHit({ ...hit, cause: { kind: 'event', event } }, list)).toBe(
      'write:0x8000,8: vCPU 0 exits to user space at 0x210: KVM_EXIT_HLT.',
    );
  });
});
