import { describe, expect, it } from 'vitest';
import { EscapeKeys } from './escape-keys.ts';

function taken(...chunks: string[]): { passed: string; commands: string[] } {
  const commands: string[] = [];
  const keys = new EscapeKeys((command) => commands.push(command));
  const passed = chunks.map((chunk) => Buffer.from(keys.take(Buffer.from(chunk))).toString()).join('');
  return { passed, commands };
}

describe('keys', () => {
  it.each<[string, string[], string, string[]]>([
    ['anything else is for the guest', ['ls -l\r\x03\x04\x1b[A'], 'ls -l\r\x03\x04\x1b[A', []],
    ['^A x ends', ['a\x01xb'], 'ab', ['end']],
    ['^A ^A sends ^A', ['\x01\x01x'], '\x01x', []],
    ['^A h and ^A ? help', ['\x01h\x01?'], '', ['help', 'help']],
    ['^A and another key is nothing', ['\x01za'], 'a', []],
    ['in two chunks', ['a\x01', 'x', 'x'], 'ax', ['end']],
  ])('%s', (_, chunks, passed, commands) => {
    expect(taken(...chunks)).toEqual({ passed, commands });
  });
});
