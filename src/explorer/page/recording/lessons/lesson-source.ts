/**
 * What lessons play. The images of programs are files beside the page.
 */

import hello from '../../../../../examples/programs/images/hello.elf?url';
import ucontrol from '../../../../../examples/programs/kvm/images/ucontrol.elf?url';
import type { Source } from '../../../../player/index.ts';
import type { Lesson } from '../../../lessons/lesson.ts';
import { type ProgramName, programSource } from '../../../lessons/programs.ts';

/** Where the images are. */
const IMAGES: Readonly<Record<ProgramName, string>> = { hello, 'kvm/ucontrol': ucontrol };

/** Returns what a lesson plays. A program is fetched. @throws Error if that fails */
export async function sourceOf({ program, scenario }: Lesson): Promise<Source> {
  if (program === null) return { kind: 'scenario', text: scenario };
  const answer = await fetch(IMAGES[program]);
  if (!answer.ok) throw new Error(`the program ${program} could not be fetched`);
  return programSource(program, new Uint8Array(await answer.arrayBuffer()));
}
