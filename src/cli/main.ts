/**
 * The command line: `guesthouse`. Only this module imports Node's modules.
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addBoot } from './boot.ts';
import { example } from './examples.ts';
import { addExplore } from './explore.ts';
import { columns, complain, EXIT, outputClosed, outputFailure, UsageError, watchOutput } from './output.ts';
import { addReplay } from './replay.ts';
import { addRun } from './run.ts';
import { addTour } from './tour.ts';
import { addTrace } from './trace.ts';
import { addWalk } from './walk.ts';

const ABOUT =
  'KVM for IBM Z, in TypeScript: runs s390x guests in guest address spaces (gmap) that share page tables with the process behind them.';

const help = () => `
Addresses and sizes are decimal or hexadecimal (0x…), with an optional suffix K, M, G, T or P for powers of 1024.

Start with:
${columns([
  ['  guesthouse tour', 'an introduction in one minute'],
  ['  guesthouse explore', 'the lessons of the explorer, in the browser'],
  [`  guesthouse boot ${example('images/hello.elf')} -- you`, 'run a guest'],
  [`  guesthouse explore ${example('images/hello.elf')}`, 'watch a guest in the browser'],
  ['  guesthouse help <command>', 'more on one command'],
]).join('\n')}`;

/** Runs the command line. Never throws: it sets the exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  watchOutput();
  process.on('exit', reportFailure);
  process.stderr.on('error', () => process.exit(EXIT.USAGE));
  const program = new Command('guesthouse')
    .description(ABOUT)
    .version(version())
    .addHelpText('after', help)
    .showHelpAfterError('Run `guesthouse --help` for usage.')
    // Throws instead of exiting, so that a failure of standard output is reported first.
    .enablePositionalOptions()
    .exitOverride();
  for (const add of [addBoot, addRun, addReplay, addWalk, addTrace, addExplore, addTour]) add(program);
  for (const command of program.commands) {
    command.copyInheritedSettings(program);
    command.showHelpAfterError(`Run \`guesthouse ${command.name()} --help\` for usage.`);
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
      return;
    }
    if (!(error instanceof UsageError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.USAGE;
  }
}

/** Reports, after all output, that standard output failed. An interrupted command reports it itself. */
function reportFailure(status: number): void {
  if (status >= EXIT.INTERRUPTED) return;
  const failure = outputFailure();
  if (failure !== null) complain(failure);
  if (failure !== null) process.exitCode = EXIT.USAGE;
  else if (outputClosed() && status !== EXIT.BROKEN_RULE) process.exitCode = EXIT.CLOSED;
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
