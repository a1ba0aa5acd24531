/** The families of cases; each is one fixture. */

import { arithmetic } from './cases/arithmetic.ts';
import { branch } from './cases/branch.ts';
import { control, float } from './cases/control.ts';
import { load, store } from './cases/load.ts';
import { logical } from './cases/logical.ts';
import { atomic, long, storage } from './cases/storage.ts';
import { text } from './cases/text.ts';
import type { RecordedCase } from './generate.ts';

export const FAMILIES: Readonly<Record<string, () => RecordedCase[]>> = {
  arithmetic,
  atomic,
  branch,
  control,
  float,
  load,
  logical,
  long,
  storage,
  store,
  text,
};
