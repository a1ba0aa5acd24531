/** `guesthouse explore [FILE]`: serves the page that shows the state of a running Guesthouse. */

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, Option } from 'commander';
import { traceKindOf } from '../analysis/index.ts';
import { isLessonFile } from '../explorer/internal.ts';
import { isLinuxProgram } from '../host/task/internal.ts';
import { PlayerError, readScript } from '../player/index.ts';
import { demandPlayableProgram } from '../player/internal.ts';
import { ImageError, parseElf } from '../vmm/index.ts';
import { example } from './examples.ts';
import { readLimited } from './files.ts';
import { isFolder, lessonsOf, type OfferedLessons, readLessonFolder } from './lesson-files.ts';
import { columns, EXIT, Output, UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';
import { portOption } from './sizes.ts';
import { StaticServer } from './static-server.ts';

/** The built page. The path is the same from the built package and from the sources. */
const PAGE = fileURLToPath(new URL('../../dist/explorer', import.meta.url));
/** Maximum size of a file that the page opens, in bytes. */
const FILE_LIMIT = 128 << 20;
const ELF_MAGIC = '\u007fELF';
/** The element in the page's head that makes the page fetch `recording.json`. */
const OFFER = '<meta name="guesthouse-recording" content="recording.json">';

interface ExploreFlags {
  readonly port: number;
  readonly json?: boolean;
}

/** A recording for the page to open: the contents of recording.json. */
type OfferedRecording =
  | OfferedLessons
  | { readonly kind: 'scenario'; readonly name: string; readonly text: string }
  | { readonly kind: 'guest'; readonly name: string; readonly image: string; readonly arguments: string }
  | {
      readonly kind: 'program';
      readonly name: string;
      readonly image: string;
      readonly arguments: readonly string[];
    }
  | { readonly kind: 'trace'; readonly name: string; readonly text: string };

/** Adds the command. */
export function addExplore(program: Command): void {
  program
    .command('explore')
    .summary('show a running Guesthouse in a browser')
    .description(
      'Serves a page on this computer in which a Guesthouse runs. It shows address spaces, tables, processors and events at any position of a recording, forward and back. Open the printed address in a browser.',
    )
    .argument(
      '[file]',
      'a Linux program for s390x, a guest image (ELF), a scenario, a trace, or lessons: a Markdown file or a folder; default: our lessons',
    )
    .argument('[arguments...]', 'the arguments of a program, or the command line of a guest, after --')
    .addOption(new Option('--port <n>', 'the TCP port').argParser(portOption).default(0, 'any free port'))
    .option('--json', 'print the address as {"url":"…"}')
    .addHelpText('after', help)
    .action(async (file: string | undefined, words: string[], flags: ExploreFlags) => {
      process.exitCode = await explore(file, words, flags);
    });
}

const help = () => `
The page is served to browsers on this computer only, and runs in them: no data leaves the computer. ^C stops the server.

Exit status: 0 stopped by ^C; 2 wrong usage, a bad image, or a syntax error in a scenario.

Examples:
${columns([
  ['  guesthouse explore', 'the lessons'],
  [`  guesthouse explore ${example('scenarios/first.txt')}`, 'a scenario, line by line'],
  [`  guesthouse explore ${example('lessons/zeros.md')}`, 'a lesson that somebody has written'],
  [`  guesthouse explore ${example('images/hello.elf')} -- world`, 'a guest, instruction by instruction'],
  [
    `  guesthouse explore ${example('programs/images/hello.elf')} -- you`,
    'a Linux program and its system calls',
  ],
]).join('\n')}
  guesthouse boot ${example('images/memory.elf')} --trace events.jsonl && guesthouse explore events.jsonl`;

async function explore(
  file: string | undefined,
  words: readonly string[],
  flags: ExploreFlags,
): Promise<number> {
  const recording = file === undefined ? null : readRecording(file, words);
  const server = makeServer(recording);
  const ended = new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));
  const url = await listen(server, flags.port);
  const output = new Output();
  output.line(flags.json ? JSON.stringify({ url }) : `${url} serves the explorer; ^C stops it.`);
  output.flush();
  await ended;
  server.close();
  return EXIT.OK;
}

function makeServer(recording: OfferedRecording | null): StaticServer {
  try {
    if (!recording) return new StaticServer(PAGE);
    const index = readFileSync(join(PAGE, 'index.html'), 'utf8').replace('<head>', `<head>\n    ${OFFER}`);
    return new StaticServer(PAGE, { '/index.html': index, '/recording.json': JSON.stringify(recording) });
  } catch (error) {
    throw new UsageError(
      `could not read the page in ${PAGE}: ${reasonOf(error)}. \`npm run build\` creates it.`,
    );
  }
}

async function listen(server: StaticServer, port: number): Promise<string> {
  try {
    return await server.listen(port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new UsageError(`port ${port} is already in use`);
    throw new UsageError(`could not listen on port ${port}: ${reasonOf(error)}`);
  }
}

/** Detects the kind of a file from its first bytes. */
function readRecording(path: string, words: readonly string[]): OfferedRecording {
  const commandLine = words.join(' ');
  const isLessons = isFolder(path);
  if (isLessons && commandLine === '') return readLessonFolder(path);
  if (isLessons) throw argumentsError(path);
  const bytes = readLimited(path, FILE_LIMIT);
  const name = basename(path);
  if (bytes.toString('latin1', 0, ELF_MAGIC.length) === ELF_MAGIC) {
    if (isLinuxProgram(bytes)) return programOf(path, name, bytes, words);
    checkImage(path, bytes);
    return { kind: 'guest', name, image: bytes.toString('base64'), arguments: commandLine };
  }
  if (commandLine !== '') throw argumentsError(path);
  const text = bytes.toString('utf8');
  if (traceKindOf(text) !== null) return { kind: 'trace', name, text };
  if (isLessonFile(path, text)) return lessonsOf(path, text);
  checkScenario(path, text);
  return { kind: 'scenario', name, text };
}

/** @throws UsageError if the page cannot run the program */
function programOf(
  path: string,
  name: string,
  bytes: Buffer,
  words: readonly string[],
): OfferedRecording & { kind: 'program' } {
  const program = { kind: 'program', name, arguments: words } as const;
  try {
    demandPlayableProgram({ ...program, image: bytes });
  } catch (error) {
    if (error instanceof PlayerError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
  return { ...program, image: bytes.toString('base64') };
}

function argumentsError(path: string): UsageError {
  return new UsageError(`${path} is no program and no guest image, so it takes no arguments`);
}

function checkImage(path: string, bytes: Uint8Array): void {
  try {
    parseElf(bytes);
  } catch (error) {
    if (error instanceof ImageError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function checkScenario(path: string, text: string): void {
  const { error } = readScript(text);
  if (error !== null) throw new UsageError(`${path}:${error.line}: ${error.message}`);
}
