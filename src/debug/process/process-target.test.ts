import { describe, expect, it } from 'vitest';
import { Host } from '../../host/index.ts';
import { Linux } from '../../host/task/index.ts';
import {
  executable,
  programImage,
  recordedOutput,
  type Started,
  startProgram,
} from '../../host/task/testing/index.ts';
import { Machine } from '../../machine/index.ts';
import { hexOf } from '../gdb/hex.ts';
import { packetOf } from '../gdb/packets.ts';
import { TestClient } from '../testing/index.ts';
import { ProcessTarget } from './process-target.ts';
import { fromProtocol, toProtocol } from './signal-numbers.ts';

/** Addresses of symbols of `crash`: a function, a string of `main`'s, and the first item of a list. */
const VALUE_OF = 0x100_0988;
const FIRST = 0x100_1e20;

interface Debugged extends Started {
  readonly client: TestClient<ProcessTarget>;
  ask(data: string): string;
}

function debugged(name: string, cpus = 1): Debugged {
  return connected(startProgram(name, new Machine({ cpus, storageSize: 64 << 20 })));
}

/** A program of one page. */
function debuggedCode(code: string): Debugged {
  const linux = new Linux(new Host(new Machine({ storageSize: 64 << 20 })), {
    files: { '/bin/code': executable(code) },
  });
  return connected({ linux, process: linux.spawn({ path: '/bin/code' }), output: () => '' });
}

function connected(started: Started): Debugged {
  const client = new TestClient(new ProcessTarget(started.linux, started.process));
  const ask = (data: string) => client.ask(data);
  ask('qSupported:swbreak+;hwbreak+');
  return { ...started, client, ask };
}

const hex = (value: number) => value.toString(16).padStart(16, '0');
const textOf = (data: string) =>
  data.replace(/[0-9a-f]{2}/g, (one) => String.fromCharCode(Number.parseInt(one, 16)));
const pathOf = (text: string) => hexOf(Uint8Array.from(text, (one) => one.charCodeAt(0)));
/** Returns the data that a packet with several parts has. */
function whole(ask: (data: string) => string, object: string): string {
  let text = '';
  for (let more = 'm'; more === 'm'; ) {
    const reply = ask(`qXfer:${object}:${text.length.toString(16)},40`);
    more = reply[0] as string;
    // The bytes that the protocol escapes.
    text += reply
      .slice(1)
      .replace(/\}(.)/gs, (_, one: string) => String.fromCharCode(one.charCodeAt(0) ^ 0x20));
  }
  return text;
}

describe('a client', () => {
  it('learns what a process has, and cannot go back', () => {
    const { ask, client } = debugged('hello');
    const features = ask('qSupported:swbreak+').split(';');
    expect(features).toEqual(
      expect.arrayContaining(['qXfer:auxv:read+', 'qXfer:exec-file:read+', 'swbreak+']),
    );
    expect(features).not.toContain('ReverseContinue+');
    const xml = whole(ask, 'features:read:target.xml');
    expect(xml).toBe(client.target.description.xml);
    expect(xml).toContain('<osabi>GNU/Linux</osabi>');
    expect(xml).not.toContain('org.gnu.gdb.s390.cr');
    expect([ask('?'), ask('qAttached'), ask('qC')]).toEqual(['T05thread:2;', '0', 'QC2']);
    // PSW, general, access, FPC and floating-point registers.
    expect(ask('g')).toHaveLength(2 * (18 * 8 + 16 * 4 + 4 + 16 * 8));
    expect([ask('bc'), ask('bs')]).toEqual(['', '']);
  });

  it('gets the auxiliary vector, the program and its files', () => {
    const { ask } = debugged('crash');
    const auxiliary = whole(ask, 'auxv:read:');
    // AT_ENTRY, 9, is _start.
    expect(auxiliary).toContain(textOf(`${hex(9)}${hex(0x100_00e8)}`));
    expect(whole(ask, 'exec-file:read:2')).toBe('/programs/crash');
    const image = programImage('crash');
    expect(ask('vFile:setfs:0')).toBe('F0');
    expect(ask(`vFile:open:${pathOf('/programs/crash')},0,0`)).toBe('F1');
    expect(ask('vFile:pread:1,4,1')).toBe('F4;ELF\x02');
    expect(ask(`vFile:pread:1,10,${image.length.toString(16)}`)).toBe('F0;');
    const status = ask('vFile:fstat:1');
    expect(status.startsWith('F40;')).toBe(true);
    expect(status).toContain(textOf(hex(image.length)));
    expect([ask('vFile:close:1'), ask('vFile:close:1')]).toEqual(['F0', 'F-1,9']);
    expect(ask(`vFile:readlink:${pathOf('/proc/self')}`)).toMatch(/^F/);
  });

  it('gets errors for files that are not there, or that it would change', () => {
    const { ask } = debugged('hello');
    expect([
      ask(`vFile:open:${pathOf('/none')},0,0`),
      ask(`vFile:open:${pathOf('/tmp')},0,0`),
      ask(`vFile:open:${pathOf('/programs/hello')},2,0`),
      ask(`vFile:open:${pathOf('../../../etc/shadow')},0,0`),
      ask(`vFile:open:xyz,0,0`),
      ask('vFile:pread:1,4'),
      ask('vFile:unlink:2f'),
      ask('vFile:'),
    ]).toEqual(['F-1,2', 'F-1,15', 'F-1,1e', 'F-1,2', 'F-1,16', 'F-1,9', '', '']);
    const opened = Array.from({ length: 65 }, () => ask(`vFile:open:${pathOf('/programs/hello')},0,0`));
    expect(opened.slice(-2)).toEqual(['F40', 'F-1,18']);
  });

  it('reads and sets memory and registers', () => {
    const { ask } = debugged('crash');
    expect(ask(`m${FIRST.toString(16)},10`)).toBe(`${hex(0x100_1e30)}${hex(10)}`);
    expect(ask(`M${(FIRST + 8).toString(16)},8:${hex(11)}`)).toBe('OK');
    expect(ask(`m${(FIRST + 8).toString(16)},8`)).toBe(hex(11));
    expect([ask('m0,8'), ask('mffffffffffffffff,8'), ask('M0,1:00')]).toEqual(['E0e', 'E0e', 'E0e']);
    expect([ask(`P7=${hex(77)}`), ask('p7')]).toEqual(['OK', hex(77)]);
    expect([ask('P12=00000012'), ask('p12')]).toEqual(['OK', '00000012']);
    expect([ask(`P23=${hex(5)}`), ask('p23')]).toEqual(['OK', hex(5)]);
    // The condition code can be set, problem state cannot be left.
    expect([ask('P0=0705300180000000'), ask('p0')]).toEqual(['OK', '0705300180000000']);
    expect([ask('P0=0704000180000000'), ask('P22=00000008'), ask('P33=0')]).toEqual(['E16', 'E16', 'E16']);
  });
});

describe('execution', () => {
  it('stops at a breakpoint each time, and steps', () => {
    const { ask, output } = debugged('crash');
    const place = VALUE_OF.toString(16);
    expect(ask(`Z0,${place},2`)).toBe('OK');
    for (let n = 0; n < 3; n++) {
      expect(ask('c')).toBe('T05thread:2;swbreak:;');
      expect(ask('p1')).toBe(hex(VALUE_OF));
    }
    expect(output()).toBe('item 0: sum 10\nitem 1: sum 30\n');
    expect(ask('s')).toBe('T05thread:2;');
    expect(ask('p1')).toBe(hex(VALUE_OF + 4));
    ask(`z0,${place},2`);
    expect(ask('c')).toBe('T0bthread:2;');
  });

  it('a program that is stepped from its begin to its end is the same', () => {
    const { ask, output } = debugged('hello');
    let steps = 0;
    let reply = ask('s');
    for (; reply === 'T05thread:2;' && steps < 100_000; steps++) reply = ask('s');
    expect(steps).toBeGreaterThan(100);
    expect(`${output()}status ${Number.parseInt(reply.slice(1), 16)}\n`).toBe(recordedOutput('hello'));
  });

  it.each(['signals', 'threads', 'processes', 'memory'])(
    '%s does the same if each signal stops it and is passed on',
    (name) => {
      const { ask, output } = debugged(name);
      let reply = ask('c');
      let stops = 0;
      for (; reply.startsWith('T'); stops++) {
        const [, signal, thread] = /^T(..)thread:(\w+);/.exec(reply) as unknown as [string, string, string];
        reply = ask(stops % 2 === 0 ? `vCont;C${signal}:${thread};c` : `C${signal}`);
      }
      expect(`${output()}status ${Number.parseInt(reply.slice(1), 16)}\n`).toBe(recordedOutput(name));
      if (name === 'signals') expect(stops).toBeGreaterThan(15);
    },
  );

  it('a signal that is not passed on has no effect; one that is ends the program', () => {
    const { ask } = debugged('crash');
    expect(ask('c')).toBe('T0bthread:2;');
    const at = ask('p1');
    expect(whole(ask, 'siginfo:read:').slice(0, 12)).toBe('\0\0\0\x0b\0\0\0\0\0\0\0\x01');
    // The instruction is executed again.
    expect([ask('c'), ask('p1')]).toEqual(['T0bthread:2;', at]);
    expect(ask('C0b')).toBe('X0b');
  });

  it('signals that the client does not want to see are passed on', () => {
    const { ask } = debugged('crash');
    expect(ask('QPassSignals:e;b')).toBe('OK');
    expect(ask('c')).toBe('X0b');
  });

  it('watches memory', () => {
    // LGRL and STGRL of the word behind the code, then exit(3).
    const { ask } = debuggedCode(
      'c41800000010 c41b0000000d a7290003 a7190001 0a01 000000000000 0000000000000000',
    );
    const at = Number.parseInt(ask('p1'), 16);
    expect(ask(`Z2,${(at + 32).toString(16)},8`)).toBe('OK');
    expect(ask('c')).toBe(`T05thread:2;watch:${(at + 32).toString(16)};`);
    expect(ask('p1')).toBe(hex(at + 12));
    expect(ask('c')).toBe('W03');
  });

  it('is interrupted, in a loop and while it waits', () => {
    // BRC to itself.
    const { ask, client } = debuggedCode('a7f40000');
    client.session.receive(packetOf('c'));
    expect(client.session.advance(() => true)).toBe(false);
    client.raw('\x03');
    expect(client.session.advance(() => false)).toBe(true);
    expect(client.taken()).toContain('T02thread:2;');
    // A step of a branch to itself is one instruction.
    expect(ask('s')).toBe('T05thread:2;');
    // pause()
    const waiting = debuggedCode('0a1d');
    expect(waiting.ask('c')).toMatch(/^O.* T02thread:2;$/);
    expect(textOf(waiting.ask('qThreadExtraInfo,2'))).toContain('waits for');
    // It waits there, and cannot be sent elsewhere. A signal ends it.
    expect(waiting.ask(`P1=${hex(0)}`)).toBe('E16');
    expect(waiting.ask('C0f')).toBe('X0f');
  });
});

describe('threads', () => {
  /** Runs until a program has several threads, and stops it. */
  function withThreads(cpus: number) {
    const { client, ask } = debugged('threads', cpus);
    client.session.receive(packetOf('c'));
    for (let asked = 0; client.target.threads.length < 2; ) client.session.advance(() => ++asked % 2 === 0);
    client.raw('\x03');
    client.session.advance(() => false);
    client.taken();
    return { client, ask };
  }

  it.each([1, 3])('one steps, and the others stay where they are, with %i processors', (cpus) => {
    const { ask, client } = withThreads(cpus);
    const ids = ask('qfThreadInfo').slice(1).split(',');
    expect(ids.length).toBeGreaterThan(1);
    const places = () =>
      ids.map((id) => {
        ask(`Hg${id}`);
        return ask('p1');
      });
    const runnable = client.target.threads.find(({ description }) => description.endsWith('runnable'));
    const id = runnable?.id.toString(16) ?? '';
    const before = places();
    expect(ask(`vCont;s:${id}`)).toMatch(new RegExp(`^T..thread:${id};$`));
    const after = places();
    for (const [n, one] of ids.entries()) expect(after[n] === before[n]).toBe(one !== id);
    expect([ask('vCont;s:99'), ask('Hg99'), ask('T99')]).toEqual(['E16', 'E16', 'E16']);
    expect(ask('vCont;c')).toMatch(/^[TW]/);
  });
});

it('a program goes on when the client has gone', () => {
  const { client, linux, process, output } = debugged('crash');
  client.ask(`Z0,${VALUE_OF.toString(16)},2`);
  expect(client.ask('c')).toBe('T05thread:2;swbreak:;');
  expect(client.ask('D')).toBe('OK');
  client.session.close();
  client.target.attach(false);
  client.target.resume({ kind: 'continue' });
  expect(client.target.advance(() => false)?.reason).toEqual({ kind: 'killed', signal: 11 });
  expect(linux.run(process).kind).toBe('ended');
  expect(`${output()}status 139\n`).toBe(recordedOutput('crash'));
});

it('signals have the numbers of GDB', () => {
  // HUP, BUS, USR1, CHLD, SYS, and the real-time signals 32, 33, 63, 64.
  const signals = [1, 7, 10, 17, 31, 32, 33, 63, 64];
  expect(signals.map(toProtocol)).toEqual([1, 10, 30, 20, 12, 77, 45, 75, 78]);
  expect(signals.map((one) => fromProtocol(toProtocol(one)))).toEqual(signals);
  expect([toProtocol(16), fromProtocol(0), fromProtocol(200)]).toEqual([143, 0, 0]);
});
