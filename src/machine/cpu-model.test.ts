/** CPU models: the facilities that each offers, and the instructions that are invalid without them. */

import { describe, expect, it } from 'vitest';
import { CPU_MODELS, type CpuModel, MACHINE_TYPE, modelOffers } from './cpu-model.ts';
import { facilityList } from './instructions/decode.ts';
import { FACILITIES } from './instructions/facilities.ts';
import { INSTRUCTIONS } from './instructions/table.ts';
import { PGM } from './interruption.ts';
import { Machine } from './machine.ts';
import { bare, DATA, exception, execute, get } from './testing/bare.ts';

const bits = (model: CpuModel) => {
  const list = facilityList(model);
  return Array.from({ length: list.length * 8 }, (_, bit) => bit).filter(
    (bit) => ((list[bit >>> 3] as number) & (0x80 >>> (bit & 7))) !== 0,
  );
};

describe('the facility list', () => {
  it.each<[CpuModel, number[], number[]]>([
    ['z10', [0, 1, 2, 7, 8, 18, 21, 26, 27, 33, 34, 35, 41], [37, 45, 49, 53, 58, 61]],
    ['z196', [45], [49, 53, 58, 61]],
    ['zEC12', [45, 49, 51, 78], [53, 58, 61]],
    ['z13', [53, 78], [58, 61, 130]],
    ['z14', [53, 58, 130, 131, 133, 145], [61, 193]],
    ['z15', [58, 61], [193]],
    ['z16', [61, 193], []],
    ['max', [45, 49, 53, 58, 61, 193], []],
  ])('of %s', (model, has, lacks) => {
    expect(bits(model)).toEqual(expect.arrayContaining(has));
    expect(bits(model).filter((bit) => lacks.includes(bit))).toEqual([]);
  });

  it('of a later model has all of an earlier one', () => {
    for (let i = 1; i < CPU_MODELS.length; i++) {
      expect(bits(CPU_MODELS[i]!)).toEqual(expect.arrayContaining(bits(CPU_MODELS[i - 1]!)));
    }
  });

  it('is what STFLE stores', () => {
    for (const cpuModel of CPU_MODELS) {
      const cpu = bare({ cpuModel });
      const list = facilityList(cpuModel);
      Object.assign(cpu.gr, { 0: 0xffn, 9: BigInt(DATA) });
      execute(cpu, 'b2b09000');
      expect(get(cpu, DATA, list.length)).toBe(Buffer.from(list).toString('hex'));
    }
  });
});

describe('an instruction of a facility that the model lacks', () => {
  it.each<[name: string, code: string, since: CpuModel]>([
    ['ARK', 'b9f84123', 'z196'],
    ['POPCNT', 'b9e10042', 'z196'],
    ['CDLFBR', 'b3910042', 'z196'],
    ['RISBGN', 'ec4201bf0059', 'zEC12'],
    ['LOCHI', 'ec4000010042', 'z13'],
    ['MSRKC', 'b9fd3042', 'z14'],
    ['SELR', 'b9f04123', 'z15'],
    ['STBEAR', 'b2010100', 'z16'],
  ])('%s is an operation exception', (_name, code, since) => {
    for (const cpuModel of CPU_MODELS) {
      const lacks = CPU_MODELS.indexOf(cpuModel) < CPU_MODELS.indexOf(since);
      expect(exception(bare({ cpuModel }), code)).toBe(lacks ? PGM.OPERATION : 0);
    }
  });

  it('is one of each facility that it does not offer', () => {
    for (const model of CPU_MODELS) {
      const lacking = INSTRUCTIONS.filter(
        ([, , , facility]) => !modelOffers(model, FACILITIES[facility].since),
      );
      expect(lacking.length > 0).toBe(model !== 'max' && model !== 'z16');
    }
  });
});

it('POPULATION COUNT counts all bits at once only on models that have this option', () => {
  for (const cpuModel of CPU_MODELS) {
    const cpu = bare({ cpuModel });
    if (cpuModel === 'z10') continue;
    cpu.gr[2] = 0x0103_0000_0000_00ffn;
    execute(cpu, 'b9e18042');
    expect(cpu.gr[4]).toBe(['z15', 'z16', 'max'].includes(cpuModel) ? 11n : 0x0102_0000_0000_0008n);
  }
});

it('STORE CPU ID stores the machine type of the model', () => {
  for (const cpuModel of CPU_MODELS) {
    const cpu = bare({ cpuModel });
    cpu.gr[9] = BigInt(DATA);
    execute(cpu, 'b2029000');
    expect(get(cpu, DATA + 4, 2)).toBe(MACHINE_TYPE[cpuModel].toString(16));
  }
});

it('a model must be one of the list', () => {
  expect(() => new Machine({ storageSize: 1 << 20, cpuModel: 'z9' as CpuModel })).toThrow(
    'cpuModel z9 is not one of z10, z196, zEC12, z13, z14, z15, z16, max',
  );
});
