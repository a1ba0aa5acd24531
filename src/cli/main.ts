/**
 * The command line: `guesthouse`. The only room that touches node.
 */

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addBoot } from './boot.ts';
import { columns, example } from './examples.ts';
import { addExplore } from './explore.ts';
import { complain, EXIT, UsageError } from './output.ts';
import { addReplay } from './replay.ts';
import { addTour } from './tour.ts';
import { addWalk } from './walk.ts';

const ABOUT =
  'KVM for IBM Z, in TypeScript: runs s390x guests in guest address spaces (gmap) that share page tables with the process behind them.';

const help = () => `
Addresses and sizes are decimal or 0x…, with K, M, G, T, P for powers of 1024.

Start with:
${columns([
  ['  guesthouse tour', 'what this is, in half a minute'],
  ['  guesthouse explore', 'see and learn it in the browser'],
  [`  guesthouse boot ${example('images/hello.elf')} -- you`, 'run a guest'],
  [`  guesthouse explore ${example('images/hello.elf')}`, 'look into one, in a browser'],
  ['  guesthouse help <command>', 'more on one command'],
]).join('\n')}`;

/** Runs the command line. Never throws: it sets the exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') complain(`standard output cannot be written: ${error.code}`);
    process.exit(error.code === 'EPIPE' ? EXIT.OK : EXIT.USAGE);
  });
  process.stderr.on('error', () => process.exit(EXIT.USAGE));
  const program = new Command('guesthouse')
    .description(ABOUT)
    .version(version())
    .addHelpText('after', help)
    .showHelpAfterError('(guesthouse --help tells more)')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.OK : EXIT.USAGE);
    });
  for (const add of [addBoot, addReplay, addWalk, addExplore, addTour]) add(program);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.USAGE;
  }
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
