import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { codeOf } from '../../testing/index.ts';
import { AT } from '../abi/processes.ts';
import { UserMemory } from '../memory/user-memory.ts';
import { fillStack } from './stack.ts';

const HIGH = 0x4000_0000;
const SIZE = 1 << 20;
const random = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

function filled(args: readonly string[], env: readonly string[]) {
  const mm = new Host(new Machine({ storageSize: 16 << 20 })).createMm();
  mm.mmap({ address: BigInt(HIGH - SIZE), length: BigInt(SIZE) });
  const memory = new UserMemory(mm);
  const auxiliary = [
    [AT.PAGESZ, 4096],
    [AT.ENTRY, 0x2aa_0000_0200],
  ] as const;
  const start = { path: '/bin/it', args, env, auxiliary, platform: 'z13', random };
  return { memory, stack: fillStack(memory, HIGH, SIZE, start) };
}

/** Reads the stack as a program does. */
function parsed(memory: UserMemory, at: number) {
  const strings = (from: number) => {
    const list: string[] = [];
    let next = from;
    for (; memory.u64(next) !== 0; next += 8) list.push(memory.string(memory.u64(next), 4096));
    return { list, end: next + 8 };
  };
  const args = strings(at + 8);
  const env = strings(args.end);
  const auxiliary = new Map<number, number>();
  let entry = env.end;
  for (; memory.u64(entry) !== AT.NULL; entry += 16) auxiliary.set(memory.u64(entry), memory.u64(entry + 8));
  return { count: memory.u64(at), args: args.list, env: env.list, auxiliary, end: entry + 16 };
}

describe('the stack of a new program', () => {
  it.each([
    [[], []],
    [['it'], ['A=1']],
    [
      ['it', '', 'two words', '\xff\x80'],
      ['PATH=/bin', 'EMPTY='],
    ],
    [Array.from({ length: 101 }, (_, i) => `argument ${i}`), []],
  ])('has the arguments %j and the environment %j', (args, env) => {
    const { memory, stack } = filled(args, env);
    const start = parsed(memory, stack.stackStart);
    expect(start).toMatchObject({ count: args.length, args, env });
    expect(stack.stackStart % 16).toBe(0);
    const { auxiliary } = start;
    expect(auxiliary.get(AT.PAGESZ)).toBe(4096);
    expect(auxiliary.get(AT.ENTRY)).toBe(0x2aa_0000_0200);
    expect(memory.string(auxiliary.get(AT.EXECFN)!, 4096)).toBe('/bin/it');
    expect(memory.string(auxiliary.get(AT.PLATFORM)!, 4096)).toBe('z13');
    expect(memory.read(auxiliary.get(AT.RANDOM)!, 16)).toEqual(random);
  });

  it('tells where its parts are, as /proc shows them', () => {
    const { memory, stack } = filled(['it', 'x'], ['A=1', 'B=2']);
    const { argStart, argEnd, envStart, envEnd, auxv, stackStart } = stack;
    const text = (from: number, to: number) => String.fromCharCode(...memory.read(from, to - from));
    expect(text(argStart, argEnd)).toBe('it\0x\0');
    expect(text(envStart, envEnd)).toBe('A=1\0B=2\0');
    const { end } = parsed(memory, stackStart);
    expect(auxv).toEqual(memory.read(end - auxv.length, auxv.length));
  });

  it('refuses more than a quarter of its size with E2BIG', () => {
    expect(codeOf(() => filled(['x'.repeat(SIZE / 4)], []))).toBe('E2BIG');
    expect(codeOf(() => filled(['x'.repeat(SIZE / 4 - 100)], []))).toBe('ok');
  });
});
