import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Player } from '../../../../player/index.ts';
import { FileError, sourceOf } from './detect.ts';

const text = (words: string) => new TextEncoder().encode(words);

describe('a file', () => {
  it('is a guest if it begins like an ELF image', () => {
    const image = new Uint8Array(readFileSync('examples/images/hello.elf'));
    expect(sourceOf('hello', image)).toEqual({ kind: 'guest', name: 'hello', image });
  });

  it.each(['hello', 'files'])('is a program if Linux executes it: %s', (name) => {
    const image = new Uint8Array(readFileSync(`examples/programs/images/${name}.elf`));
    expect(sourceOf(name, image)).toEqual({ kind: 'program', name, image });
  });

  it('is a trace if its first line is an event', () => {
    const trace = '{"n":0,"type":"mm-alloc","mm":0,"asce":"0x1c7"}\n{"n":1,"type":"purge","by":"all"}\n';
    expect(sourceOf('t.jsonl', text(trace))).toEqual({ kind: 'trace', name: 't.jsonl', text: trace });
  });

  it('is a scenario otherwise, whatever its name', () => {
    const scenario = '# a comment\nmmap 256M 1M\n';
    expect(sourceOf('x.elf', text(scenario))).toEqual({ kind: 'scenario', text: scenario });
  });

  it.each([
    ['empty', new Uint8Array(), 'empty is empty.'],
    ['picture', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xff, 0]), 'neither text nor the image of a guest'],
    ['zeros', new Uint8Array(10), 'neither text nor the image of a guest'],
    ['other.json', text('{"a": 1}\n'), 'not an event of a trace'],
    ['long.txt', text('stats\n'.repeat(3_000_000)), 'too long for a scenario'],
    ['long.json', text(`{"type":"${'x'.repeat(100_000)}"}`), 'not an event of a trace'],
    ['list.json', text('[1,\n2]'), 'not an event of a trace'],
  ])('%s is rejected by name', (name, bytes, message) => {
    expect(() => sourceOf(name, bytes)).toThrow(FileError);
    expect(() => sourceOf(name, bytes)).toThrow(message);
  });
});

describe('the trace of a Linux host', () => {
  it.each(['perf-script', 'trace-cmd', 'ftrace'])('as %s writes it is a trace', async (name) => {
    const bytes = readFileSync(`test/fixtures/traces/${name}.txt`);
    const source = sourceOf(`${name}.txt`, bytes);
    expect(source).toMatchObject({ kind: 'trace', name: `${name}.txt` });
    const player = new Player(source, { check: false });
    player.record(1000);
    expect(player.progress.end?.stuck).toBe(false);
    expect(player.events.every(({ event }) => event.type === 'tracepoint')).toBe(true);
  });
});
