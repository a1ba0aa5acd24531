/** The families of cases; each is one fixture. */

import { arithmetic } from './cases/arithmetic.js';
import { branch } from './cases/branch.js';
import { control, float } from './cases/control.js';
import { load, store } from './cases/load.js';
import { logical } from './cases/logical.js';
import { atomic, long, storage } from './cases/storage.js';
import { text } from './cases/text.js';

export const FAMILIES = {
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
