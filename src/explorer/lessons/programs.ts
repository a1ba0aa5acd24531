/**
 * The programs that lessons can play: examples that come with the package. A lesson from elsewhere cannot name other files.
 */

import type { Source } from '../../player/index.ts';

/** The programs, and where their images are in the folder of examples. */
export const PROGRAMS = {
  hello: 'programs/images/hello.elf',
  'kvm/ucontrol': 'programs/kvm/images/ucontrol.elf',
} as const;

/** The name of a program that lessons can play. */
export type ProgramName = keyof typeof PROGRAMS;

/** Returns a program, to be played. Its name is part of its memory, so it is the same wherever the lesson is played. */
export function programSource(name: ProgramName, image: Uint8Array): Source & { readonly kind: 'program' } {
  return { kind: 'program', name: PROGRAMS[name].replace(/^.*\//, ''), image };
}
