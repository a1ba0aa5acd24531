/** Validity interceptions because of the prefix area: the host prepares it again, unless it has just done so. */

import { beforeEach, expect, it, vi } from 'vitest';
import { ICPT, interpret, SIE, VALIDITY } from '../../machine/index.ts';
import { TestGuest } from '../testing/index.ts';

vi.mock(import('../../machine/index.ts'), async (original) => {
  const all = await original();
  return { ...all, interpret: vi.fn(all.interpret) };
});

let guest: TestGuest;

beforeEach(() => {
  guest = new TestGuest();
  guest.program([]);
});

/** Makes the machine reject the prefix area at its next call, or at a call after others. */
const reject = () =>
  vi.mocked(interpret).mockImplementationOnce((cpu, description) => {
    cpu.storage.set32(description + SIE.IPB, VALIDITY.PREFIX << 16);
    return { kind: 'interception', code: ICPT.VALIDITY };
  });

it('is no exit the first time', () => {
  reject();
  expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: ICPT.WAIT });
});

it('is an exit the second time in succession', () => {
  reject();
  reject();
  expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_FAIL_ENTRY' });
});

it('is no exit the second time if the guest has run in between', () => {
  reject();
  vi.mocked(interpret).mockImplementationOnce(() => ({ kind: 'limit' }));
  reject();
  expect(guest.run()).toMatchObject({ reason: 'KVM_EXIT_S390_SIEIC', icptcode: ICPT.WAIT });
});
