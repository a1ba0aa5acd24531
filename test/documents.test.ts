/** Checks the documents: code compiles and runs, commands and files exist, links resolve, figures are correct. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';
import { instructionsDocument } from '../scripts/instructions.ts';
import { MUTANTS } from '../scripts/mutants-list.ts';
import { MODULES } from '../scripts/stryker/modules.ts';
import { syscallsDocument } from '../scripts/syscalls.ts';
import { RULES } from '../src/check/index.ts';
import { contents } from '../src/explorer/lessons/index.ts';
import { LESSON_VIEWS } from '../src/explorer/lessons/lesson.ts';
import { parseLessons } from '../src/explorer/lessons/parse.ts';
import { PROGRAMS } from '../src/explorer/lessons/programs.ts';
import { playableOf } from '../src/explorer/lessons/testing/playable.ts';
import { verifyLesson } from '../src/explorer/lessons/verify.ts';
import { VERBS } from '../src/explorer/page/recording/editor/vocabulary.ts';
import { PURGE_SITES } from '../src/host/index.ts';
import { INSTRUCTIONS } from '../src/machine/instructions/table.ts';
import { endCommands, guesthouse } from './command.ts';
import {
  anchorsOf,
  type Block,
  blocksOf,
  commandOf,
  DOCUMENTS,
  linksOf,
  ROOT,
  spansOf,
  textOf,
  wordsOf,
} from './documents.ts';

const PACKAGE = JSON.parse(textOf('package.json')) as {
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
};
const FOLDER = mkdtempSync(join(tmpdir(), 'guesthouse-documents-'));
afterAll(async () => {
  await endCommands();
  rmSync(FOLDER, { recursive: true });
});

const blocks = DOCUMENTS.flatMap(blocksOf);
const ofKind = (kind: Block['kind']) => blocks.filter((block) => block.kind === kind);
const named = (list: readonly Block[]) =>
  list.map((block) => [`${block.file}:${block.line}`, block] as const);

/** Runs node in the root of the repository. */
function node(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

it('every code block has a kind that is checked', () => {
  expect(ofKind(null)).toEqual([]);
  expect(blocks.length).toBeGreaterThan(20);
});

describe('TypeScript in the documents', () => {
  const OPTIONS: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    types: ['node'],
  };
  const sources = ofKind('typescript');

  it('compiles, strictly, against what the package exports', () => {
    const files = new Map(
      sources.map(({ file, line, text }) => [join(ROOT, `${file.replace(/\W/g, '-')}-${line}.mts`), text]),
    );
    const host = ts.createCompilerHost(OPTIONS);
    const { getSourceFile, fileExists, readFile } = host;
    host.getSourceFile = (name, ...rest) => {
      const text = files.get(name);
      return text === undefined
        ? getSourceFile.call(host, name, ...rest)
        : ts.createSourceFile(name, text, ts.ScriptTarget.ES2023);
    };
    host.fileExists = (name) => files.has(name) || fileExists.call(host, name);
    host.readFile = (name) => files.get(name) ?? readFile.call(host, name);
    const program = ts.createProgram([...files.keys()], OPTIONS, host);
    // The declarations of TypeScript and of Node are correct.
    const ours = program.getSourceFiles().filter(({ fileName }) => !fileName.includes('node_modules'));
    const problems = [
      ...program.getGlobalDiagnostics(),
      ...ours.flatMap((file) => ts.getPreEmitDiagnostics(program, file)),
    ].map(({ file, start, messageText }) =>
      [file?.fileName, file?.getLineAndCharacterOfPosition(start ?? 0).line, messageText].join(': '),
    );
    expect(ours.length).toBeGreaterThan(files.size);
    expect(problems).toEqual([]);
    expect(sources.length).toBeGreaterThanOrEqual(3);
  });

  it.each(named(sources))('%s runs', (_, { text }) => {
    const options = { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } };
    const { status, err } = node('--input-type=module', '-e', ts.transpileModule(text, options).outputText);
    expect([status, err]).toEqual([0, '']);
  });
});

describe('commands in the documents', () => {
  /** Commands of a block; in the steps of a continuous integration, each follows a dash. */
  const linesOf = ({ kind, text }: Block) =>
    kind === 'shell'
      ? text.split('\n')
      : [...text.matchAll(/^ *- (.*)$/gm)].map(([, step]) => step as string);
  const commands = [...ofKind('shell'), ...ofKind('steps')].flatMap((block) =>
    linesOf(block).map(
      (one, index) => [`${block.file}:${block.line + index}`, wordsOf(commandOf(one)), block.line] as const,
    ),
  );

  /** Files that other documented commands create, or that the user has. */
  const CREATED = ['events.jsonl', 'initrd.img', 'disk.img'];
  /** Checks that words that look like files exist. Absolute names are those of programs. */
  function filesExist(words: readonly string[]) {
    const files = words.filter(
      (word) => /^[\w-]+\/[\w./-]+$|^[^/]\S*\.\w+$/.test(word) && !CREATED.includes(word),
    );
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  }

  /** The source that parses the options of an npm script. */
  function sourceOf(script: string): string {
    const folder = { fuzz: 'scripts/fuzz', bench: 'bench' }[script];
    if (folder !== undefined) return textOf(`${folder}/main.ts`);
    return [...(PACKAGE.scripts[script] as string).matchAll(/(?:node|tsx) (\S+\.[jt]s)/g)]
      .map(([, file]) => textOf(file as string))
      .join('\n');
  }

  function checkNpm(words: readonly string[]) {
    const [verb, ...rest] = words.filter((word) => word !== '--silent');
    if (verb === 'ci' || verb === 'install') return;
    const script = verb === 'run' ? (rest[0] as string) : (verb as string);
    expect(Object.keys(PACKAGE.scripts)).toContain(script);
    const flags = rest.filter((word) => /^--\w/.test(word)).map((word) => word.slice(2));
    const source = flags.length === 0 ? '' : sourceOf(script);
    for (const flag of flags) expect(source).toMatch(new RegExp(`\\b${flag}\\b|'${flag}'`));
    const separator = rest.indexOf('--');
    const word = separator < 0 ? undefined : rest[separator + 1];
    if (script === 'bench' && word !== undefined)
      expect(sourceOf('bench')).toMatch(new RegExp(`\\b${word}\\b`));
  }

  /** Runs the command. `explore` and `--gdb` would not end: for these, only the options are checked. */
  async function checkGuesthouse(words: readonly string[]) {
    filesExist(words.slice(0, words.includes('--') ? words.indexOf('--') : undefined));
    if (words[0] !== 'explore' && !words.includes('--gdb')) {
      const placed = words.map((word) => (CREATED.includes(word) ? join(FOLDER, word) : word));
      const { status, out, err } = await guesthouse(placed);
      if (words.includes('--break')) {
        expect([status, err]).toEqual([7, expect.stringContaining('guesthouse: breakpoint ')]);
        return;
      }
      if (words.includes('--stats')) {
        expect([status, err]).toEqual([0, expect.stringMatching(/^the run:\n( {2}.*\n)+$/)]);
        return;
      }
      if (words[0] === 'run') {
        // The program's own status: from 126 on it was not executed, or did not end by itself.
        const said = words.includes('--strace') ? expect.stringMatching(/^\w+\(.*\) = /) : '';
        expect([(status ?? 126) < 126, out === '', err]).toEqual([true, false, said]);
        return;
      }
      // Errors of a scenario are reported on standard error.
      expect([status, err.replace(/^line [0-9]+: .*\n/gm, '')]).toEqual([0, '']);
      expect(out).not.toBe('');
      return;
    }
    const { out } = await guesthouse([words[0] as string, '--help']);
    for (const flag of words.filter((word) => /^--\w/.test(word))) expect(out).toContain(flag);
  }

  it.each(commands)('%s: %s', async (_, [program, ...words]) => {
    if (program === 'npm') checkNpm(words);
    else if (program === 'npx' && words[0] === 'guesthouse') await checkGuesthouse(words.slice(1));
    else if (program === 'npx') {
      expect(existsSync(join(ROOT, 'node_modules/.bin', words[0] as string))).toBe(true);
      filesExist(words);
    } else if (['docker', 'kubectl', 'for'].includes(program as string)) {
      // Deployment: run nowhere here, but the files of the repository that it names exist.
      filesExist(words.filter((word) => word.startsWith('examples/')));
    } else filesExist([program as string, ...words].filter((word) => word !== 'node' && !/^\[/.test(word)));
  });

  it.each(named(ofKind('output')))(
    '%s is the output of the command before it',
    async (_, { file, line, text }) => {
      const [, words] = commands.filter(([place, , at]) => place.startsWith(`${file}:`) && at < line).at(-1)!;
      expect((await guesthouse(words.slice(2))).out).toBe(`${text}\n`);
    },
  );

  it.each(DOCUMENTS)('%s: commands in the text exist', async (file) => {
    const spans = spansOf(file).filter((span) => /^npm (run|test|start|ci)\b/.test(span));
    for (const span of spans) checkNpm(span.split(' ').slice(1));
    const mentioned = spansOf(file).flatMap((span) => span.match(/^(?:npx )?guesthouse ([a-z]+)/)?.[1] ?? []);
    const help = mentioned.length === 0 ? '' : (await guesthouse(['--help'])).out;
    for (const command of mentioned) expect(help).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
  });

  it.each(DOCUMENTS)('%s: names in the text are exported', (file) => {
    const names = spansOf(file).flatMap((span) => span.match(/^guesthouse(\/[a-z/]+)$/)?.[1] ?? []);
    expect(names.filter((name) => PACKAGE.exports[`.${name}`] === undefined)).toEqual([]);
  });
});

describe('the document on lessons', () => {
  const file = 'examples/lessons/zeros.md';

  it('shows a lesson that is true, and that readers have as a file', () => {
    const [block] = ofKind('lesson');
    expect(`${block?.text}\n`).toBe(textOf(file));
    const [lesson] = parseLessons(file, textOf(file));
    if (lesson === undefined) throw new Error('there is no lesson');
    verifyLesson(file, lesson, playableOf(lesson), () => false);
    expect(lesson.faults).toEqual(['page-invalidated']);
    expect(lesson.questions).toHaveLength(1);
  });

  it('shows a lesson of a program that is true', () => {
    const [, block] = ofKind('lesson');
    const [lesson] = parseLessons('docs/lessons.md', block?.text ?? '');
    if (lesson === undefined) throw new Error('there is no lesson');
    verifyLesson('docs/lessons.md', lesson, playableOf(lesson), () => false);
    expect(lesson.program).toBe('kvm/ucontrol');
  });

  it('lists the bugs, the views and the programs', () => {
    const bugs = / bugs are (.*?)\./s.exec(textOf('docs/lessons.md'))?.[1] ?? '';
    const names = [...bugs.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name as string);
    expect(names.toSorted()).toEqual(['unlink', ...PURGE_SITES].toSorted());
    const view = /\| `view` \|(.*)/.exec(textOf('docs/lessons.md'))?.[1] ?? '';
    expect([...view.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(Object.keys(LESSON_VIEWS));
    const programs = textOf('docs/lessons.md').split('| program |')[1]?.split('\n\n')[0] ?? '';
    expect([...programs.matchAll(/^\| `(\S+)` \|/gm)].map(([, name]) => name)).toEqual(Object.keys(PROGRAMS));
  });
});

describe('links and files in the documents', () => {
  it.each(DOCUMENTS)('%s: no marker of a merge conflict is left', (file) => {
    expect(textOf(file)).not.toMatch(/^(<{7}|>{7}) /m);
  });

  const inside = (file: string) => linksOf(file).filter((target) => !/^[a-z]+:/.test(target));

  it.each(DOCUMENTS)('%s: links have targets', (file) => {
    for (const target of inside(file)) {
      const [path = '', anchor] = target.split('#');
      const full = path === '' ? file : posix.join(posix.dirname(file), path);
      expect(existsSync(join(ROOT, full)), target).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(full), target).toContain(anchor);
    }
  });

  it('documents of the package link to files of the package only', () => {
    const always = ['README.md', 'LICENSE', 'package.json'];
    const packed = (path: string) =>
      [...always, ...PACKAGE.files].some((name) => path === name || path.startsWith(`${name}/`));
    const bad = DOCUMENTS.filter(packed).flatMap((file) =>
      inside(file)
        .map((target) => posix.join(posix.dirname(file), target.split('#')[0] as string))
        .filter((path) => !packed(path))
        .map((path) => `${file} links to ${path}`),
    );
    expect(bad).toEqual([]);
  });

  it.each(DOCUMENTS)('%s: files in the text exist', (file) => {
    const folders = 'src|docs|examples|scripts|test|bench|bin';
    const paths = spansOf(file).filter((span) => new RegExp(`^(${folders})/[\\w./-]+$`).test(span));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(named(ofKind('tree')))(
    '%s: every path in the tree exists, and every module is in it',
    (_, block) => {
      const folders: string[] = [];
      const seen = block.text.split('\n').flatMap((line) => {
        const depth = (line.length - line.trimStart().length) / 2;
        const names = (line.trim().split(/ {2,}/)[0] as string).split(', ');
        folders.length = depth;
        folders[depth] = names[0] as string;
        return names.map((name) => join(...folders.slice(0, depth), name));
      });
      expect(seen.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
      const modules = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `src/${name}/`);
      expect(modules.filter((module) => !seen.includes(module))).toEqual([]);
    },
  );

  it.each(DOCUMENTS)('%s is linked from the README, or from a document that is', (file) => {
    const reached = new Set(['README.md', 'CHANGELOG.md', 'scripts/record-instructions/README.md']);
    for (const from of reached) {
      for (const target of inside(from).filter((path) => path.endsWith('.md'))) {
        reached.add(posix.join(dirname(from), target));
      }
    }
    expect([...reached]).toContain(file);
  });
});

describe('figures in the documents', () => {
  const NUMBERS = ['ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen'];
  /** The figure that a document gives in front of a word, digits or a number word. */
  function figure(file: string, before: RegExp): number {
    const [, digits = ''] = before.exec(textOf(file).replace(/\s+/g, ' ')) ?? [];
    const word = NUMBERS.indexOf(digits);
    return word < 0 ? Number(digits.replaceAll(',', '')) : word + 10;
  }
  /** First cells, in backquotes, of the table rows in a section. */
  function rowsOf(file: string, heading: string): string[] {
    const section =
      textOf(file)
        .split(/^## /m)
        .find((part) => part.startsWith(heading)) ?? '';
    return [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name as string);
  }
  const constant = (file: string, name: string) =>
    Number(new RegExp(`${name} = ([0-9_]+);`).exec(textOf(file))?.[1]?.replaceAll('_', ''));

  it('deliberate faults', () => {
    // The document rounds the number down.
    const said = figure('docs/trust.md', /puts more than ([0-9,]+) faults/);
    expect(MUTANTS.length).toBeGreaterThan(said);
    expect(MUTANTS.length).toBeLessThanOrEqual(said + 100);
  });

  it('lessons', () => {
    expect(figure('README.md', /with (\S+) lessons/)).toBe(contents.length);
  });

  it('modules of generated faults: the measured ones exist, and percentages are right', () => {
    expect(Object.keys(MODULES)).toEqual(expect.arrayContaining(rowsOf('docs/trust.md', 'Generated faults')));
    const rows = textOf('docs/trust.md').matchAll(
      /^\|.*\| ([0-9]+) \| ([0-9]+) \| [0-9]+ \| ([0-9.]+) % \|$/gm,
    );
    for (const [row, killed, survived, percent] of rows) {
      const share = (100 * Number(killed)) / (Number(killed) + Number(survived));
      expect(share, row).toBeCloseTo(Number(percent), 1);
    }
  });

  it('rules of the checker: each has a row, and no other', () => {
    expect(rowsOf('docs/trust.md', 'Check mode').toSorted()).toEqual(Object.keys(RULES).toSorted());
  });

  it('operations of the scenario language: each has a row, and no other', () => {
    const words = ['none', 'fixed', 'shared', 'large', 'high'];
    const rows = [...textOf('docs/scenarios.md').matchAll(/^\| (`(?:[^|\\]|\\\|)+) \|/gm)]
      .flatMap(([, cell]) => [...(cell as string).matchAll(/`([a-z_]+)/g)].map(([, verb]) => verb as string))
      .filter((verb) => !words.includes(verb) && verb !== 'rwx');
    expect([...new Set(rows)].toSorted()).toEqual([...new Set(VERBS.map(({ word }) => word))].toSorted());
  });

  it('docs/instructions.md is generated from the table of today', () => {
    expect(textOf('docs/instructions.md') === instructionsDocument(), 'run npm run docs:instructions').toBe(
      true,
    );
  });

  it('docs/syscalls.md is generated from the table of today', () => {
    expect(textOf('docs/syscalls.md') === syscallsDocument(), 'run npm run docs:syscalls').toBe(true);
  });

  it('lines of the instruction table, by how they are tested', () => {
    const folder = 'src/machine/instructions/fixtures';
    const recordings = readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.json'))
      .flatMap(
        (name) => JSON.parse(textOf(`${folder}/${name}`)) as [string, string, string, object, object][],
      );
    const recorded = new Set(recordings.map(([mnemonic]) => mnemonic));
    const done = new Set(recordings.flatMap(([mnemonic, , , , end]) => ('pgm' in end ? [] : [mnemonic])));
    const lines = INSTRUCTIONS.map(([mnemonic]) => mnemonic);
    const count = (holds: (line: string) => boolean) => lines.filter(holds).length;
    const said = (before: RegExp) => figure('docs/machine.md', before);
    expect(said(/Of its ([0-9]+) lines/)).toBe(lines.length);
    expect(said(/lines, ([0-9]+) are compared/)).toBe(count((line) => done.has(line)));
    expect(said(/For ([0-9]+) lines only exceptions/)).toBe(
      count((line) => recorded.has(line) && !done.has(line)),
    );
    expect(said(/; ([0-9]+) lines have no recording/)).toBe(count((line) => !recorded.has(line)));
    expect(said(/These ([0-9]+) lines have tests written by hand/)).toBe(count((line) => !done.has(line)));
  });

  it('operations in the report of a broken rule', () => {
    expect(figure('docs/trust.md', /the last ([0-9]+) operations/)).toBe(
      constant('src/check/checker.ts', 'NAMED_OPERATIONS'),
    );
  });

  it('lines of the library example', () => {
    const lines = textOf('examples/library.ts').trimEnd().split('\n').length;
    expect(lines).toBeLessThanOrEqual(figure('README.md', /in ([0-9]+) lines/));
  });

  it('the oldest Node', () => {
    const { engines } = JSON.parse(textOf('package.json')) as { engines: { node: string } };
    const oldest = engines.node.replace('>=', '');
    expect(textOf('README.md')).toContain(`Node ${oldest}`);
    expect(textOf('docs/tools.md')).toContain(`Node ${oldest}`);
  });

  it('versions of tools', () => {
    const { devDependencies, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const versions = { ...devDependencies, ...dependencies } as Record<string, string>;
    const text = textOf('docs/tools.md').replace(/\s+/g, ' ');
    for (const [, name = '', version = ''] of text.matchAll(
      /\b(Vitest|dependency-cruiser|tsdown|commander) ([0-9.]+)\b/g,
    )) {
      expect(versions[name.toLowerCase()], name).toMatch(new RegExp(`^[~^]?${version}\\.`));
    }
  });
});
