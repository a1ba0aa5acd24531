/** What a virtual machine of /dev/kvm does to its process. */

import { expect, it } from 'vitest';
import { makeLinux, makeThread } from '../testing/threads.ts';
import { KvmMachine } from './machine.ts';

it.each([true, false])('gives the process page tables with PGSTEs, user-controlled: %s', (userControlled) => {
  const { system } = makeLinux();
  const { mm } = makeThread(system).space;
  expect(mm.tables.pgstes).toBe(false);
  new KvmMachine(system, mm, userControlled);
  expect(mm.tables.pgstes).toBe(true);
});
