/** Parses the documents: code blocks, links, anchors, and text in backquotes. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every document, as a path from the root. */
export const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'examples/README.md',
  'scripts/record-instructions/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** What a code block holds. */
export type Kind = 'typescript' | 'shell' | 'steps' | 'output' | 'tree' | 'names' | 'lesson';

export interface Block {
  readonly file: string;
  /** Line of its first line, from 1. */
  readonly line: number;
  readonly kind: Kind | null;
  readonly text: string;
}

export const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const COMMAND = /^(npm|npx|node|guesthouse|docker|kubectl|for|examples\/[a-z]+\.sh)\b/;

/** Classifies a block by its text and the line before it. Returns null if it matches no kind. */
function kindOf(text: string, before: string): Kind | null {
  if (/^import .* from '/.test(text)) return 'typescript';
  if (text.split('\n').every((line) => COMMAND.test(line))) return 'shell';
  if (/^steps:$/m.test(text)) return 'steps';
  if (/\bprints$/.test(before)) return 'output';
  if (/^[a-z]+\/$/.test(text.split('\n')[0] as string)) return 'tree';
  if (/^[A-Z0-9\s]+$/.test(text)) return 'names';
  if (/^---\nid: /.test(text)) return 'lesson';
  return null;
}

/** The blocks that are indented by four spaces, after a blank line. */
export function blocksOf(file: string): Block[] {
  const lines = textOf(file).split('\n');
  const blocks: Block[] = [];
  let before = '';
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    if (!line.startsWith('    ') || lines[at - 1] !== '') {
      if (line !== '') before = line;
      continue;
    }
    let end = at;
    while (lines[end]?.startsWith('    ') || (lines[end] === '' && lines[end + 1]?.startsWith('    '))) end++;
    const text = lines
      .slice(at, end)
      .map((one) => one.slice(4))
      .join('\n');
    blocks.push({ file, line: at + 1, kind: kindOf(text, before), text });
    at = end - 1;
  }
  return blocks;
}

/** The command of a documented line: the text before two spaces or a `#`. */
export const commandOf = (line: string): string => (line.split(/ {2,}| # /)[0] as string).trim();

/** The words of a command. Quotes keep words together. */
export const wordsOf = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);

/** Targets of links and images. */
export const linksOf = (file: string): string[] =>
  [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);

/** Text in backquotes, outside of code blocks. */
export const spansOf = (file: string): string[] =>
  [
    ...textOf(file)
      .replace(/^ {4}.*$/gm, '')
      .matchAll(/`([^`]+)`/g),
  ].map(([, span]) => (span as string).replace(/\s+/g, ' '));

/** Anchors of the headings, as GitHub makes them. */
export const anchorsOf = (file: string): string[] =>
  [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
