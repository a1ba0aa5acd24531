/** The processor around its instructions: PSW, interruptions, fetching, protection. */

import { describe, expect, it, vi } from 'vitest';
import { LOWCORE } from '../assigned-storage.ts';
import { EXT, PGM } from '../interruption.ts';
import {
  bare,
  CODE,
  DAT,
  DATA,
  EXTERNAL,
  exception,
  execute,
  get,
  IO,
  MODE_24,
  MODE_31,
  MODE_64,
  PROBLEM,
  put,
  WAIT,
} from '../testing/bare.ts';
import type { Cpu } from './cpu.ts';

const HANDLER = 0x3_0000;

/** A processor that takes interruptions. Each new PSW designates HANDLER plus the offset of the PSW in the prefix area. */
function taking(tod = 1n << 60n, cpus = 1): Cpu {
  const cpu = bare({ tod, cpus });
  cpu.interruptions = 'take';
  for (const at of [
    LOWCORE.RESTART_NEW_PSW,
    LOWCORE.EXTERNAL_NEW_PSW,
    LOWCORE.SVC_NEW_PSW,
    LOWCORE.PROGRAM_NEW_PSW,
  ]) {
    newPsw(cpu, at, MODE_64, HANDLER + at);
  }
  return cpu;
}

function newPsw(cpu: Cpu, at: number, mask: bigint, address: number): void {
  cpu.storage.set64(cpu.prefix + at, mask);
  cpu.storage.set64(cpu.prefix + at + 8, BigInt(address));
}

/** The old PSW at an offset: mask and address. */
function oldPsw(cpu: Cpu, at: number): [mask: bigint, address: bigint] {
  return [cpu.storage.get64(cpu.prefix + at), cpu.storage.get64(cpu.prefix + at + 8)];
}

/** `j .`: an instruction that changes nothing but the time. */
const LOOP = 'a7f40000';

describe('interruptions', () => {
  it('program: code, length, old PSW after the instruction', () => {
    const cpu = taking();
    execute(cpu, 'b9860030', MODE_64 | (2n << 44n));
    expect(cpu.pswAddress).toBe(BigInt(HANDLER + LOWCORE.PROGRAM_NEW_PSW));
    expect(oldPsw(cpu, LOWCORE.PROGRAM_OLD_PSW)).toEqual([MODE_64 | (2n << 44n), BigInt(CODE + 4)]);
    expect(get(cpu, LOWCORE.PROGRAM_ILC, 4)).toBe('00040006');
  });

  it('program: a data exception has its code in storage and, with the AFP control, in the FPC register', () => {
    const cpu = taking();
    execute(cpu, 'b9728000');
    expect(cpu.storage.get32(LOWCORE.DATA_EXCEPTION_CODE)).toBe(0xff);
    expect(cpu.fpc).toBe(0xff00);
    const without = taking();
    without.setControl(0, 0xe0n);
    execute(without, 'b9728000');
    expect(without.fpc).toBe(0);
  });

  it('program: a translation exception nullifies, and identifies the page', () => {
    const cpu = taking();
    cpu.setControl(1, 0x1_0000n);
    // With an empty segment table not even the instruction can be fetched.
    cpu.storage.set64(0x1_0000, 0x20n);
    cpu.setPsw(MODE_64 | (1n << 58n), 0x2340n);
    cpu.run(1);
    expect(oldPsw(cpu, LOWCORE.PROGRAM_OLD_PSW)).toEqual([MODE_64 | (1n << 58n), 0x2340n]);
    expect(cpu.storage.get16(LOWCORE.PROGRAM_CODE)).toBe(PGM.SEGMENT_TRANSLATION);
    expect(cpu.storage.get64(LOWCORE.TRANSLATION_EXCEPTION) & ~0xfffn).toBe(0x2000n);
  });

  it.each(['interpret', 'auto'] as const)(
    'supervisor call that is reported: by the run in which it is the last unit (%s)',
    (engine) => {
      const other = bare({ engine });
      // LHI 1,1; SVC 5; LHI 1,2.
      expect(execute(other, 'a7180001 0a05 a7180002', MODE_64, 2)).toEqual({
        reason: 'interruption',
        interruption: { class: 'supervisor-call', code: 5, length: 2 },
      });
      expect([other.executed, other.pswAddress]).toEqual([2, BigInt(CODE + 6)]);
      expect(other.run(1)).toEqual({ reason: 'limit' });
    },
  );

  it('supervisor call: number and length, or the length of the EXECUTE', () => {
    const cpu = taking();
    execute(cpu, '0a7b', MODE_64 | PROBLEM);
    expect(cpu.pswAddress).toBe(BigInt(HANDLER + LOWCORE.SVC_NEW_PSW));
    expect(get(cpu, LOWCORE.SVC_ILC, 4)).toBe('0002007b');
    expect(oldPsw(cpu, LOWCORE.SVC_OLD_PSW)).toEqual([MODE_64 | PROBLEM, BigInt(CODE + 2)]);
    put(cpu, DATA, '0a00');
    Object.assign(cpu.gr, { 1: 0x55n, 2: BigInt(DATA) });
    execute(cpu, '44102000');
    expect(get(cpu, LOWCORE.SVC_ILC, 4)).toBe('00040055');
  });

  it('external: the clock comparator, once the clock has passed it', () => {
    const cpu = taking();
    cpu.setControl(0, 0x8e0n);
    cpu.setClockComparator(cpu.tod + 40n);
    execute(cpu, LOOP, MODE_64 | EXTERNAL, 5);
    expect(cpu.pswAddress).toBe(BigInt(CODE));
    cpu.run(20);
    expect(cpu.storage.get16(LOWCORE.EXTERNAL_CODE)).toBe(EXT.CLOCK_COMPARATOR);
    expect(oldPsw(cpu, LOWCORE.EXTERNAL_OLD_PSW)).toEqual([MODE_64 | EXTERNAL, BigInt(CODE)]);
  });

  it('external: the CPU timer, once it is negative', () => {
    const cpu = taking();
    cpu.setControl(0, 0x4e0n);
    cpu.setTimer(40n);
    execute(cpu, LOOP, MODE_64 | EXTERNAL, 5);
    expect(cpu.timer).toBe(20n);
    cpu.run(20);
    expect(cpu.storage.get16(LOWCORE.EXTERNAL_CODE)).toBe(EXT.CPU_TIMER);
  });

  it('external: a service signal with its parameter, when its subclass is enabled', () => {
    const cpu = taking();
    cpu.signal(EXT.SERVICE_SIGNAL, 0x1230);
    cpu.signal(EXT.SERVICE_SIGNAL, 0x1);
    execute(cpu, LOOP, MODE_64 | EXTERNAL, 2);
    expect(cpu.pswAddress).toBe(BigInt(CODE));
    cpu.setControl(0, 0x2e0n);
    cpu.run(1);
    expect(cpu.storage.get16(LOWCORE.EXTERNAL_CODE)).toBe(EXT.SERVICE_SIGNAL);
    expect(cpu.storage.get32(LOWCORE.EXTERNAL_PARAMETER)).toBe(0x1231);
    expect(cpu.pending).toEqual([]);
  });

  it('external: emergency signal and external call, with the address of the sender', () => {
    const cpu = taking(0n, 2);
    const other = cpu.machine.cpus[1] as Cpu;
    cpu.setControl(0, 0x6_60e0n);
    Object.assign(other.gr, { 2: 0n, 3: 0n });
    put(cpu, DATA, 'ae230003 ae230002 ae230002');
    other.setPsw(MODE_64, BigInt(DATA));
    other.setPrefix(0x4000);
    other.run(2);
    expect(other.cc).toBe(0);
    other.run(1);
    expect([other.cc, other.gr32[4]]).toEqual([1, 0x80]);
    execute(cpu, LOOP, MODE_64 | EXTERNAL, 1);
    expect(get(cpu, LOWCORE.EXTERNAL_CPU_ADDRESS, 4)).toBe('00011201');
    execute(cpu, LOOP, MODE_64 | EXTERNAL, 1);
    expect(get(cpu, LOWCORE.EXTERNAL_CPU_ADDRESS, 4)).toBe('00011202');
  });

  it('external: none while the external mask is zero', () => {
    const cpu = taking();
    cpu.setControl(0, 0x2e0n);
    cpu.signal(EXT.SERVICE_SIGNAL, 0);
    execute(cpu, LOOP, MODE_64, 3);
    expect(cpu.pswAddress).toBe(BigInt(CODE));
    // stosm 0(%r0) to real 0x200 enables; the interruption comes before the next instruction.
    execute(cpu, 'ad010200 a7f40000', MODE_64, 2);
    expect(cpu.pswAddress).toBe(BigInt(HANDLER + LOWCORE.EXTERNAL_NEW_PSW));
    expect(oldPsw(cpu, LOWCORE.EXTERNAL_OLD_PSW)[1]).toBe(BigInt(CODE + 4));
  });

  it('restart, which cannot be masked, by SIGP too', () => {
    const cpu = taking(0n, 2);
    const other = cpu.machine.cpus[1] as Cpu;
    cpu.stop();
    expect(cpu.run(1).reason).toBe('stopped');
    other.setPrefix(0x4000);
    Object.assign(other.gr, { 2: 0n, 3: 0n });
    put(cpu, DATA, 'ae230001 ae230006 ae230005');
    other.setPsw(MODE_64, BigInt(DATA));
    other.run(1);
    expect([other.cc, other.gr32[4]]).toEqual([1, 0x40]);
    other.run(1);
    cpu.setPsw(MODE_31, 0x1234n);
    cpu.run(1);
    expect(cpu.pswAddress).toBe(BigInt(HANDLER + LOWCORE.RESTART_NEW_PSW));
    expect(oldPsw(cpu, LOWCORE.RESTART_OLD_PSW)).toEqual([MODE_31, 0x1234n]);
    other.run(1);
    expect(cpu.run(1).reason).toBe('stopped');
  });

  it('go through the prefix area', () => {
    const cpu = taking();
    cpu.setPrefix(0x4000);
    newPsw(cpu, LOWCORE.SVC_NEW_PSW, MODE_64, HANDLER);
    execute(cpu, '0a01');
    expect(cpu.pswAddress).toBe(BigInt(HANDLER));
    expect(cpu.storage.get16(0x4000 + LOWCORE.SVC_CODE)).toBe(1);
    // Real 0x4000 is then absolute 0.
    put(cpu, 0x100, 'c0ffee11');
    cpu.gr[9] = 0x4100n;
    execute(cpu, '58209000');
    expect(cpu.gr32[4]).toBe(0xc0ff_ee11);
  });
});

describe('an invalid PSW', () => {
  it('is a specification exception before its first instruction, of length 0', () => {
    const cpu = taking();
    newPsw(cpu, LOWCORE.SVC_NEW_PSW, 0x0000_0001_0000_0000n, 0x1234);
    execute(cpu, '0a00', MODE_64, 2);
    expect(get(cpu, LOWCORE.PROGRAM_ILC, 4)).toBe('00000006');
    expect(oldPsw(cpu, LOWCORE.PROGRAM_OLD_PSW)[1]).toBe(0x1234n);
  });

  it('with an address that exceeds its addressing mode', () => {
    const cpu = taking();
    newPsw(cpu, LOWCORE.SVC_NEW_PSW, MODE_31, 0x8000_0000);
    execute(cpu, '0a00', MODE_64, 2);
    expect(get(cpu, LOWCORE.PROGRAM_ILC, 4)).toBe('00000006');
  });

  it('as the program new PSW is a loop', () => {
    const cpu = taking();
    newPsw(cpu, LOWCORE.PROGRAM_NEW_PSW, 0x0000_0001_0000_0000n, 0);
    expect(execute(cpu, '0000', MODE_64, 1000)).toEqual({ reason: 'program-loop', code: PGM.SPECIFICATION });
  });

  it('a handler that is an invalid instruction is a loop, too', () => {
    const cpu = taking();
    expect(execute(cpu, '0000', MODE_64, 1000)).toEqual({ reason: 'program-loop', code: PGM.OPERATION });
  });
});

describe('the wait state', () => {
  it('without any mask is disabled', () => {
    const cpu = taking();
    expect(execute(cpu, '', MODE_64 | WAIT)).toEqual({ reason: 'wait', disabled: true, until: null });
    expect(execute(cpu, '', MODE_64 | WAIT | IO)).toMatchObject({ disabled: false });
  });

  it('reports when a clock will end it, and ends by an interruption', () => {
    const cpu = taking();
    cpu.setControl(0, 0xae0n);
    cpu.setClockComparator(cpu.tod + 1000n);
    const due = cpu.clockComparator + 1n;
    expect(execute(cpu, '', MODE_64 | WAIT | EXTERNAL)).toEqual({
      reason: 'wait',
      disabled: false,
      until: due,
    });
    cpu.machine.clock.skipTo(due);
    cpu.run(1);
    expect(oldPsw(cpu, LOWCORE.EXTERNAL_OLD_PSW)).toEqual([MODE_64 | WAIT | EXTERNAL, BigInt(CODE)]);
  });
});

describe('a clock that was set back', () => {
  /** The clock comparator 1000 units on, on a clock 2^50 units behind the machine's. */
  function behind(): Cpu {
    const cpu = taking();
    cpu.epoch = BigInt.asUintN(64, -(1n << 50n));
    cpu.setControl(0, 0x8e0n);
    cpu.setClockComparator(cpu.tod + 1000n);
    return cpu;
  }

  it('reports when its comparator ends a wait', () => {
    const cpu = behind();
    const until = cpu.machine.clock.tod + 1001n;
    expect(execute(cpu, '', MODE_64 | WAIT | EXTERNAL)).toEqual({ reason: 'wait', disabled: false, until });
  });

  it('interrupts when it has passed its comparator, and is not read after every instruction', () => {
    const cpu = behind();
    const advance = vi.spyOn(cpu.machine.clock, 'advance');
    execute(cpu, LOOP, MODE_64 | EXTERNAL, 200);
    expect(cpu.pswAddress).toBe(BigInt(CODE));
    expect(advance.mock.calls.length).toBeLessThan(5);
    cpu.run(60);
    expect(cpu.storage.get16(LOWCORE.EXTERNAL_CODE)).toBe(EXT.CLOCK_COMPARATOR);
  });
});

describe('addresses', () => {
  it('wrap by the addressing mode', () => {
    const cpu = bare();
    put(cpu, 0x200, '12345678');
    for (const [mode, base] of [
      [MODE_24, 0xffff_fe00n],
      [MODE_31, 0xffff_fe00n],
      [MODE_64, 0xffff_ffff_ffff_fe00n],
    ] as const) {
      cpu.gr[9] = base;
      cpu.gr[2] = 0n;
      execute(cpu, '58209400', mode);
      expect(cpu.gr[2]).toBe(0x1234_5678n);
    }
  });

  it('of branches wrap by the mode', () => {
    const cpu = bare();
    cpu.gr[9] = 0xffff_ffff_ff02_0e40n;
    execute(cpu, '07f9', MODE_24);
    expect(cpu.pswAddress).toBe(0x02_0e40n);
    execute(cpu, '07f9', MODE_31);
    expect(cpu.pswAddress).toBe(0x7f02_0e40n);
  });

  it('that are odd have no instruction', () => {
    const cpu = bare();
    cpu.setPsw(MODE_64, BigInt(CODE + 1));
    expect(cpu.run(1)).toMatchObject({ interruption: { code: PGM.SPECIFICATION } });
  });

  it('beyond storage are addressing exceptions', () => {
    expect(exception(bare(), '582f0000')).toBe(0);
    const cpu = bare();
    cpu.gr[15] = 0x20_0000n;
    expect(exception(cpu, '582f0000')).toBe(PGM.ADDRESSING);
    cpu.gr[15] = 0x1f_fffdn;
    expect(exception(cpu, '582f0000')).toBe(PGM.ADDRESSING);
  });
});

describe('fetching', () => {
  it('crosses a page boundary at any halfword', () => {
    for (const at of [0x1_0ffa, 0x1_0ffc, 0x1_0ffe]) {
      const cpu = bare();
      put(cpu, at, 'c0211234567807fe');
      cpu.setPsw(MODE_64, BigInt(at));
      expect(cpu.run(1).reason).toBe('limit');
      expect(cpu.gr[2]).toBe(0x1234_5678n);
    }
  });

  it('fails on the part that is not mapped', () => {
    const cpu = bare();
    put(cpu, 0x1f_fffe, 'c021');
    cpu.setPsw(MODE_64, 0x1f_fffen);
    expect(cpu.run(1)).toMatchObject({ interruption: { code: PGM.ADDRESSING } });
    put(cpu, 0x1f_fffe, '1812');
    cpu.setPsw(MODE_64, 0x1f_fffen);
    expect(cpu.run(1).reason).toBe('limit');
  });
});

describe('EXECUTE', () => {
  it('of an EXECUTE is an execute exception', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    put(cpu, DATA, '44009000');
    expect(exception(cpu, '44009000')).toBe(PGM.EXECUTE);
    put(cpu, DATA, 'c60000000000');
    expect(exception(cpu, '44009000')).toBe(PGM.EXECUTE);
    expect(exception(cpu, '1812')).toBe(0);
  });

  it('of an odd address is a specification exception', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA + 1);
    expect(exception(cpu, '44009000')).toBe(PGM.SPECIFICATION);
  });

  it('of an address outside storage is an addressing exception with the length of the EXECUTE', () => {
    const cpu = bare();
    cpu.gr[9] = 0x7000_0000n;
    expect(execute(cpu, '44009000')).toMatchObject({ interruption: { code: PGM.ADDRESSING, length: 4 } });
  });
});

describe('protection', () => {
  it('by key forbids stores, and fetches if the key has fetch protection', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    const key5 = MODE_64 | (5n << 52n);
    cpu.storage.keys[CODE / 0x1000] = 0x50;
    cpu.storage.keys[DATA / 0x1000] = 0xa0;
    expect(exception(cpu, '58209000', key5)).toBe(0);
    expect(exception(cpu, '50209000', key5)).toBe(PGM.PROTECTION);
    cpu.storage.keys[DATA / 0x1000] = 0xa8;
    expect(exception(cpu, '58209000', key5)).toBe(PGM.PROTECTION);
    expect(exception(cpu, '50209000', MODE_64 | (10n << 52n))).toBe(0);
    cpu.storage.keys[CODE / 0x1000] = 0xa8;
    expect(exception(cpu, '1812', key5)).toBe(PGM.PROTECTION);
  });

  it('by key ends a store before the change bit is set', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    cpu.setControl(1, 0x4_0000n);
    cpu.storage.set64(0x4_0000, 0x5_0000n);
    for (const page of [CODE, DATA]) cpu.storage.set64(0x5_0000 + page / 512, BigInt(page));
    cpu.storage.keys[CODE / 0x1000] = 0x50;
    cpu.storage.keys[DATA / 0x1000] = 0xa0;
    const key5 = MODE_64 | (5n << 52n);
    for (const mask of [key5, key5 | DAT]) expect(exception(cpu, '50209000', mask)).toBe(PGM.PROTECTION);
    expect((cpu.storage.keys[DATA / 0x1000] as number) & 2).toBe(0);
  });

  it('by key can be overridden for key 9 and for the first 2 KiB', () => {
    const cpu = bare();
    const key5 = MODE_64 | (5n << 52n);
    cpu.gr[9] = BigInt(DATA);
    cpu.storage.keys[DATA / 0x1000] = 0x98;
    cpu.setControl(0, 0x0104_00e0n);
    expect(exception(cpu, '50209000', key5)).toBe(0);
    cpu.storage.keys[0] = 0xa8;
    expect(exception(cpu, '58200200', key5)).toBe(PGM.PROTECTION);
    cpu.setControl(0, 0x0204_00e0n);
    expect(exception(cpu, '58200200', key5)).toBe(0);
    expect(exception(cpu, '58200800', key5)).toBe(PGM.PROTECTION);
  });

  it('of low addresses covers the first 512 bytes of two pages', () => {
    const cpu = bare();
    cpu.setControl(0, 0x1004_00e0n);
    cpu.gr[9] = 0x1000n;
    expect(exception(cpu, '502001fc')).toBe(PGM.PROTECTION);
    expect(exception(cpu, '50200200')).toBe(0);
    expect(exception(cpu, '50209100')).toBe(PGM.PROTECTION);
    expect(exception(cpu, '50209200')).toBe(0);
    expect(exception(cpu, '58200100')).toBe(0);
  });

  it('of the problem state covers privileged instructions', () => {
    expect(exception(bare(), '80000000', MODE_64 | PROBLEM)).toBe(PGM.PRIVILEGED_OPERATION);
    expect(exception(bare(), '0000', MODE_64 | PROBLEM)).toBe(PGM.OPERATION);
  });

  it('records references and changes', () => {
    const cpu = bare();
    cpu.gr[9] = BigInt(DATA);
    execute(cpu, '58209000');
    expect(cpu.storage.keys[DATA / 0x1000]).toBe(4);
    execute(cpu, '50209000');
    expect(cpu.storage.keys[DATA / 0x1000]).toBe(6);
    // rrbe %r2,%r9 returns both bits, and resets the reference bit.
    execute(cpu, 'b22a0029');
    expect([cpu.cc, cpu.storage.keys[DATA / 0x1000]]).toEqual([3, 2]);
  });
});
