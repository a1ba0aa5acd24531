/** Program-event recording: priorities, modes, and what an interruption stores. Chapter 4, "Program-Event Recording". */

import { describe, expect, it } from 'vitest';
import { LOWCORE } from '../assigned-storage.ts';
import { NO_EVENTS } from '../cpu/program-events.ts';
import { EXT, PGM } from '../interruption.ts';
import {
  bare,
  CODE,
  DAT,
  DATA,
  EXTERNAL,
  get,
  MODE_24,
  MODE_64,
  PROBLEM,
  put,
  WAIT,
} from '../testing/bare.ts';
import type { Cpu } from './cpu.ts';

const PER = 0x4000_0000_0000_0000n;
const HANDLER = 0x3_0000;
const BRANCH = 0x8000_0000n;
const FETCH = 0x4000_0000n;
const STORE = 0x2000_0000n;
const NULLIFY = 0x0100_0000n;
const BRANCH_ADDRESS = 0x0080_0000n;
const SPACE_CONTROL = 0x0020_0000n;
const ALL = 2n ** 64n - 1n;

/** A processor that takes interruptions, and watches events. Each new PSW designates HANDLER plus its offset. */
function watching(events: bigint, from = 0n, to = ALL): Cpu {
  const cpu = bare();
  cpu.interruptions = 'take';
  for (const at of [
    LOWCORE.RESTART_NEW_PSW,
    LOWCORE.EXTERNAL_NEW_PSW,
    LOWCORE.SVC_NEW_PSW,
    LOWCORE.PROGRAM_NEW_PSW,
  ]) {
    cpu.storage.set64(at, MODE_64);
    cpu.storage.set64(at + 8, BigInt(HANDLER + at));
  }
  watch(cpu, events, from, to);
  return cpu;
}

function watch(cpu: Cpu, events: bigint, from = 0n, to = ALL): void {
  cpu.setControl(9, events);
  cpu.setControl(10, from);
  cpu.setControl(11, to);
}

/** Starts code at CODE, with the PER mask on, and runs. */
function run(cpu: Cpu, hex: string, mask = MODE_64 | PER, limit = 1): void {
  put(cpu, CODE, hex);
  cpu.setPsw(mask, BigInt(CODE));
  cpu.run(limit);
}

/** What the program interruption stored. */
function stored(cpu: Cpu) {
  const { storage, prefix } = cpu;
  const at = (location: number) => prefix + location;
  return {
    code: storage.get16(at(LOWCORE.PROGRAM_CODE)),
    length: storage.get16(at(LOWCORE.PROGRAM_ILC)),
    events: storage.get8(at(LOWCORE.PER_CODE)),
    atmid: storage.get8(at(LOWCORE.PER_ATMID)),
    address: Number(storage.get64(at(LOWCORE.PER_ADDRESS))),
    old: Number(storage.get64(at(LOWCORE.PROGRAM_OLD_PSW) + 8)),
  };
}

const ITSELF = { address: CODE, atmid: 0xe0 };

/** Maps virtual storage to the same real addresses, by the tables at 0x8000 for the primary and 0x9000 for the home space. */
function tables(cpu: Cpu): void {
  for (const at of [0x8000, 0x9000]) {
    for (let i = 0; i < 512; i++) cpu.storage.set64(at + i * 8, 0x20n);
    cpu.storage.set64(at, 0xa000n);
  }
  for (let i = 0; i < 256; i++) cpu.storage.set64(0xa000 + i * 8, BigInt(i * 0x1000));
  cpu.setControl(1, 0x8000n);
  cpu.setControl(7, 0x9000n);
  cpu.setControl(13, 0x9000n);
}

describe('an event', () => {
  it('is an interruption after its instruction, and one unit of work with it', () => {
    const cpu = watching(FETCH, BigInt(CODE + 2), BigInt(CODE + 2));
    run(cpu, '1823 1834 1845', MODE_64 | PER | PROBLEM, 2);
    expect(cpu.executed).toBe(2);
    expect(cpu.pswAddress).toBe(BigInt(HANDLER + LOWCORE.PROGRAM_NEW_PSW));
    const where = { address: CODE + 2, atmid: 0xe0, old: CODE + 4 };
    expect(stored(cpu)).toEqual({ code: PGM.PER, length: 2, events: 0x40, ...where });
    expect(cpu.storage.get64(LOWCORE.PROGRAM_OLD_PSW)).toBe(MODE_64 | PER | PROBLEM);
  });

  it('is not recognized while the PER mask is off', () => {
    const cpu = watching(FETCH | BRANCH | STORE);
    run(cpu, 'a7f40004', MODE_64, 1);
    expect(cpu.pswAddress).toBe(BigInt(CODE + 8));
    expect(stored(cpu).code).toBe(0);
  });

  it('is not recognized while its own mask is off', () => {
    const cpu = watching(0n);
    run(cpu, 'a7f40004', MODE_64 | PER, 1);
    expect(cpu.pswAddress).toBe(BigInt(CODE + 8));
    // Nullification needs the mask of instruction fetching.
    watch(cpu, NULLIFY);
    run(cpu, 'a7f40004', MODE_64 | PER, 1);
    expect(cpu.pswAddress).toBe(BigInt(CODE + 8));
  });

  it('stores nothing where events are identified if none is indicated', () => {
    const cpu = watching(FETCH, 0n, 0n);
    cpu.storage.fill(LOWCORE.PER_CODE, 10, 0xee);
    run(cpu, '0000');
    expect([stored(cpu).code, get(cpu, LOWCORE.PER_CODE, 10)]).toEqual([PGM.OPERATION, 'ee'.repeat(10)]);
  });

  it('shows the modes at the beginning of the instruction', () => {
    const cpu = watching(FETCH);
    for (const [hex, mask, atmid] of [
      ['010e', MODE_24, 0x40],
      ['010d', MODE_64, 0xe0],
      ['ac00c000', MODE_64 | DAT, 0xf0],
    ] as const) {
      tables(cpu);
      run(cpu, hex, mask | PER);
      expect([stored(cpu).code, stored(cpu).atmid]).toEqual([PGM.PER, atmid]);
    }
    cpu.gr[12] = BigInt(DATA);
    run(cpu, '0700', MODE_64 | DAT | PER | (3n << 46n));
    expect(stored(cpu).atmid).toBe(0xfc);
  });
});

describe('instructions that change the PSW or the controls', () => {
  it('SUPERVISOR CALL: its interruption comes first, and its new PSW is the old PSW of the events', () => {
    const cpu = watching(FETCH | BRANCH);
    run(cpu, '0a07', MODE_64 | PER | PROBLEM);
    expect(cpu.executed).toBe(1);
    expect(get(cpu, LOWCORE.SVC_ILC, 4)).toBe('00020007');
    expect(cpu.storage.get64(LOWCORE.SVC_OLD_PSW)).toBe(MODE_64 | PER | PROBLEM);
    const old = HANDLER + LOWCORE.SVC_NEW_PSW;
    expect(stored(cpu)).toEqual({ code: PGM.PER, length: 2, events: 0x40, ...ITSELF, old });
  });

  it('SUPERVISOR CALL as the target of an EXECUTE', () => {
    const cpu = watching(FETCH);
    put(cpu, DATA, '0a07');
    cpu.gr[9] = BigInt(DATA);
    run(cpu, '44009000');
    expect([stored(cpu).code, stored(cpu).length, stored(cpu).address]).toEqual([PGM.PER, 4, CODE]);
  });

  it('a supervisor call that is reported says that events follow', () => {
    const cpu = watching(FETCH);
    cpu.interruptions = 'report';
    put(cpu, CODE, '0a07');
    cpu.setPsw(MODE_64 | PER, BigInt(CODE));
    const interruption = { class: 'supervisor-call', code: 7, length: 2, events: true };
    expect(cpu.run(2)).toEqual({ reason: 'interruption', interruption });
    expect(cpu.eventIndication).toEqual({ code: 0x40, atmid: 0xe0, address: BigInt(CODE), access: null });
    expect(cpu.run(1).reason).toBe('interruption');
  });

  it('LOAD PSW EXTENDED that turns PER off has its events; the new PSW is the old PSW', () => {
    const cpu = watching(FETCH | BRANCH);
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, MODE_64);
    cpu.storage.set64(DATA + 8, BigInt(CODE + 0x100));
    run(cpu, 'b2b29000');
    expect(stored(cpu)).toEqual({ code: PGM.PER, length: 4, events: 0x40, ...ITSELF, old: CODE + 0x100 });
    expect(cpu.storage.get64(LOWCORE.PROGRAM_OLD_PSW)).toBe(MODE_64);
  });

  it('an invalid PSW that is loaded: both are indicated, with an instruction length of 0', () => {
    const cpu = watching(FETCH);
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, MODE_64 | 1n);
    cpu.storage.set64(DATA + 8, BigInt(CODE));
    run(cpu, 'b2b29000');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER | PGM.SPECIFICATION, length: 0, events: 0x40 });
    // SSM changes only the mask: its own length.
    cpu.storage.set8(DATA, 0xff);
    run(cpu, '80009000');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER | PGM.SPECIFICATION, length: 4, events: 0x40 });
  });

  it('an odd instruction address that is loaded: events alone, then the exception of the next instruction', () => {
    const cpu = watching(FETCH | BRANCH);
    cpu.gr[4] = BigInt(CODE + 1);
    run(cpu, '07f4');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, events: 0xc0, old: CODE + 1 });
    cpu.setPsw(MODE_64 | PER, BigInt(CODE + 1));
    cpu.run(1);
    expect(stored(cpu).code).toBe(PGM.SPECIFICATION);
  });

  it('a PSW that waits: the interruption comes before the wait', () => {
    const cpu = watching(FETCH);
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, MODE_64 | WAIT);
    cpu.storage.set64(DATA + 8, 0n);
    run(cpu, 'b2b29000');
    expect(cpu.wait).toBe(false);
    expect(cpu.storage.get64(LOWCORE.PROGRAM_OLD_PSW)).toBe(MODE_64 | WAIT);
  });

  it.each([
    [
      'LPSWE',
      'b2b29000',
      `${(MODE_64 | PER).toString(16)}${BigInt(CODE + 4)
        .toString(16)
        .padStart(16, '0')}`,
    ],
    ['STOSM', 'ad4090f0', ''],
    ['SSM', '80009000', '40'],
  ])('%s that turns PER on: the next instruction is the first with events', (_, hex, data) => {
    const cpu = watching(FETCH);
    cpu.gr[9] = BigInt(DATA);
    put(cpu, DATA, data);
    run(cpu, `${hex} 1823`, MODE_64, 2);
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, address: CODE + 4 });
  });

  it('LOAD CONTROL: the old controls decide about its own events, the new ones about the next instruction', () => {
    const cpu = watching(FETCH, BigInt(CODE + 6), BigInt(CODE + 6));
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.set64(DATA, 0n);
    run(cpu, 'eb999000002f 1823', MODE_64 | PER, 2);
    expect([stored(cpu).code, cpu.pswAddress]).toEqual([0, BigInt(CODE + 8)]);
    watch(cpu, 0n);
    cpu.storage.set64(DATA, FETCH);
    run(cpu, 'eb999000002f 1823', MODE_64 | PER, 2);
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, address: CODE + 6 });
  });
});

describe('with another interruption', () => {
  it('comes before a pending external interruption', () => {
    const cpu = watching(FETCH);
    cpu.setControl(0, 0x2e0n);
    put(cpu, CODE, '1823');
    cpu.setPsw(MODE_64 | PER | EXTERNAL, BigInt(CODE));
    cpu.storage.set64(LOWCORE.PROGRAM_NEW_PSW, MODE_64 | EXTERNAL);
    cpu.run(1);
    cpu.signal(EXT.SERVICE_SIGNAL, 0x100);
    expect(stored(cpu).code).toBe(PGM.PER);
    cpu.run(1);
    expect(cpu.storage.get64(LOWCORE.EXTERNAL_OLD_PSW + 8)).toBe(BigInt(HANDLER + LOWCORE.PROGRAM_NEW_PSW));
    expect(cpu.pswAddress).toBe(BigInt(HANDLER + LOWCORE.EXTERNAL_NEW_PSW));
  });

  it('comes before a stop', () => {
    const cpu = watching(FETCH);
    put(cpu, DATA, 'ae230005');
    Object.assign(cpu.gr, { 2: 0n, 3: 0n });
    put(cpu, CODE, 'ae230005');
    cpu.setPsw(MODE_64 | PER, BigInt(CODE));
    expect(cpu.run(10).reason).toBe('stopped');
    expect([stored(cpu).code, cpu.pswAddress]).toEqual([PGM.PER, BigInt(HANDLER + LOWCORE.PROGRAM_NEW_PSW)]);
  });

  it('is indicated with an exception, whose identification is stored too', () => {
    const cpu = watching(FETCH);
    run(cpu, 'b9728000');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER | PGM.DATA, events: 0x40, old: CODE + 4 });
    expect(cpu.storage.get32(LOWCORE.DATA_EXCEPTION_CODE)).toBe(0xff);
    expect(cpu.fpc).toBe(0xff00);
    cpu.setControl(8, 0x1000n);
    run(cpu, 'af030005');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER | PGM.MONITOR_EVENT, events: 0x40, old: CODE + 4 });
    expect(cpu.storage.get64(LOWCORE.MONITOR_CODE)).toBe(5n);
  });

  it('a translation exception nullifies, and takes back what was stored before; the fetch stays', () => {
    const cpu = watching(FETCH | STORE);
    tables(cpu);
    cpu.storage.set64(0xa000 + 0x31 * 8, 0x400n);
    cpu.gr[9] = 0x3_0ffcn;
    run(cpu, 'e32090000024', MODE_64 | DAT | PER);
    const expected = { code: PGM.PER | PGM.PAGE_TRANSLATION, events: 0x40, old: CODE, length: 6 };
    expect(stored(cpu)).toMatchObject(expected);
    expect(cpu.storage.get64(LOWCORE.TRANSLATION_EXCEPTION) & ~0xfffn).toBe(0x3_1000n);
    // Without the fetch there is no event, and the bit is off.
    watch(cpu, STORE);
    run(cpu, 'e32090000024', MODE_64 | DAT | PER);
    expect(stored(cpu).code).toBe(PGM.PAGE_TRANSLATION);
  });

  it('an exception of an operation that is completed takes nothing back', () => {
    const cpu = watching(FETCH | STORE, BigInt(DATA), BigInt(DATA));
    cpu.gr[9] = BigInt(DATA);
    put(cpu, DATA, '7fffffff');
    run(cpu, 'eb019000006a', MODE_64 | PER | (8n << 40n));
    expect(stored(cpu)).toMatchObject({
      ...{ code: PGM.PER | PGM.FIXED_POINT_OVERFLOW, events: 0x20 },
      old: CODE + 6,
    });
    put(cpu, DATA, '9c1c');
    run(cpu, 'fa0090009001', MODE_64 | PER | (4n << 40n));
    expect(stored(cpu)).toMatchObject({ code: PGM.PER | PGM.DECIMAL_OVERFLOW, events: 0x20 });
  });

  it('an instruction that cannot be fetched has no event', () => {
    const cpu = watching(FETCH);
    tables(cpu);
    cpu.setPsw(MODE_64 | DAT | PER, 0x20_0000n);
    cpu.run(1);
    expect(stored(cpu)).toMatchObject({ code: PGM.SEGMENT_TRANSLATION, length: 2 });
    cpu.setPsw(MODE_64 | PER, BigInt(CODE + 1));
    cpu.run(1);
    expect(stored(cpu)).toMatchObject({ code: PGM.SPECIFICATION, length: 2 });
  });

  it('a loop of nullifying events is a program loop', () => {
    const cpu = watching(FETCH | NULLIFY);
    cpu.storage.set64(LOWCORE.PROGRAM_NEW_PSW, MODE_64 | PER);
    put(cpu, CODE, '1823');
    cpu.setPsw(MODE_64 | PER, BigInt(CODE));
    expect(cpu.run(100)).toEqual({ reason: 'program-loop', code: PGM.PER });
  });

  it('events of completed instructions are not a loop, however many follow one another', () => {
    const cpu = watching(FETCH);
    cpu.storage.set64(LOWCORE.PROGRAM_NEW_PSW, MODE_64 | PER);
    put(cpu, HANDLER + LOWCORE.PROGRAM_NEW_PSW, '0700');
    run(cpu, '0700', MODE_64 | PER, 100);
    expect(cpu.executed).toBe(100);
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, address: HANDLER + LOWCORE.PROGRAM_NEW_PSW });
  });
});

describe('nullification', () => {
  it('of an instruction, and of the target of an EXECUTE: the EXECUTE is designated', () => {
    const cpu = watching(FETCH | NULLIFY, BigInt(DATA), BigInt(DATA));
    put(cpu, DATA, '1823');
    Object.assign(cpu.gr, { 9: BigInt(DATA), 2: 2n, 3: 3n });
    run(cpu, '44009000');
    expect(stored(cpu)).toEqual({ code: PGM.PER, length: 4, events: 0x41, ...ITSELF, old: CODE });
    expect(cpu.gr[2]).toBe(2n);
    watch(cpu, FETCH | NULLIFY, BigInt(CODE), BigInt(CODE));
    run(cpu, 'e32090000024');
    expect(stored(cpu)).toEqual({ code: PGM.PER, length: 6, events: 0x41, ...ITSELF, old: CODE });
    expect(cpu.storage.get64(DATA)).toBe(0x1823_0000_0000_0000n);
  });

  it('comes before an operation exception', () => {
    const cpu = watching(FETCH | NULLIFY);
    run(cpu, '0000');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, old: CODE });
  });
});

describe('interruptible instructions', () => {
  it('MOVE LONG: after each unit of operation the old PSW designates it until it is complete', () => {
    const cpu = watching(STORE, 0x4_1000n, 0x4_2000n);
    Object.assign(cpu.gr, { 4: 0x4_0800n, 5: 0x1800n, 6: 0x5_0800n, 7: 0x1800n });
    run(cpu, '0e46', MODE_64 | PER, 2);
    expect(stored(cpu)).toEqual({ code: PGM.PER, length: 2, events: 0x20, ...ITSELF, old: CODE + 2 });
    expect([cpu.gr[4], cpu.gr[5]]).toEqual([0x4_2000n, 0n]);
    Object.assign(cpu.gr, { 4: 0x4_0800n, 5: 0x2800n, 6: 0x5_0800n, 7: 0x2800n });
    run(cpu, '0e46', MODE_64 | PER, 2);
    expect([stored(cpu).old, cpu.gr[5]]).toEqual([CODE, 0x1000n]);
  });

  it('CONVERT UTF-8 TO UTF-16: an exception does not take back the units that are complete', () => {
    const cpu = watching(STORE);
    tables(cpu);
    cpu.storage.set64(0xa000 + 0x41 * 8, 0x400n);
    cpu.storage.fill(0x5_0000, 16, 0x41);
    const start = () => Object.assign(cpu.gr, { 4: 0x4_0ffcn, 5: 16n, 6: 0x5_0000n, 7: 8n });
    start();
    run(cpu, 'b2a70046', MODE_64 | DAT | PER);
    const code = PGM.PER | PGM.PAGE_TRANSLATION;
    expect(stored(cpu)).toMatchObject({ code, events: 0x20, old: CODE });
    expect([cpu.gr[4], cpu.gr[7]]).toEqual([0x4_1000n, 6n]);
    // The unit that failed is not an event.
    start();
    watch(cpu, STORE, 0x4_1000n, 0x4_1000n);
    run(cpu, 'b2a70046', MODE_64 | DAT | PER);
    expect(stored(cpu).code).toBe(PGM.PAGE_TRANSLATION);
  });

  it('TRANSLATE ONE TO ONE and UPDATE TREE: the same', () => {
    const cpu = watching(STORE);
    tables(cpu);
    cpu.storage.set64(0xa000 + 0x41 * 8, 0x400n);
    cpu.storage.fill(0x5_0000, 16, 0x41);
    Object.assign(cpu.gr, { 0: 0x77n, 1: 0x6_0000n, 4: 0x4_0ffen, 5: 8n, 6: 0x5_0000n });
    run(cpu, 'b9930046', MODE_64 | DAT | PER);
    const code = PGM.PER | PGM.PAGE_TRANSLATION;
    expect(stored(cpu)).toMatchObject({ code, events: 0x20 });
    // The path leads from the node 0x2020 bytes into the tree to that at 0x1010, which is missing.
    Object.assign(cpu.gr, { 0: 5n, 1: 6n, 4: 0x4_0000n, 5: 0x4040n });
    cpu.storage.set64(0x4_2020, 9n);
    run(cpu, '0102', MODE_64 | DAT | PER);
    expect(stored(cpu)).toMatchObject({ code, events: 0x20 });
    expect([cpu.gr[0], cpu.gr[5]]).toEqual([9n, 0x2020n]);
  });
});

describe('storage alteration', () => {
  const stg = 'e32090000024';

  it('in the address spaces whose control element says so, if the control asks for it', () => {
    const cpu = watching(STORE | SPACE_CONTROL);
    tables(cpu);
    cpu.gr[9] = BigInt(DATA);
    const code = (asce: bigint, mask: bigint) => {
      cpu.setControl(1, asce);
      cpu.storage.set16(LOWCORE.PROGRAM_CODE, 0);
      run(cpu, stg, mask);
      return stored(cpu).code;
    };
    expect(code(0x8000n, MODE_64 | DAT | PER)).toBe(0);
    expect(code(0x8080n, MODE_64 | DAT | PER)).toBe(PGM.PER);
    // A real address is in no address space.
    expect(code(0x8000n, MODE_64 | PER)).toBe(PGM.PER);
    watch(cpu, STORE);
    expect(code(0x8000n, MODE_64 | DAT | PER)).toBe(PGM.PER);
  });

  it('names the space whose address-space-control element was used', () => {
    const cpu = watching(STORE);
    tables(cpu);
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.fill(LOWCORE.PER_ACCESS, 1, 0xee);
    for (const space of [0n, 2n, 3n]) {
      run(cpu, stg, MODE_64 | DAT | PER | (space << 46n));
      expect(stored(cpu).atmid & 3).toBe(Number(space));
    }
    expect(get(cpu, LOWCORE.PER_ACCESS, 1)).toBe('ee');
    // In the access-register mode the access register is identified. ALET 1 designates the secondary space.
    cpu.ar[9] = 1;
    run(cpu, stg, MODE_64 | DAT | PER | (1n << 46n));
    expect([stored(cpu).events, stored(cpu).atmid & 3, get(cpu, LOWCORE.PER_ACCESS, 1)]).toEqual([
      0x20,
      1,
      '09',
    ]);
    cpu.ar[9] = 0;
    // Without a storage event the bits are zeros.
    watch(cpu, FETCH);
    run(cpu, stg, MODE_64 | DAT | PER | (3n << 46n));
    expect(stored(cpu)).toMatchObject({ events: 0x40, atmid: 0xfc });
  });

  it('addresses of 24 bits are compared with 64 bits, and wrap around', () => {
    const cpu = watching(STORE, 0n, 3n);
    cpu.gr[9] = 0xffff_ffff_ff00_0000n + BigInt(DATA);
    run(cpu, '50209000', MODE_24 | PER);
    expect(stored(cpu).code).toBe(0);
    watch(cpu, STORE, BigInt(DATA + 3), BigInt(DATA + 3));
    run(cpu, '50209000', MODE_24 | PER);
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, atmid: 0x40 });
  });

  it('goes on after a store to a page that the fast path has already served', () => {
    const cpu = watching(STORE);
    tables(cpu);
    cpu.gr[9] = BigInt(DATA);
    run(cpu, `${stg}${stg}`, MODE_64 | DAT, 2);
    expect(stored(cpu).code).toBe(0);
    run(cpu, stg, MODE_64 | DAT | PER);
    expect(stored(cpu).code).toBe(PGM.PER);
    // And the fast path serves it again.
    cpu.storage.set16(LOWCORE.PROGRAM_CODE, 0);
    const hits = cpu.tlb.hits;
    run(cpu, stg, MODE_64 | DAT);
    expect([stored(cpu).code, cpu.tlb.hits > hits]).toEqual([0, true]);
  });

  it('in check mode too', () => {
    const cpu = watching(STORE);
    tables(cpu);
    cpu.gr[9] = BigInt(DATA);
    let checked = 0;
    cpu.onTlbHit = () => void checked++;
    run(cpu, stg, MODE_64 | DAT | PER);
    run(cpu, stg, MODE_64 | DAT | PER);
    expect([stored(cpu).code, checked > 0]).toEqual([PGM.PER, true]);
    checked = 0;
    run(cpu, stg, MODE_64 | DAT);
    expect(checked).toBeGreaterThan(0);
  });
});

describe('reported interruptions', () => {
  it('have the bit of PER, and the processor tells the events', () => {
    const cpu = watching(FETCH);
    cpu.interruptions = 'report';
    expect(cpu.eventIndication).toBe(NO_EVENTS);
    put(cpu, CODE, '1823 0000');
    cpu.setPsw(MODE_64 | PER, BigInt(CODE));
    const interruption = { class: 'program', code: PGM.PER, teid: 0n, length: 2 };
    expect(cpu.run(5)).toEqual({ reason: 'interruption', interruption });
    expect([cpu.executed, cpu.pswAddress]).toEqual([1, BigInt(CODE + 2)]);
    expect(cpu.run(5)).toMatchObject({ interruption: { code: PGM.PER | PGM.OPERATION } });
    expect(cpu.eventIndication).toEqual({ code: 0x40, atmid: 0xe0, address: BigInt(CODE + 2), access: null });
  });

  it('the branch-address control looks at the target, and at nothing else', () => {
    const cpu = watching(BRANCH | BRANCH_ADDRESS, BigInt(CODE), BigInt(CODE + 7));
    run(cpu, 'a7f40004');
    expect(stored(cpu).code).toBe(0);
    run(cpu, 'a7f40003');
    expect(stored(cpu)).toMatchObject({ code: PGM.PER, events: 0x80, old: CODE + 6 });
  });
});
