/** What a guest learns of its CPU model: STIDP, STFL, STFLE; and instructions that user space asks for. */

import { describe, expect, it } from 'vitest';
import { hasFacility, ICPT, LOWCORE, PGM } from '../../machine/index.ts';
import { load, MASK, psw, s } from '../../machine/testing/index.ts';
import { GUEST_BYTES, TestGuest } from '../testing/index.ts';
import { type GuestCpuModel, modelOf } from './cpu-model.ts';

const DATA = 0x8000;
const HANDLER = 0x3_0000n;
const [STIDP, STFL, STFLE] = [0xb202, 0xb2b1, 0xb2b0];
/** INSERT PROGRAM MASK, and the condition code, into register 3. */
const IPM_3 = [0xb2, 0x22, 0x00, 0x30];
/** Three doublewords: a list that no machine has. */
const FACILITIES = Uint8Array.from({ length: 24 }, (_, n) => 0xa0 + n);
const MODEL: GuestCpuModel = { cpuId: 0x12_345678_9abc_8000n, facilities: FACILITIES };

/** Runs a program of a guest with the model. Returns the guest, and the code of a program interruption or 0. */
function run(...instructions: number[][]): { guest: TestGuest; code: number } {
  const guest = new TestGuest({ model: MODEL });
  guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
  guest.vm.writeGuest(BigInt(DATA), new Uint8Array(64).fill(0xee));
  guest.program(instructions);
  expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
  if (guest.vcpu.block.pswAddress !== HANDLER) return { guest, code: 0 };
  const [high = 0, low = 0] = guest.vm.readGuest(BigInt(LOWCORE.PROGRAM_CODE), 2);
  return { guest, code: high * 256 + low };
}

/** What STFLE stores, its condition code and register 0, for a length in register 0 and an address. */
function list(wanted: number, at = DATA) {
  const { guest, code } = run(load(0, 0xab00 | wanted), load(2, at), s(STFLE, 0, 2));
  const { vm, vcpu } = guest;
  return { bytes: [...vm.readGuest(BigInt(at), 32)], r0: vcpu.gr[0], code, guest };
}

it('STORE CPU ID', () => {
  const { guest } = run(load(2, DATA), s(STIDP, 0, 2));
  expect(new DataView(guest.vm.readGuest(BigInt(DATA), 8).buffer).getBigUint64(0)).toBe(MODEL.cpuId);
});

it('STORE FACILITY LIST', () => {
  const { guest } = run(s(STFL, 0));
  expect([...guest.vm.readGuest(200n, 4)]).toEqual([...FACILITIES.subarray(0, 4)]);
});

describe('STORE FACILITY LIST EXTENDED', () => {
  it.each([
    [0, 8],
    [1, 16],
    [2, 24],
    [31, 24],
  ])('stores as much as register 0 says, at most the list: %i', (wanted, length) => {
    const { bytes, r0 } = list(wanted);
    expect(bytes).toEqual([...FACILITIES.subarray(0, length), ...new Array(32 - length).fill(0xee)]);
    expect(r0).toBe(0xab02n);
  });

  it('of an address that is not a multiple of 8 is a specification exception', () => {
    expect(list(0, DATA + 4).code).toBe(PGM.SPECIFICATION);
  });

  it('outside storage is an addressing exception', () => {
    const { code } = run(load(0, 0), load(2, GUEST_BYTES), s(STFLE, 0, 2));
    expect(code).toBe(PGM.ADDRESSING);
  });

  it('sets condition code 3 if the list is longer, 0 if not', () => {
    const guest = new TestGuest({ model: MODEL });
    const conditionCode = (wanted: number) => {
      guest.program([load(0, wanted), load(2, DATA), s(STFLE, 0, 2), IPM_3]);
      guest.run();
      return Number((guest.vcpu.gr[3]! >> 28n) & 3n);
    };
    expect([0, 1, 2, 3].map(conditionCode)).toEqual([3, 3, 0, 0]);
  });
});

it('a guest without a model has what the machine has', () => {
  const { vm, host } = new TestGuest();
  expect(vm.cpuModel).toEqual(modelOf(host.machine));
  expect(hasFacility(vm.cpuModel.facilities, 1)).toBe(true);
});

it('a facility that the model does not have cannot be used: enhanced DAT 2 for PFMF', () => {
  // A frame of 2 GiB, to be cleared: PFMF 1, 2.
  const clear = [load(1, 0x2_2000), load(2, DATA), [0xb9, 0xaf, 0x00, 0x12]];
  const { code } = run(...clear);
  expect(hasFacility(FACILITIES, 78)).toBe(false);
  expect(code).toBe(PGM.SPECIFICATION);
});

it('the model cannot change when there are virtual CPUs, and must be one', () => {
  const { vm } = new TestGuest();
  expect(() => {
    vm.cpuModel = MODEL;
  }).toThrow('virtual CPUs');
  const wrong = [{ ...MODEL, cpuId: -1n }, { ...MODEL, facilities: new Uint8Array(7) }, null];
  for (const model of wrong)
    expect(() => {
      vm.cpuModel = model as GuestCpuModel;
    }).toThrow(expect.objectContaining({ code: 'EINVAL' }));
});

describe('operation exceptions of instructions that begin with 0', () => {
  const ZEROS = [0, 0, 0, 0];

  it('are exits if user space asks for them, before or after it makes the virtual CPU', () => {
    const guest = new TestGuest();
    guest.vm.enableUserInstruction0();
    for (const vcpu of [guest.vcpu, guest.vm.createVcpu()]) {
      vcpu.stopped = false;
      guest.program([ZEROS], vcpu);
      expect(guest.vcpu.vm.userInstruction0).toBe(true);
      const exit = vcpu.run(guest.host.machine.cpu(0), 10);
      expect(exit).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: ICPT.OPERATION, ipa: 0 });
    }
  });

  it('others stay exceptions of the guest, also ESSA', () => {
    for (const instruction of [
      [0x01, 0xff],
      [0xb9, 0xab, 0x10, 0x12],
    ]) {
      const guest = new TestGuest();
      guest.vm.enableUserInstruction0();
      guest.vm.writeGuest(BigInt(LOWCORE.PROGRAM_NEW_PSW), psw(MASK.DISABLED_WAIT, HANDLER));
      guest.program([instruction]);
      expect(guest.run()).toMatchObject({ icptcode: ICPT.WAIT });
      expect(guest.vcpu.block.pswAddress).toBe(HANDLER);
    }
  });

  it('and all others are exits if user space asks for all, but for ESSA, which the host executes', () => {
    const guest = new TestGuest();
    guest.vm.enableUserOperations();
    for (const vcpu of [guest.vcpu, guest.vm.createVcpu()]) {
      vcpu.stopped = false;
      guest.program([[0x08, 0x07, 0, 0]], vcpu);
      expect(guest.vcpu.vm.userOperations).toBe(true);
      const exit = vcpu.run(guest.host.machine.cpu(0), 10);
      expect(exit).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: ICPT.OPERATION, ipa: 0x0807 });
    }
    guest.program([ZEROS]);
    expect(guest.run()).toMatchObject({ icptcode: ICPT.OPERATION, ipa: 0 });
  });
});
