import { expect, it } from 'vitest';
import { startProgram } from '../host/task/testing/index.ts';
import { Machine } from '../machine/index.ts';
import { ProgramChecks } from './program-checks.ts';

it('reports a broken rule, with the part of the run in which it was broken', () => {
  const { linux, process } = startProgram('memory', new Machine({ storageSize: 64 << 20 }));
  let said = '';
  const checks = new ProgramChecks(linux, (text) => {
    said += text;
  });
  linux.run(process, 5000);
  expect([checks.areKept(), checks.areAllKept(), said]).toEqual([true, true, '']);
  const { work } = linux;
  linux.run(process, 1000);
  // An entry of the table that the space begins with.
  const [mm] = linux.host.processes;
  linux.host.kernel.storage.set32((mm?.tables.top ?? 0) + 100 * 8 + 4, 0x1234);
  expect(checks.areAllKept()).toBe(false);
  expect(checks.isBroken).toBe(true);
  expect(said).toMatch(/^rule broken: table-format: .*0x1234/);
  expect(said).toContain(`  after instructions ${work} on\n`);
  checks.close();
});
