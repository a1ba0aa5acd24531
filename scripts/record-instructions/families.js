/** The families of cases; each is one fixture. */

import { arithmetic } from './cases/arithmetic.js';
import { branch } from './cases/branch.js';
import { load, store } from './cases/load.js';
import { logical } from './cases/logical.js';
import { atomic, long, storage } from './cases/storage.js';

export const FAMILIES = { arithmetic, atomic, branch, load, logical, long, storage, store };
