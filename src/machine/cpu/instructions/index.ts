/** All the instructions, family by family. */

import type { InstructionLine } from '../line.ts';
import { BRANCH } from './branch.ts';

export const INSTRUCTIONS: readonly InstructionLine[] = [...BRANCH];
