import { describe, expect, it } from 'vitest';
import { SymbolTable } from '../vmm/index.ts';
import { parseBreakpoint } from './breakpoint.ts';
import { BreakpointError } from './condition.ts';

const SYMBOLS = new SymbolTable([
  { name: 'main', address: 0x20770n, size: 0x50n },
  { name: 'counter', address: 0x22000n, size: 8n },
  { name: 'label', address: 0x20000n, size: 0n },
]);

const triggerOf = (text: string) => parseBreakpoint(text, SYMBOLS).trigger;

describe('a breakpoint', () => {
  it.each([
    ['0x20770', { kind: 'instruction', first: 0x20770n, last: 0x20770n }],
    ['main', { kind: 'instruction', first: 0x20770n, last: 0x20770n }],
    ['main+0x10', { kind: 'instruction', first: 0x20780n, last: 0x20780n }],
    ['fetch:0x1000,4K', { kind: 'instruction', first: 0x1000n, last: 0x1fffn }],
    ['fetch:main', { kind: 'instruction', first: 0x20770n, last: 0x207bfn }],
    ['write:counter', { kind: 'access', access: 'write', absolute: false, first: 0x22000n, last: 0x22007n }],
    ['read:label', { kind: 'access', access: 'read', absolute: false, first: 0x20000n, last: 0x20000n }],
    [
      'access:absolute:8K,4K',
      { kind: 'access', access: 'access', absolute: true, first: 0x2000n, last: 0x2fffn },
    ],
    ['event:link', { kind: 'event', type: 'link', detail: null, code: null }],
    ['exit', { kind: 'event', type: 'exit', detail: null, code: null }],
    ['exit:HLT', { kind: 'event', type: 'exit', detail: 'KVM_EXIT_HLT', code: null }],
    ['exit:KVM_EXIT_HLT', { kind: 'event', type: 'exit', detail: 'KVM_EXIT_HLT', code: null }],
    ['interruption:program', { kind: 'event', type: 'interruption', detail: 'program', code: null }],
    ['interruption:program:0x10', { kind: 'event', type: 'interruption', detail: 'program', code: 16 }],
  ])('%s', (text, trigger) => {
    expect(triggerOf(text)).toEqual(trigger);
  });

  it('may have a condition of several comparisons', () => {
    expect(parseBreakpoint('main if r3 == 0x10 and psw.mask & 256P != 0', SYMBOLS).condition).toEqual([
      { register: 'r3', mask: 2n ** 64n - 1n, comparison: '==', value: 16n },
      { register: 'psw.mask', mask: 2n ** 58n, comparison: '!=', value: 0n },
    ]);
  });

  it.each([
    ['nowhere', '"nowhere" is neither a breakpoint nor an address: the image has no such symbol'],
    ['1Q', '"1Q" is not a number'],
    ['write:', '"write:" is not write:ADDRESS[,LENGTH]'],
    ['write:0,0', '"write:0,0" has a length of 0'],
    ['write:0xffffffffffffffff,2', '"write:0xffffffffffffffff,2" passes the end of the addresses'],
    ['exit:hlt', '"exit:hlt" is not an event'],
    [
      'interruption:input',
      '"input" is not a class of interruptions: program, supervisor-call, external, io, machine-check, restart',
    ],
    ['interruption:program:0x10000', 'the code of an interruption has 16 bits, but 0x10000 has more'],
    ['event:link:1', '"link:1" is not an event'],
    ['main if r16 == 1', '"r16" is not a register: r0 to r15, c0, a0, f0 to f15, '],
    ['main if r3', '"r3" is not a condition such as r3 == 0x10 or psw.mask & 256P != 0'],
    ['main if r3 == 1 if r4 == 1', 'has more than one "if"; join conditions by "and"'],
    ['x'.repeat(1001), 'a breakpoint has at most 1000 characters'],
    ['constructor', '"constructor" is neither a breakpoint nor an address: the image has no such symbol'],
    ['event:constructor', 'unknown event type "constructor"'],
    ['main if constructor == 1', '"constructor" is not a register'],
  ])('%s is refused', (text, message) => {
    expect(() => parseBreakpoint(text, SYMBOLS)).toThrow(BreakpointError);
    expect(() => parseBreakpoint(text, SYMBOLS)).toThrow(message);
  });

  it('says that an image has no symbols', () => {
    expect(() => parseBreakpoint('main', new SymbolTable([]))).toThrow('the image has no symbols');
  });
});
