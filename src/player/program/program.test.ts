/** Programs in the player: the same states at the same positions, forward and back. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PROGRAMS, programImage, recordedOutput } from '../../host/task/testing/index.ts';
import { Player, type Position, type Source } from '../index.ts';

const sourceOf = (name: string, rest: Partial<Source & { kind: 'program' }> = {}): Source => ({
  ...{ kind: 'program', name, image: programImage(name) },
  ...rest,
});

function play(name: string, rest: Partial<Source & { kind: 'program' }> = {}): Player {
  const player = new Player(sourceOf(name, rest));
  player.record(Infinity);
  return player;
}

const outputOf = ({ progress }: Player) => progress.output.map(({ text }) => text).join('');

/** What a snapshot shows: registers, code, spaces, and the counters. */
function stateAt(player: Player, position: Position): unknown {
  return player.at(position, ({ machine, outline }) => {
    const [cpu] = machine?.processors() ?? [];
    return [cpu?.executed, cpu?.registers, machine?.stats(), outline];
  });
}

describe('a program', () => {
  it('plays to its end: starting it is the first step, and its end is the last one', () => {
    const player = play('hello', { arguments: ['one', 'two words'] });
    const { progress } = player;
    expect(outputOf(player)).toContain('argument 2: two words\n');
    expect(progress.end).toEqual({ sentence: 'the program has exited with 0', stuck: false });
    expect(progress.violations).toEqual([]);
    const calls = player.events.filter(({ event }) => event.type === 'system-call');
    expect(calls.map(({ event }) => (event as { text: string }).text)).toContain(
      String.raw`write(1, "Hello from /bin/hello!\n", 23) = 23`,
    );
    expect(calls.at(-1)?.position.step).toBe(progress.steps - 2);
    expect(player.events.at(-1)?.event.type).toBe('process-end');
    // No process is left, and none had been at the beginning.
    for (const step of [0, progress.steps])
      expect(player.at({ step, event: 0 }, (snapshot) => snapshot.outline())).toEqual([]);
  });

  it.each(PROGRAMS)('%s breaks no rule, and prints what it prints on Linux', (name) => {
    const path = `/programs/${name}`;
    const player = play(name, { arguments: name === 'hello' ? ['one', 'two'] : [] });
    expect(player.progress.violations).toEqual([]);
    expect(player.progress.end?.sentence).toMatch(/^the program (has exited|was killed)/);
    const lines = (text: string) =>
      text.split('\n').filter((line) => !/environment:|programs|status/.test(line));
    const wanted = lines(recordedOutput(name).replaceAll(path, `/bin/${name}`));
    expect(lines(outputOf(player)).filter((line) => wanted.includes(line)).length).toBeGreaterThan(
      0.8 * wanted.length - 1,
    );
    player.close();
  });

  it('is killed, which its end says', () => {
    expect(play('crash').progress.end).toEqual({
      sentence: 'the program was killed by SIGSEGV',
      stuck: true,
    });
  });

  it('has the state of a position however it gets there', () => {
    const player = play('processes');
    const { steps } = player.progress;
    const positions = Array.from({ length: 60 }, (_, i) => ({
      step: Math.floor((i * steps) / 59),
      event: 0,
    }));
    const forward = positions.map((position) => stateAt(player, position));
    const back = positions.toReversed().map((position) => stateAt(player, position));
    expect(back.toReversed()).toEqual(forward);
    const single = new Player(sourceOf('processes'), { check: false });
    let at = 0;
    // Some steps one by one, around events.
    for (const { position } of player.events.slice(0, 200)) {
      if (position.step <= at) continue;
      for (at = Math.max(at, position.step - 2); at < position.step + 2; at++) {
        const here = { step: at, event: 0 };
        expect(stateAt(single, here), `${at}`).toEqual(stateAt(player, here));
      }
    }
  });

  it('has the events of a step when it is played again', () => {
    const player = play('signals');
    const byStep = new Map<number, string[]>();
    for (const { event, position } of player.events)
      byStep.set(position.step, [...(byStep.get(position.step) ?? []), event.type]);
    const other = new Player(sourceOf('signals'), { check: false });
    other.record(Infinity, () => true);
    while (other.progress.end === null) other.record(Infinity, () => true);
    expect(other.events.map(({ position }) => position)).toEqual(
      player.events.map(({ position }) => position),
    );
    expect(byStep.size).toBeGreaterThan(20);
  });

  it('shows its code and its registers: of a system call that has returned, the result', () => {
    const player = play('hello');
    const write = player.events.find(
      ({ event }) => event.type === 'system-call' && event.text.startsWith('write('),
    );
    const step = (write?.position.step ?? 0) + 1;
    player.at({ step, event: 0 }, ({ machine }) => {
      const [cpu] = machine?.processors() ?? [];
      expect(cpu?.registers.general[2]).toBe(23n);
      expect(cpu?.registers.code.length).toBeGreaterThan(10);
      expect(cpu?.registers.code.some(({ address }) => address === cpu.registers.pswAddress)).toBe(true);
      const walk = machine?.walk('process 2', cpu?.registers.pswAddress ?? 0n);
      expect(walk?.walk?.absolute).not.toBeNull();
    });
  });

  it('finds who wrote memory', () => {
    const player = play('hello');
    const write = player.events.find(({ event }) => event.type === 'system-call');
    const call = { step: write?.position.step ?? 0, event: 0 };
    const general = (step: number) =>
      player.at({ step, event: 0 }, ({ machine }) => machine?.processors()[0]?.registers.general ?? []);
    // What write(2) is given was stored by the program just before.
    const target = { space: 'process 2', address: general(call.step)[3] ?? 0n, length: 1 } as const;
    const search = player.searchChange(target, call, 'previous');
    while (!search.advance());
    const { found } = search;
    expect(String.fromCharCode(...(found?.after ?? []))).toBe('H');
    expect(found?.position.step).toBeGreaterThan(1);
    expect(found?.position.step).toBeLessThanOrEqual(call.step);
  });

  it('reads its standard input', () => {
    expect(play('hello', { input: 'text' }).progress.end?.stuck).toBe(false);
  });

  it('can have breakpoints for its events', () => {
    const player = play('hello');
    const search = player.search(['event:system-call'], { step: 0, event: 0 }, 'next');
    while (!search.advance());
    expect(search.found?.position).toEqual(
      player.events.find(({ event }) => event.type === 'system-call')?.position,
    );
    expect(player.lintBreakpoint('0x1000')).toBe(
      'a program can only have breakpoints for events, without a condition',
    );
  });
});

describe('a file that is no program', () => {
  it.each([
    ['text', new TextEncoder().encode('text'), 'x: it is no ELF file and no script'],
    ['a part', programImage('hello').slice(0, 100), 'x: its program headers reach past the end of the file'],
  ])('%s is refused', (_, image, message) => {
    expect(() => new Player({ kind: 'program', name: 'x', image })).toThrow(message);
  });

  it('an image for the bare machine is refused', () => {
    const image = new Uint8Array(readFileSync('examples/images/hello.elf'));
    expect(() => new Player({ kind: 'program', name: 'guest', image })).toThrow(
      'guest: a segment is not aligned to pages of 4 KiB',
    );
  });
});
