/** External interruptions that the machine leaves to the host: interception code 0x14. */

import { beforeEach, expect, it, vi } from 'vitest';
import { EXT, ICPT, interpret, LOWCORE, SIE } from '../../machine/index.ts';
import { MASK, psw } from '../../machine/testing/index.ts';
import { TestGuest } from '../testing/index.ts';

vi.mock(import('../../machine/index.ts'), async (original) => {
  const all = await original();
  return { ...all, interpret: vi.fn(all.interpret) };
});

const HANDLER = 0x3_0000;
let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
  guest.program([]);
});

/** Makes the machine intercept an external interruption once. @param mask the mask of the new PSW */
function intercept(code: number, mask: bigint) {
  guest.vm.writeGuest(BigInt(LOWCORE.EXTERNAL_NEW_PSW), psw(mask, HANDLER));
  vi.mocked(interpret).mockImplementationOnce((cpu, description) => {
    cpu.storage.set16(description + SIE.EXTERNAL_CODE, code);
    return { kind: 'interception', code: ICPT.EXTERNAL_INTERRUPTION };
  });
  return guest.run();
}

it.each([EXT.CLOCK_COMPARATOR, EXT.CPU_TIMER])(
  '%i is delivered when its handler is disabled for it',
  (code) => {
    expect(intercept(code, MASK.DISABLED_WAIT)).toMatchObject({ icptcode: ICPT.WAIT });
    expect(guest.vcpu.block.pswAddress).toBe(BigInt(HANDLER));
    const stored = new DataView(guest.vm.readGuest(BigInt(LOWCORE.EXTERNAL_CPU_ADDRESS), 4).buffer);
    expect([stored.getUint16(0), stored.getUint16(2)]).toEqual([0, code]);
  },
);

it.each([EXT.CLOCK_COMPARATOR, EXT.CPU_TIMER])('%i is an exit if its new PSW is enabled for it', (code) => {
  expect(intercept(code, MASK.EXTERNAL)).toMatchObject({
    reason: 'KVM_EXIT_S390_SIEIC',
    icptcode: ICPT.EXTERNAL_INTERRUPTION,
  });
  expect(guest.vcpu.block.get16(SIE.EXTERNAL_CODE)).toBe(code);
});

it('of another class is an exit', () => {
  expect(intercept(0x1200, MASK.DISABLED_WAIT)).toMatchObject({ icptcode: ICPT.EXTERNAL_INTERRUPTION });
});
