/** Frames of 2 GiB (enhanced DAT 2), instruction-execution protection, and the identification of protection exceptions. */

import { describe, expect, it } from 'vitest';
import { CR0 } from '../control-registers.ts';
import type { Cpu } from '../engine/cpu.ts';
import {
  FETCH,
  INSTRUCTION,
  logicalPage,
  Machine,
  PGM,
  type SieContext,
  SPACE,
  STORE,
  UNWIND,
} from '../index.ts';
import { bare, CODE, DAT, DATA, exception, get, MODE_31, MODE_64, put } from '../testing/bare.ts';
import { EDAT } from './formats.ts';
import { AbsoluteEntries, Walk } from './walk.ts';

/** A region-third table; entry 0 and entry 3 may be frames of 2 GiB. */
const REGIONS = 0x8_0000;
const TYPE = 4n;
const FRAME = 0x400n | TYPE;
const ASCE = BigInt(REGIONS) | 7n;
const PRIVATE = 0x100n;
const BASE = 0x4_00e0n;
const EDAT_ON = BigInt(CR0.EDAT);
const EXECUTION = BigInt(CR0.EXECUTION_PROTECTION);
const KEY_1 = 0x0010_0000_0000_0000n;

/** A processor whose first two gibibytes are storage itself, as one frame. The region of index 3 has another entry. */
function mapped(entry: bigint, first = FRAME, options: Parameters<typeof bare>[0] = {}): Cpu {
  const cpu = bare(options);
  for (let i = 0; i < 2048; i++) cpu.storage.set64(REGIONS + i * 8, 0x24n);
  cpu.storage.set64(REGIONS, first);
  cpu.storage.set64(REGIONS + 24, entry);
  cpu.setControl(1, ASCE);
  cpu.setControl(0, BASE | EDAT_ON);
  cpu.gr[9] = 0x1_8000_0000n + BigInt(DATA);
  return cpu;
}

/** Executes an instruction with DAT on. Returns the code of its exception and the low half of the identification. */
function ended(cpu: Cpu, code: string, mask = MODE_64 | DAT): [number, number] {
  return [exception(cpu, code, mask), cpu.teidLo];
}

const LOAD_OPERAND = 'e32090000004';
const STORE_OPERAND = 'e32090000024';

describe('a region-third-table entry of format control one', () => {
  it('designates a frame of 2 GiB with enhanced DAT 2: there is no further table', () => {
    const machine = new Machine({ storageSize: 0x20_0000 });
    const { storage } = machine;
    // Bits 33 to 63 that are not controls are not part of the address.
    storage.set64(REGIONS + 24, 0x1234_5678_fffe_0404n);
    const walk = new Walk(new AbsoluteEntries(storage));
    const page = 3 * 0x8_0000 + 0x7_ffff;
    expect(walk.to(0, Number(ASCE), page, EDAT.EDAT_2)).toBe(0);
    expect([walk.frame, walk.absolute, walk.table, walk.protect, walk.key]).toEqual([
      0x1_2345_678f_ffff,
      true,
      -1,
      false,
      -1,
    ]);
    // Without it, it designates a segment table of one quarter.
    expect(walk.to(0, Number(ASCE), page, EDAT.EDAT_1)).toBe(PGM.SEGMENT_TRANSLATION);
  });

  it('is read, written and protected like any frame', () => {
    const cpu = mapped(FRAME);
    put(cpu, DATA, '0102030405060708');
    expect(exception(cpu, LOAD_OPERAND, MODE_64 | DAT)).toBe(0);
    expect(cpu.gr[2]).toBe(0x0102_0304_0506_0708n);
    cpu.gr[2] = 5n;
    expect(exception(cpu, STORE_OPERAND, MODE_64 | DAT)).toBe(0);
    expect(get(cpu, DATA, 8)).toBe('0000000000000005');
    expect([...cpu.tlb.entries()].map(({ frame, table }) => [frame, table])).toContainEqual([
      DATA / 0x1000,
      -1,
    ]);
    const own = mapped(FRAME | 0x200n);
    expect(ended(own, STORE_OPERAND)).toEqual([PGM.PROTECTION, 0x8002_0404]);
    expect(exception(own, LOAD_OPERAND, MODE_64 | DAT)).toBe(0);
  });

  it('lies at an absolute address: prefixing does not apply to it, and its real address is the prefixed one', () => {
    const cpu = mapped(FRAME);
    cpu.setPrefix(DATA);
    put(cpu, DATA, '1111111111111111');
    put(cpu, 0, '2222222222222222');
    expect(exception(cpu, LOAD_OPERAND, MODE_64 | DAT)).toBe(0);
    expect(cpu.gr[2]).toBe(0x1111_1111_1111_1111n);
    expect(exception(cpu, 'e32090000003', MODE_64)).toBe(0);
    expect(cpu.gr[2]).toBe(0n);
  });

  it('may be outside storage: an addressing exception', () => {
    const cpu = mapped(FRAME | 0x8000_0000n);
    expect(exception(cpu, LOAD_OPERAND, MODE_64 | DAT)).toBe(PGM.ADDRESSING);
  });

  it('has the access control of the entry when that is valid', () => {
    const access = 0x1_0000n | 0x3800n;
    const cpu = mapped(FRAME | access, FRAME | 0x1_0000n | 0x1000n);
    cpu.storage.keys[DATA / 0x1000] = 0x10;
    expect(ended(cpu, LOAD_OPERAND, MODE_64 | DAT | KEY_1)).toEqual([PGM.PROTECTION, 0x8002_0808]);
    cpu.storage.set64(REGIONS + 24, FRAME | (access & 0xffffn));
    cpu.tlb.purgeAll();
    expect(exception(cpu, LOAD_OPERAND, MODE_64 | DAT | KEY_1)).toBe(0);
  });

  it('of a common region is a translation-specification exception in a private space', () => {
    const cpu = mapped(FRAME | 0x10n);
    expect(exception(cpu, LOAD_OPERAND, MODE_64 | DAT)).toBe(0);
    cpu.setControl(1, ASCE | PRIVATE);
    expect(exception(cpu, LOAD_OPERAND, MODE_64 | DAT)).toBe(PGM.TRANSLATION_SPECIFICATION);
  });

  it('is an ordinary entry without enhanced DAT, and on a model without enhanced DAT 2', () => {
    const cpu = mapped(FRAME);
    cpu.setControl(0, BASE);
    // The segment table at absolute 0 is empty: its first entry designates a page table at 0.
    expect(exception(cpu, '1823', MODE_64 | DAT)).toBe(PGM.OPERATION);
    const old = mapped(FRAME, FRAME, { cpuModel: 'z196' });
    expect(exception(old, '1823', MODE_64 | DAT)).toBe(PGM.OPERATION);
  });
});

/** Pages in the first segment. */
const SEGMENTS = 0x9_0000;
const PAGES = 0xa_0000;

/** Tables of each kind whose entry for the code has a bit. */
const KINDS: readonly { name: string; make: (bit: bigint, options?: Parameters<typeof bare>[0]) => Cpu }[] = [
  { name: '2 GiB frame', make: (bit, options) => mapped(0x24n, FRAME | bit, options) },
  {
    name: '1 MiB frame',
    make: (bit, options) => {
      const cpu = mapped(0x24n, 0x24n, options);
      cpu.storage.set64(SEGMENTS, 0x400n | bit);
      cpu.setControl(1, BigInt(SEGMENTS));
      return cpu;
    },
  },
  {
    name: 'page',
    make: (bit, options) => {
      const cpu = mapped(0x24n, 0x24n, options);
      cpu.storage.set64(SEGMENTS, BigInt(PAGES));
      for (let i = 0; i < 256; i++) cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000));
      cpu.storage.set64(PAGES + (CODE / 0x1000) * 8, BigInt(CODE) | bit);
      cpu.setControl(1, BigInt(SEGMENTS));
      return cpu;
    },
  },
];

describe.each(KINDS)('instruction-execution protection of a $name', ({ make }) => {
  const ON = BASE | EDAT_ON | EXECUTION;

  it('forbids instruction fetches while control register 0 enables it, also through the TLB', () => {
    const cpu = make(0x100n);
    for (let i = 0; i < 3; i++) {
      cpu.setControl(0, BASE | EDAT_ON);
      expect(exception(cpu, '1823', MODE_64 | DAT)).toBe(0);
      cpu.setControl(0, ON);
      expect(ended(cpu, '1823')).toEqual([PGM.PROTECTION, CODE | 0x884]);
      expect(cpu.pswAddress).toBe(BigInt(CODE) + 2n);
    }
    expect(exception(cpu, '1823', MODE_64)).toBe(0);
  });

  it('forbids neither loads nor stores', () => {
    const cpu = make(0x100n);
    const other = make(0n);
    other.setControl(0, ON);
    expect(exception(other, '1823', MODE_64 | DAT)).toBe(0);
    cpu.setControl(0, ON);
    cpu.setPsw(MODE_64 | DAT, 0n);
    const reached = ([FETCH, STORE, INSTRUCTION] as const).map((access) =>
      cpu.attempt(logicalPage(CODE / 0x1000), access),
    );
    expect(reached).toEqual([CODE, CODE, -1]);
  });

  it('does not exist before the z14', () => {
    const cpu = make(0x100n, { cpuModel: 'zEC12' });
    cpu.setControl(0, ON);
    expect(exception(cpu, '1823', MODE_64 | DAT)).toBe(0);
  });
});

describe('a guest', () => {
  const host = {
    originPage: 0,
    pages: 0x100,
    asceHi: 0,
    prefix: 0,
    edat: EDAT.EDAT_2,
    pageStatus: false,
    executionProtection: true,
  };
  const controls = { interceptOperation: false, interceptions: 1, loadControls: 0 };
  const requests = { externalRequest: false, ioRequest: false, enforceEvents: false };

  /** A processor that interprets a guest, whose storage is one frame of 1 MiB by the host's tables. */
  function guest(hostBit: bigint, guestBit: bigint): Cpu {
    const cpu = mapped(0x24n, FRAME | guestBit);
    cpu.storage.set64(SEGMENTS, 0x400n | hostBit);
    cpu.sie = { ...host, asceLo: SEGMENTS, ...controls, ...requests };
    cpu.setControl(0, BASE | EDAT_ON | EXECUTION);
    cpu.setPsw(MODE_64 | DAT, 0n);
    return cpu;
  }
  const fetchesInstruction = (cpu: Cpu) => cpu.attempt(logicalPage(CODE / 0x1000), INSTRUCTION) === CODE;

  it('is subject to the instruction-execution protection of its own tables, not of the host’s', () => {
    expect(fetchesInstruction(guest(0n, 0n))).toBe(true);
    expect(fetchesInstruction(guest(0x100n, 0n))).toBe(true);
    const cpu = guest(0n, 0x100n);
    expect(fetchesInstruction(cpu)).toBe(false);
    expect([cpu.unwindKind, cpu.exceptionCode, cpu.teidLo & 0xfff]).toEqual([
      UNWIND.PROGRAM,
      PGM.PROTECTION,
      0x884,
    ]);
    cpu.sie = { ...(cpu.sie as SieContext), executionProtection: false };
    expect(fetchesInstruction(cpu)).toBe(true);
    cpu.sie = { ...cpu.sie, executionProtection: true };
    cpu.setControl(0, BASE | EDAT_ON);
    expect(fetchesInstruction(cpu)).toBe(true);
    cpu.setPsw(MODE_64, 0n);
    expect(fetchesInstruction(cpu)).toBe(true);
  });

  it('has frames of 2 GiB in its own tables, and they end where its storage ends', () => {
    const cpu = guest(0n, 0n);
    expect(cpu.attempt(logicalPage(0xff), FETCH)).toBe(0xf_f000);
    expect(cpu.attempt(logicalPage(0x100), FETCH)).toBe(-1);
    expect([cpu.unwindKind, cpu.exceptionCode]).toEqual([UNWIND.PROGRAM, PGM.ADDRESSING]);
  });

  it('reaches storage by frames of 2 GiB of its host only with the enhanced DAT of the host', () => {
    for (const [edat, reached] of [
      [EDAT.EDAT_2, CODE],
      [EDAT.EDAT_1, -1],
    ] as const) {
      const cpu = mapped(0x24n);
      cpu.sie = { ...host, edat, asceLo: Number(ASCE), ...controls, ...requests };
      cpu.setPsw(MODE_64, 0n);
      cpu.storage.set64(0, 0x20n);
      expect(cpu.attempt(logicalPage(CODE / 0x1000), FETCH)).toBe(reached);
    }
  });
});

describe('the identification of a protection exception says what forbids the access', () => {
  const cases: readonly [
    what: string,
    prepare: (cpu: Cpu) => void,
    code: string,
    mask: bigint,
    teid: number,
  ][] = [
    [
      'a storage key, fetch',
      (cpu) => void (cpu.storage.keys[DATA >> 12] = 0x38),
      '58209000',
      KEY_1,
      0x2_0808,
    ],
    [
      'a storage key, store',
      (cpu) => void (cpu.storage.keys[DATA >> 12] = 0x30),
      '50209000',
      KEY_1,
      0x2_0408,
    ],
    [
      'the key of the instruction',
      (cpu) => void (cpu.storage.keys[CODE >> 12] = 0x38),
      '1823',
      KEY_1,
      0x1_0808,
    ],
    [
      'low-address protection',
      (cpu) => cpu.setControl(0, BASE | EDAT_ON | 0x1000_0000n),
      '50200100',
      0n,
      0x480,
    ],
    [
      'a low address of the second page',
      (cpu) => cpu.setControl(0, BASE | EDAT_ON | 0x1000_0000n),
      '502011f0',
      0n,
      0x1480,
    ],
  ];

  it.each(cases)('%s', (_, prepare, code, mask, teid) => {
    for (const space of [SPACE.PRIMARY, SPACE.SECONDARY, SPACE.HOME]) {
      const cpu = mapped(FRAME);
      cpu.gr[9] = BigInt(DATA);
      cpu.gr[1] = 0x1000n;
      cpu.setControl(7, ASCE);
      cpu.setControl(13, ASCE);
      prepare(cpu);
      const bits = BigInt(space) << 46n;
      // Instructions come from the primary space, except in the home-space mode.
      const own = code === '1823' && space === SPACE.SECONDARY ? 0 : space;
      expect(ended(cpu, code, MODE_64 | DAT | mask | bits)).toEqual([PGM.PROTECTION, teid | own]);
      // With DAT off there is no space.
      expect(ended(cpu, code, MODE_64 | mask)).toEqual([PGM.PROTECTION, teid]);
    }
  });

  it('PERFORM FRAME MANAGEMENT FUNCTION and TEST BLOCK: low-address protection', () => {
    const cpu = bare();
    cpu.setControl(0, BASE | 0x1000_0000n);
    Object.assign(cpu.gr, { 2: 0x1_0000n, 9: 0x1000n });
    expect(ended(cpu, 'b9af0029', MODE_64)).toEqual([PGM.PROTECTION, 0x1480]);
    expect(ended(cpu, 'b22c0009', MODE_64)).toEqual([PGM.PROTECTION, 0x1480]);
  });
});

describe('PERFORM FRAME MANAGEMENT FUNCTION with masks', () => {
  it('leaves a key that is equal but for the masked bits', () => {
    for (const [masks, key, after] of [
      [0x400n, 0x54, 0x54],
      [0x400n, 0x56, 0x50],
      [0x200n, 0x52, 0x52],
      [0x200n, 0x54, 0x50],
      [0x600n, 0x56, 0x56],
      [0x600n, 0x66, 0x50],
      [0x600n, 0x5e, 0x50],
      [0n, 0x56, 0x50],
      [0x800n, 0x56, 0x50],
    ] as const) {
      const cpu = bare();
      cpu.storage.keys[DATA / 0x1000] = key;
      Object.assign(cpu.gr, { 2: 0x2_0050n | masks, 9: BigInt(DATA) });
      expect(exception(cpu, 'b9af0029')).toBe(0);
      expect(cpu.storage.keys[DATA / 0x1000]).toBe(after);
    }
  });

  it('has the nonquiescing control from the z196 on', () => {
    for (const [cpuModel, code] of [
      ['z10', PGM.SPECIFICATION],
      ['z196', 0],
    ] as const) {
      const cpu = bare({ cpuModel });
      Object.assign(cpu.gr, { 2: 0x2_0850n, 9: BigInt(DATA) });
      expect(exception(cpu, 'b9af0029')).toBe(code);
    }
  });
});

describe('PERFORM FRAME MANAGEMENT FUNCTION of 2 GiB', () => {
  it('sets keys to the end of the region, in units', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 2: 0x2_2050n, 9: 0x10_0000n });
    expect(exception(cpu, 'b9af0029', MODE_64)).toBe(0);
    expect([cpu.gr[9], cpu.pswAddress]).toEqual([0x11_0000n, BigInt(CODE)]);
    // Storage ends after 2 MiB: the frames before the exception keep their keys.
    const stop = cpu.run(100);
    expect(stop).toMatchObject({ interruption: { code: PGM.ADDRESSING } });
    expect([cpu.gr[9], cpu.storage.keys[0x1ff]]).toEqual([0x20_0000n, 0x50]);
  });

  it('needs enhanced DAT 2 and the 31- or 64-bit addressing mode', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 2: 0x2_2050n, 9: 0x1f_f000n });
    expect(exception(cpu, 'b9af0029', MODE_31)).toBe(PGM.ADDRESSING);
    expect(cpu.storage.keys[0x1ff]).toBe(0x50);
    expect(exception(cpu, 'b9af0029', 0n)).toBe(PGM.SPECIFICATION);
    const old = bare({ cpuModel: 'z196' });
    old.gr[2] = 0x2_2050n;
    expect(exception(old, 'b9af0029')).toBe(PGM.SPECIFICATION);
    cpu.gr[2] = 0x2_3050n;
    expect(exception(cpu, 'b9af0029')).toBe(PGM.SPECIFICATION);
  });
});
