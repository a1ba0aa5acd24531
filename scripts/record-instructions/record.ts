/**
 * Records the results of instructions on a bare machine under QEMU or Hercules, for the replay in
 * src/machine/instructions/recorded.test.ts.
 *
 *     npx tsx scripts/record-instructions/record.ts [FAMILY...]
 *
 * Needs s390x-linux-gnu-gcc, qemu-system-s390x and hercules; the replay needs none of them. Writes one JSON file per family to
 * src/machine/instructions/fixtures/, with one case per line. The cases are pseudo-random and always the same: recording
 * twice gives the same files.
 */

import { writeFileSync } from 'node:fs';
import { FAMILIES } from './families.ts';
import { recordingsOf } from './recording.ts';

const FIXTURES = new URL('../../src/machine/instructions/fixtures/', import.meta.url);

const wanted = process.argv.slice(2);
for (const [family, cases] of Object.entries(FAMILIES)) {
  if (wanted.length > 0 && !wanted.includes(family)) continue;
  const recordings = await recordingsOf(family, cases());
  const lines = recordings.map((recording) => JSON.stringify(recording));
  writeFileSync(new URL(`${family}.json`, FIXTURES), `[\n${lines.join(',\n')}\n]\n`);
  console.log(`${family}: ${recordings.length} cases`);
}
