/** The families of cases; each is one fixture. */

import type { MachineName } from '../machines.ts';
import { arithmetic } from './cases/arithmetic.ts';
import { bfp, bfpConvert } from './cases/bfp.ts';
import { branch } from './cases/branch.ts';
import { compression } from './cases/compression.ts';
import { control, float } from './cases/control.ts';
import { dat, datTables } from './cases/dat.ts';
import { decimal } from './cases/decimal.ts';
import { events } from './cases/events.ts';
import { extensions } from './cases/extensions.ts';
import { load, store } from './cases/load.ts';
import { locked } from './cases/locked.ts';
import { logical } from './cases/logical.ts';
import { search } from './cases/search.ts';
import { spaces, traces } from './cases/spaces.ts';
import { atomic, long, storage } from './cases/storage.ts';
import { text } from './cases/text.ts';
import { trace } from './cases/trace.ts';
import type { RecordedCase } from './generate.ts';

export const FAMILIES: Readonly<Record<string, () => RecordedCase[]>> = {
  arithmetic,
  atomic,
  bfp,
  'bfp-convert': bfpConvert,
  branch,
  compression,
  control,
  dat,
  'dat-tables': datTables,
  decimal,
  events,
  extensions,
  float,
  load,
  locked,
  logical,
  long,
  search,
  spaces,
  'spaces-traced': traces,
  storage,
  store,
  text,
  trace,
};

/** Families of instructions that QEMU 7.2 does not implement. */
const ON_HERCULES = [
  'compression',
  'dat-tables',
  'decimal',
  'events',
  'locked',
  'search',
  'spaces',
  'spaces-traced',
  'trace',
];

/** Returns the machine that a family is recorded on. */
export function machineOf(family: string): MachineName {
  return ON_HERCULES.includes(family) ? 'hercules' : 'qemu';
}
