/** docs/kvm.md names every command and every capability of /dev/kvm, and says of each whether it is there. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Host } from '../src/host/index.ts';
import { KVM, KVM_CAP, KVM_COMMANDS, kvmCapability } from '../src/host/task/internal.ts';
import { Machine } from '../src/machine/index.ts';

const LINE = /^\| `KVM_(\w+)` \| ([^|]*) \| (yes|no|EINVAL)/gm;
const CAPABILITY = /^\| `KVM_CAP_(\w+)` \| ([^|]*) \|/gm;
const PROCESSORS = 3;
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

it('says of each capability what it returns', () => {
  const host = new Host(new Machine({ cpus: PROCESSORS }));
  const told = [...document.matchAll(CAPABILITY)].map(([, name, value]) => [name, value] as const);
  const returned = Object.entries(KVM_CAP).map(([name, number]) => [name, kvmCapability(host, number)]);
  expect(
    told.map(([name, value]) => [name, value === 'the processors' ? PROCESSORS : Number(value)]),
  ).toEqual(returned);
});
