import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { code, jump, lg, load, lpswe, MASK, psw, sigp, stg } from '../../machine/testing/index.ts';
import { parseElf } from '../../vmm/index.ts';
import { clientOf, imageOf } from '../testing/index.ts';
import { PACKET_MAX, packetOf } from './packets.ts';

/** Returns an example image. */
const example = (name: string) =>
  parseElf(readFileSync(new URL(`../../../examples/images/${name}.elf`, import.meta.url)));

const START = 0x2_0000;
const DONE = 0x700;

/** LOAD HALFWORD IMMEDIATE. */
const lghi = (r: number, value: number) => [0xa7, (r << 4) | 9, value >>> 8, value & 0xff];
/** Stores 1 and then 2 at 0x3000, loads it into register 3, and ends. */
const CODE = [
  lghi(1, 1),
  stg(1, 0x10, 4),
  lghi(4, 0x2ff0),
  stg(1, 0x10, 4),
  lghi(1, 2),
  stg(1, 0x10, 4),
  lg(3, 0x10, 4),
  lpswe(DONE),
];
const STORES = imageOf(START, {
  [DONE]: psw(MASK.DISABLED_WAIT, 0),
  [START]: code(...CODE),
});
/** Address of the n-th instruction. */
const place = (n: number) => CODE.slice(0, n).reduce((address, { length }) => address + length, START);
const at = (n: number) => place(n).toString(16);

const hex = (value: number | bigint) => BigInt(value).toString(16).padStart(16, '0');

describe('a client', () => {
  it('learns what the session can do', () => {
    const client = clientOf(STORES);
    const features = client.ask('qSupported:swbreak+').split(';');
    expect(features).toContain(`PacketSize=${PACKET_MAX.toString(16)}`);
    expect(features).toContain('ReverseContinue+');
    expect(features).toContain('swbreak+');
    expect(client.ask('qSupported:xmlRegisters=i386')).not.toContain('swbreak');
    for (const unknown of ['qFoo', 'vMustReplyEmpty', 'Z5,0,1', 'x0,1', '!', 'qXfer:auxv:read::0,10', '']) {
      expect(client.ask(unknown), unknown).toBe('');
    }
  });

  it('gets the description of the registers in parts', () => {
    const client = clientOf(STORES);
    let text = '';
    for (let more = 'm'; more === 'm'; ) {
      const reply = client.ask(`qXfer:features:read:target.xml:${text.length.toString(16)},100`);
      more = reply[0] as string;
      text += reply.slice(1);
    }
    expect(text).toBe(client.target.description.xml);
    const names = [...text.matchAll(/<reg name="(\w+)" bitsize="(\d+)"/g)].map(([, name]) => name);
    // gdb/features/s390-core64.xml, s390-acr.xml, s390-fpr.xml and QEMU's s390-cr.xml have this order.
    expect([names[0], names[1], names[2], names[18], names[34], names[35], names[51], names.length]).toEqual([
      'pswm',
      'pswa',
      'r0',
      'acr0',
      'fpc',
      'f0',
      'cr0',
      67,
    ]);
    expect(client.ask('qXfer:features:read:other.xml:0,100')).toBe('E00');
  });

  it('reads and sets registers', () => {
    const client = clientOf(STORES);
    expect(client.ask('p1')).toBe(hex(START));
    expect(client.ask('p0')).toBe(hex(0x1_8000_0000n));
    expect(client.ask(`P5=${hex(0x1234)}`)).toBe('OK');
    const all = client.ask('g');
    expect(all).toHaveLength((2 + 16 + 16 + 16) * 16 + (16 + 1) * 8);
    expect(all.slice(5 * 16, 6 * 16)).toBe(hex(0x1234));
    // The access registers, the floating-point-control register, and the last control register.
    for (const [n, value] of [
      ['12', '89abcdef'],
      ['22', '00000003'],
      ['23', '3ff0000000000000'],
      ['42', '0000000000000000'],
    ]) {
      expect(client.ask(`P${n}=${value}`), n).toBe('OK');
      expect(client.ask(`p${n}`), n).toBe(value);
    }
    // A rounding mode that does not exist, registers that do not, and values that are too long or short.
    for (const bad of [
      'P22=00000004',
      'p43',
      `P43=${hex(0)}`,
      'P5=12',
      `P12=${hex(0)}`,
      'Pz=1',
      'p',
      'G00',
    ]) {
      expect(client.ask(bad), bad).toBe('E16');
    }
    expect(client.ask(`G${all}`)).toBe('OK');
    expect(client.ask('p12')).toBe('00000000');
  });

  it('reads and writes memory', () => {
    const client = clientOf(STORES);
    expect(client.ask(`m${at(0)},4`)).toBe(
      lghi(1, 1)
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join(''),
    );
    expect(client.ask('M2ffe,4:01020304')).toBe('OK');
    expect(client.ask('X3001,2:}\x03\x7f')).toBe('E16');
    client.session.receive(packetOf('X3001,2:#\x7f'));
    expect(client.taken()).toContain('$OK#');
    expect(client.ask('m2ffe,6')).toBe('010203237f00');
    // Up to the end of memory, and beyond.
    expect(client.ask('m1ffffe,4')).toBe('0000');
    expect(client.ask('m200000,4')).toBe('E0e');
    expect(client.ask('M1ffffe,4:01020304')).toBe('E0e');
    expect(client.ask('m1ffffe,2')).toBe('0000');
    expect(client.ask('mffffffffffffffff,2')).toBe('E0e');
    for (const bad of ['m', 'm1', 'm1,2,3', 'mx,1', 'M0,2:00', 'M0,1:0', 'M0,1', `m0,${'1'.repeat(17)}`]) {
      expect(client.ask(bad), bad).toBe('E16');
    }
    expect(client.ask('m0,ffffffff')).toHaveLength(PACKET_MAX);
  });

  it('stops at breakpoints, steps, and reaches the end', () => {
    const client = clientOf(STORES);
    expect(client.ask(`Z0,${at(2)},2`)).toBe('OK');
    expect(client.ask('vCont;c')).toBe('T05thread:1;swbreak:;');
    expect(client.ask('p1')).toBe(hex(place(2)));
    expect(client.ask('vCont;s:1;c')).toBe('T05thread:1;');
    expect(client.ask('p1')).toBe(hex(place(3)));
    expect(client.ask(`z0,${at(2)},2`)).toBe('OK');
    expect(client.ask(`Z1,${at(4)},2`)).toBe('OK');
    expect(client.ask('c')).toBe('T05thread:1;hwbreak:;');
    expect(client.ask('z1,0,2')).toBe('OK');
    expect(client.ask(`z1,${at(4)},2`)).toBe('OK');
    const end = client.ask('c');
    expect(end).toBe(`O${Buffer.from('the guest ended\n').toString('hex')} T0fthread:1;`);
    expect(client.ask('p5')).toBe(hex(2));
    expect(client.ask('c')).toBe('W00');
    expect(client.session.end).toBe('exited');
  });

  it('goes on at another address', () => {
    const client = clientOf(STORES);
    expect(client.ask(`s${at(4)}`)).toBe('T05thread:1;');
    expect(client.ask('p1')).toBe(hex(place(5)));
    expect(client.ask('S05')).toBe('T05thread:1;');
    expect(client.ask(`C05;${at(7)}`)).toMatch(/ T0fthread:1;$/);
  });

  it.each([
    ['Z2', 'watch', [4, 6]],
    ['Z3', 'rwatch', [7]],
    ['Z4', 'awatch', [4, 6, 7]],
  ])('%s stops after accesses', (packet, reason, stops) => {
    const client = clientOf(STORES);
    expect(client.ask(`${packet},3004,2`)).toBe('OK');
    for (const n of stops) {
      expect(client.ask('c')).toBe(`T05thread:1;${reason}:3004;`);
      expect(client.ask('p1'), reason).toBe(hex(place(n)));
    }
    expect(client.ask('c')).toMatch(/T0f/);
  });

  it('stops a step after an access that is watched', () => {
    const client = clientOf(STORES);
    client.ask('Z2,3000,8');
    client.ask(`Z0,${at(3)},2`);
    client.ask('c');
    expect(client.ask('s')).toBe('T05thread:1;watch:3000;');
  });

  it('interrupts a guest that runs', () => {
    const client = clientOf(imageOf(START, { [START]: code(jump(0)) }));
    client.session.receive(packetOf('c'));
    expect(client.session.advance(() => true)).toBe(false);
    expect(client.taken()).toBe('+');
    // What it sends besides is ignored.
    expect(client.raw('$g#67\x03')).toBe('');
    expect(client.session.advance(() => false)).toBe(true);
    expect(client.taken()).toContain('$T02thread:1;#');
    // An interrupt of a guest that is stopped means nothing.
    expect(client.raw('\x03')).toBe('');
  });

  it('kills, or detaches', () => {
    for (const [packet, reply, end] of [
      ['k', '', 'killed'],
      ['vKill;1', 'OK', 'killed'],
      ['D', 'OK', 'detached'],
      ['D;1', 'OK', 'detached'],
    ]) {
      const client = clientOf(STORES);
      expect(client.ask(packet as string)).toBe(reply);
      expect(client.session.end).toBe(end);
      expect(client.ask('g')).toBe('');
    }
  });
});

describe('several CPUs', () => {
  /** CPU 0 starts CPU 1; both count in register 1. */
  const TWO = imageOf(START, {
    416: psw(MASK.PLAIN, START + 0x100),
    [START]: code(load(4, 1), sigp(2, 4, 6), [0xa7, 0x1b, 0, 1], jump(-4)),
    [START + 0x100]: code([0xa7, 0x1b, 0, 1], jump(-4)),
  });

  it('are threads', () => {
    const client = clientOf(TWO, 2);
    expect(client.ask('qfThreadInfo')).toBe('m1,2');
    expect(client.ask('qsThreadInfo')).toBe('l');
    expect(client.ask('qC')).toBe('QC1');
    expect([client.ask('T2'), client.ask('T3'), client.ask('Hg3'), client.ask('Hg2')]).toEqual([
      'OK',
      'E16',
      'E16',
      'OK',
    ]);
    expect(client.ask('p1')).toBe(hex(0));
    expect(Buffer.from(client.ask('qThreadExtraInfo,2'), 'hex').toString()).toBe('CPU 1: stopped');
    expect(client.ask('Z0,20100,2')).toBe('OK');
    expect(client.ask('c')).toBe('T05thread:2;swbreak:;');
    expect(client.ask('p1')).toBe(hex(START + 0x100));
    expect(client.ask('Hg1')).toBe('OK');
    expect(client.ask('p3')).not.toBe(hex(0));
  });

  it('step one at a time, also back', () => {
    const client = clientOf(TWO, 2);
    client.ask('Z0,20100,2');
    client.ask('c');
    client.ask('z0,20100,2');
    // CPU 0 has a turn of 100,000 units of work before the next instruction of CPU 1 is the one after that.
    expect(client.ask('vCont;s:1;c:-1')).toBe('T05thread:1;');
    const there = client.target.executed;
    expect(client.ask('vCont;s:2')).toBe('T05thread:2;');
    expect(client.target.executed).toBeGreaterThan(there);
    expect(client.ask('vCont;s:2')).toBe('T05thread:2;');
    const second = client.target.executed;
    client.ask('Hc2');
    expect(client.ask('bs')).toBe('T05thread:2;');
    expect(client.target.executed).toBe(second - 1);
    client.ask('Hc1');
    expect(client.ask('bs')).toBe('T05thread:1;');
    // The last one of its turn.
    expect(client.target.executed).toBe(second - 3);
    expect(client.ask('vCont;s:1')).toBe('T05thread:1;');
    expect(client.target.executed).toBe(second - 2);
    client.ask('Hc-1');
    expect(client.ask('vCont;s:9')).toBe('E16');
  });
});

describe('a hostile client', () => {
  it('gets an end when it does not speak the protocol', () => {
    const client = clientOf(STORES);
    expect(client.raw('GET / HTTP/1.1\r\n$k#6b')).toBe('');
    expect(client.session.end).toBe('foreign');
  });

  it('gets the last packet again, but not without end', () => {
    const client = clientOf(STORES);
    client.ask('qC');
    expect(client.raw('-')).toBe('$QC1#c5');
    expect(client.raw('-'.repeat(1000))).toHaveLength('$QC1#c5'.length * 9);
  });

  it('learns of packets that are damaged or too long', () => {
    const client = clientOf(STORES);
    expect(client.raw('$g#00')).toBe('-');
    expect(client.ask('m'.repeat(PACKET_MAX + 1))).toBe(`E.the packet has more than ${PACKET_MAX} bytes`);
    expect(client.ask('QStartNoAckMode')).toBe('OK');
    expect(client.raw('$g#00')).toBe('');
    expect(client.raw('$qC#b4')).toBe('$QC1#c5');
  });

  it('cannot set points without end', () => {
    const client = clientOf(STORES);
    for (let n = 0; n < 1000; n++) expect(client.ask(`Z2,${n.toString(16)},1`)).toBe('OK');
    expect(client.ask('Z2,3e8,1')).toBe('E1c');
    expect(client.ask('Z2,0,1')).toBe('OK');
    expect(client.ask('Z2,0,1ffffffff')).toBe('E16');
    expect(client.ask('Z2,ffffffffffffffff,8')).toBe('E1c');
    expect(client.ask('z2,0,1')).toBe('OK');
    expect(client.ask('Z2,ffffffffffffffff,8')).toBe('OK');
    expect(client.ask('c')).toMatch(/T05thread:1;watch/);
  });

  it('cannot make it throw', () => {
    const words = [
      'm',
      'M',
      'X',
      'g',
      'G',
      'p',
      'P',
      'Z',
      'z',
      'H',
      'T',
      'q',
      'Q',
      's',
      'bs',
      'vCont;',
      'D',
      'k',
    ];
    const rest = '0123456789abcdef,;:=-cgs}*\x00\xff';
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 20; round++) {
      const client = clientOf(STORES);
      for (let n = 0; n < 200 && client.session.end === null; n++) {
        let data = words[random(words.length - (n < 150 ? 2 : 0))] as string;
        for (let length = random(20); length > 0; length--) data += rest[random(rest.length)];
        client.ask(data);
      }
    }
  });
});

describe('memory of a guest with translation', () => {
  it('is that of its own tables', () => {
    // It maps one frame at 0x140000000 and 0x140001000, and has no page at 0x140003000.
    const client = clientOf(example('paging'));
    expect(client.ask('m140000000,8')).toBe('E0e');
    expect(client.ask('Z2,140000000,8')).toBe('OK');
    expect(client.ask('c')).toBe('T05thread:1;watch:140000000;');
    for (const address of ['140000000', '140001000', '2e000']) {
      expect(client.ask(`m${address},8`), address).toBe('1122334455667788');
    }
    expect(client.ask('M140001002,2:abcd')).toBe('OK');
    expect(client.ask('m140000000,8')).toBe('1122abcd55667788');
    expect(client.ask('m140003000,1')).toBe('E0e');
    // The bytes before the page that is missing.
    expect(client.ask('m140002ffe,4')).toBe('0000');
    expect(client.ask('M140002ffe,4:01020304')).toBe('E0e');
  });
});
