import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseElf } from '../../vmm/index.ts';
import { clientOf, factoryOf, TestClient } from '../testing/index.ts';
import { GuestTarget } from './guest-target.ts';

/** Returns an example image. */
const example = (name: string) =>
  parseElf(readFileSync(new URL(`../../../examples/images/${name}.elf`, import.meta.url)));

type Client = TestClient<GuestTarget>;

const registersOf = (client: Client) => client.ask('g');
const addressOf = (client: Client) => BigInt(`0x${client.ask('p1')}`);
/** Runs to the end of the guest. */
const toEnd = (client: Client) => expect(client.ask('c')).toMatch(/T0fthread:1;$/);
/** Addresses of symbols of `hello`. */
const SCCB = '28000';

describe('going back', () => {
  it('leads through the same states, one instruction at a time', () => {
    const client = clientOf(example('hello'));
    const states: string[] = [];
    for (let n = 0; n < 60; n++) {
      states.push(registersOf(client));
      client.ask('s');
    }
    for (let n = 59; n >= 0; n--) {
      expect(client.ask('bs')).toBe('T05thread:1;');
      expect(registersOf(client), `${n}`).toBe(states[n]);
    }
    expect(client.ask('bs')).toBe('T05thread:1;replaylog:begin;');
    expect(client.ask('bc')).toBe('T05thread:1;replaylog:begin;');
    expect(client.target.executed).toBe(0);
  });

  it('stops at the breakpoints at which it stops forward', () => {
    const client = clientOf(example('hello'));
    client.ask('Z0,20128,2');
    const forward: number[] = [];
    while (!client.ask('c').includes('T0f')) {
      forward.push(client.target.executed);
      client.ask('s');
    }
    expect(forward.length).toBeGreaterThan(1);
    const back: number[] = [];
    while (client.ask('bc').includes('swbreak')) back.unshift(client.target.executed);
    expect(back).toEqual(forward);
    expect(client.target.executed).toBe(0);
  });

  it('stops before the stores after which it stops forward', () => {
    const client = clientOf(example('hello'));
    client.ask(`Z2,${SCCB},8`);
    const forward: [number, string][] = [];
    while (client.ask('c').includes('watch')) {
      forward.push([client.target.executed, client.ask(`m${SCCB},8`)]);
    }
    const back: number[] = [];
    while (client.ask('bc').includes('watch')) {
      back.unshift(client.target.executed + 1);
      const before = client.ask(`m${SCCB},8`);
      // A step forward makes the same store.
      expect(client.ask('s')).toContain('watch');
      expect(client.ask(`m${SCCB},8`)).toBe(
        forward.find(([executed]) => executed === client.target.executed)?.[1],
      );
      // A step back reports it, too.
      expect(client.ask('bs')).toContain('watch');
      expect(client.ask(`m${SCCB},8`)).toBe(before);
    }
    expect(back).toEqual(forward.map(([executed]) => executed));
  });

  it('is possible from the end', () => {
    const client = clientOf(example('hello'));
    toEnd(client);
    const end = registersOf(client);
    expect(client.ask('bs')).toBe('T05thread:1;');
    expect(registersOf(client)).not.toBe(end);
    toEnd(client);
    expect(registersOf(client)).toBe(end);
  });

  it('can be interrupted', () => {
    const client = clientOf(example('primes'));
    client.ask('Z0,20790,2');
    client.ask('c');
    client.ask('z0,20790,2');
    toEnd(client);
    const end = client.target.executed;
    client.target.resume({ kind: 'reverse-continue' });
    while (client.target.executed === end || client.target.executed < 1000) client.target.advance(() => true);
    const there = client.target.executed;
    client.target.interrupt();
    expect(client.target.advance(() => false)?.reason).toEqual({ kind: 'interrupt' });
    expect(client.target.executed).toBe(there);
    toEnd(client);
    expect(client.target.executed).toBe(end);
  });
});

describe('the console', () => {
  it('shows output once, however often the guest comes there', () => {
    let said = '';
    const client = clientOf(example('hello'), 1, (text) => {
      said += text;
    });
    toEnd(client);
    client.ask('bc');
    client.ask('bc');
    toEnd(client);
    expect(said).toBe('Hello from a guest!\nno arguments\n');
  });

  it('repeats input where it came', () => {
    let said = '';
    const client = clientOf(example('echo'), 1, (text) => {
      said += text;
    });
    const { target } = client;
    client.ask('c');
    expect(target.waits).toMatchObject({ until: null });
    expect(target.input(Buffer.from('one\r'))).toBe(4);
    target.advance(() => false);
    target.input(Buffer.from('two\r'));
    target.advance(() => false);
    target.endInput();
    expect(target.advance(() => false)?.reason).toMatchObject({ kind: 'end', succeeded: true });
    const end = [target.executed, target.tod, registersOf(client)];
    const all = 'Type something; ^D ends.\nONE\nTWO\nbye\n';
    expect(said).toBe(all);
    client.ask('bc');
    expect(target.executed).toBe(0);
    // Nothing can be typed into the past.
    expect([target.inputSpace, target.input(Buffer.from('three'))]).toEqual([0, 0]);
    toEnd(client);
    expect([target.executed, target.tod, registersOf(client)]).toEqual(end);
    expect(said).toBe(all);
  });

  it('does not matter for a wait for the clock, which ends where it ended', () => {
    const client = clientOf(example('clock'));
    const { target } = client;
    toEnd(client);
    const end = [target.executed, target.tod];
    client.ask('bs');
    client.ask('s');
    expect([target.executed, target.tod]).toEqual(end);
  });
});

describe('a change by the debugger', () => {
  it('ends the way back', () => {
    const client = clientOf(example('hello'));
    for (let n = 0; n < 10; n++) client.ask('s');
    client.ask('P5=0000000000000007');
    for (let n = 0; n < 3; n++) client.ask('s');
    for (let n = 0; n < 3; n++) expect(client.ask('bs')).toBe('T05thread:1;');
    expect(client.target.executed).toBe(10);
    expect(client.ask('p5')).toBe('0000000000000007');
    expect(client.ask('bs')).toBe('T05thread:1;replaylog:begin;');
    client.ask('s');
    expect(client.ask('bc')).toBe('T05thread:1;replaylog:begin;');
    expect([client.target.executed, client.ask('p5')]).toEqual([10, '0000000000000007']);
  });

  it('in the past makes another future', () => {
    let said = '';
    const client = clientOf(example('hello'), 1, (text) => {
      said += text;
    });
    toEnd(client);
    client.ask('bc');
    client.ask('Z0,20348,2');
    // The text of the first call of print.
    client.ask('c');
    const text = client.ask('p4').slice(-8);
    expect(client.ask(`M${text},5:4a656c6c6f`)).toBe('OK');
    client.ask('z0,20348,2');
    toEnd(client);
    expect(said).toBe('Hello from a guest!\nno arguments\nJello from a guest!\nno arguments\n');
  });

  it('of memory that the guest does not have is refused, and changes nothing', () => {
    const client = clientOf(example('hello'));
    expect(client.ask('M1fffff,2:0102')).toBe('E0e');
    client.ask('s');
    expect(client.ask('bs')).toBe('T05thread:1;');
  });
});

describe('a guest that is debugged', () => {
  it('has the same steps, clocks and output as one that is not', () => {
    let plain = '';
    const { host, monitor } = factoryOf(example('exceptions'))({ write: (text) => (plain += text) }, null);
    monitor.run();
    let said = '';
    const write = (text: string) => void (said += text);
    const client = new TestClient(new GuestTarget(factoryOf(example('exceptions')), { write }));
    client.ask('Z4,28000,1000');
    for (let n = 0; n < 50; n++) client.ask('c');
    client.ask('z4,28000,1000');
    for (let n = 0; n < 50; n++) client.ask('s');
    client.ask('bs');
    expect(addressOf(client)).toBeGreaterThan(0n);
    toEnd(client);
    expect([client.target.executed, client.target.tod, said]).toEqual([
      host.machine.cpu(0).executed,
      host.machine.clock.tod,
      plain,
    ]);
  });

  it('that fails says why, and can be examined', () => {
    const client = clientOf(example('hello'));
    client.ask('P1=0000000000600000');
    const [message = '', reply] = client.ask('c').split(' ');
    expect(reply).toBe('T06thread:1;');
    expect(Buffer.from(message.slice(1), 'hex').toString()).toMatch(/^program interruption loop at 0x/);
    expect(client.ask('c')).toBe('W01');
  });
});
