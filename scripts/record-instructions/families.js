/** The families of cases; each is one fixture. */

import { arithmetic } from './cases/arithmetic.js';

export const FAMILIES = { arithmetic };
