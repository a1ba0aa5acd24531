/** docs/kvm.md names every command of /dev/kvm, and says of each whether it is there. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { KVM, KVM_COMMANDS } from '../src/host/task/internal.ts';

const LINE = /^\| `KVM_(\w+)` \| ([^|]*) \| (yes|no|EINVAL)/gm;
const document = readFileSync(new URL('../docs/kvm.md', import.meta.url), 'utf8');
const lines = [...document.matchAll(LINE)].map(([, name, on, there]) => ({
  name: name!,
  on: on!,
  there: there!,
}));

it('has a line for each command', () => {
  expect(lines.map(({ name }) => name).toSorted()).toEqual(Object.keys(KVM).toSorted());
});

it('says of each command where it is there', () => {
  for (const { name, on, there } of lines) {
    const number = KVM[name as keyof typeof KVM];
    const files = Object.entries(KVM_COMMANDS).filter(([, commands]) => commands.has(number));
    expect([name, files.map(([file]) => file).join(', ')]).toEqual([name, there === 'no' ? '' : on]);
  }
});
