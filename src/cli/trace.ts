/** `guesthouse trace FILE`: sums up, searches, checks and compares traces. */

import type { Command } from 'commander';
import {
  compareTraces,
  type EventTerms,
  FilterError,
  matchesTerms,
  type NotUnderstood,
  parseFilter,
  Summarizer,
  TRACE_RULES,
  TraceChecker,
} from '../analysis/index.ts';
import { example } from './examples.ts';
import { json } from './json.ts';
import { EXIT, Output, styled, UsageError } from './output.ts';
import { Progress } from './progress.ts';
import { TraceInput } from './trace-input.ts';
import {
  counted,
  differenceLines,
  eventLine,
  findingLine,
  notUnderstoodLines,
  summaryLines,
} from './trace-report.ts';

interface TraceFlags {
  readonly grep?: readonly string[];
  readonly summary?: boolean;
  readonly check?: boolean;
  readonly diff?: string;
  readonly ignore?: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addTrace(program: Command): void {
  program
    .command('trace')
    .summary('sum up, search, check or compare traces')
    .description(
      'Sums up a trace: what happened how often and when, which segments were linked, which pages and segments were touched most. With an option, searches, checks or compares it instead. A trace is a file that boot or replay wrote (--trace), or text of perf script, trace-cmd report or ftrace from a real host.',
    )
    .argument('<file...>', 'the trace, or - for standard input; or `diff` and two traces')
    .option(
      '--grep <terms>',
      'print the events that match all terms; may be repeated',
      (terms: string, before: readonly string[] = []) => [...before, terms],
    )
    .option('--summary', 'with --grep: sum up the events that match')
    .option('--check', 'check the rules that a trace alone can show to be broken')
    .option('--diff <other>', 'compare with another trace: the first difference, and what differs around it')
    .option('--ignore <fields>', 'do not compare these fields of events, such as frame,pageTable')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (files: readonly string[], flags: TraceFlags) => {
      process.exitCode = await trace(files, flags);
    });
}

const help = () => `
Terms of --grep: an address or a range such as 0x1000-0x1fff, which matches every event whose ranges contain it, in any address
space; a kind of event such as link, or the name of a trace point; gmap N; process N; vcpu N. An event must match one term of each sort.

Exit status: 0 done, and with --check no rule is broken, with --diff the traces are the same; 1 the traces differ; 2 wrong usage, or a
file that is not a trace; 5 --check found a broken rule.

Examples:
  guesthouse replay ${example('scenarios/first.txt')} --trace events.jsonl && guesthouse trace events.jsonl
  guesthouse trace events.jsonl --grep 'link unlink gmap 0' --grep 0x20000000
  guesthouse trace events.jsonl --check
  guesthouse trace diff events.jsonl other.jsonl
  perf record -e 'kvm:*' -e 'kvm-s390:*' -a sleep 10; perf script | guesthouse trace -`;

async function trace(files: readonly string[], flags: TraceFlags): Promise<number> {
  const [first, second] = filesOf(files, flags);
  if (second !== undefined) return compare(first, second, flags);
  if (flags.ignore !== undefined) throw new UsageError('--ignore needs two traces');
  if (flags.check) return check(first, flags);
  const terms = termsOf(flags.grep ?? []);
  if (flags.grep === undefined || flags.summary) return summarize(first, terms, flags);
  return search(first, terms, flags);
}

/** Returns the trace, and the one to compare it with. */
function filesOf(files: readonly string[], flags: TraceFlags): readonly [string, string?] {
  const names = flags.diff === undefined ? [...files] : [...files, flags.diff];
  const isDiff = flags.diff !== undefined || (names[0] === 'diff' && names.length > 1);
  if (flags.diff === undefined && isDiff) names.shift();
  if (names.length !== (isDiff ? 2 : 1)) {
    throw new UsageError(isDiff ? 'diff needs two traces' : `expected one trace, not ${names.length}`);
  }
  if (isDiff && (flags.check || flags.grep))
    throw new UsageError('--diff, --check and --grep exclude each other');
  if (flags.check && flags.grep) throw new UsageError('--check and --grep exclude each other');
  if (names[0] === '-' && names[1] === '-')
    throw new UsageError('standard input can be only one of two traces');
  return names as [string, string?];
}

function termsOf(texts: readonly string[]): EventTerms {
  try {
    return parseFilter(texts.join(' '));
  } catch (error) {
    if (error instanceof FilterError) throw new UsageError(`--grep: ${error.message}`);
    throw error;
  }
}

async function summarize(file: string, terms: EventTerms, flags: TraceFlags): Promise<number> {
  const input = new TraceInput(file, new Progress(true));
  const summarizer = new Summarizer();
  for await (const events of input.batches()) {
    for (const event of events) if (matchesTerms(event, terms)) summarizer.add(event);
  }
  const summary = summarizer.summary();
  const { kind, notUnderstood } = input.reader;
  const output = new Output();
  if (flags.json) {
    const host = kind === 'host' ? { notUnderstood: plain(notUnderstood) } : {};
    output.line(json({ file, kind, ...summary, ...host }));
  } else {
    for (const line of summaryLines(file, kind, summary)) output.line(line);
    const lines = notUnderstoodLines(notUnderstood);
    for (const line of lines.length > 0 ? ['', ...lines] : []) output.line(line);
  }
  output.flush();
  return EXIT.OK;
}

function plain({ events, ...others }: NotUnderstood) {
  return { ...others, events: Object.fromEntries(events) };
}

async function search(file: string, terms: EventTerms, flags: TraceFlags): Promise<number> {
  const input = new TraceInput(file, new Progress(process.stdout.isTTY !== true));
  const output = new Output();
  let n = 0;
  for await (const events of input.batches()) {
    for (const event of events) {
      if (matchesTerms(event, terms)) output.line(flags.json ? json({ n, ...event }) : eventLine(n, event));
      n++;
    }
    output.flush();
    await output.drained();
    if (output.failed) return EXIT.USAGE;
  }
  return EXIT.OK;
}

async function check(file: string, flags: TraceFlags): Promise<number> {
  const input = new TraceInput(file, new Progress(true));
  const checker = new TraceChecker();
  let events = 0;
  for await (const batch of input.batches()) {
    for (const event of batch) checker.add(event);
    events += batch.length;
    if (input.reader.kind === 'host') {
      throw new UsageError(
        `${file}: --check needs a trace of Guesthouse: traces of a Linux host have no link and purge events`,
      );
    }
  }
  checker.end();
  const { findings, broken, complete } = checker;
  const output = new Output();
  if (flags.json) output.line(json({ file, events, broken, complete, findings }));
  else for (const line of checkLines(events, checker)) output.line(line);
  output.flush();
  return broken === 0 ? EXIT.OK : EXIT.BROKEN_RULE;
}

function checkLines(events: number, { findings, broken, complete }: TraceChecker): string[] {
  const rules = Object.keys(TRACE_RULES).length;
  return [
    ...findings.map(findingLine),
    ...(broken > findings.length ? [`and ${broken - findings.length} more`] : []),
    broken === 0
      ? `${counted(events, 'event')}: ${styled('green', 'all checks pass')} (${rules} rules).`
      : `${counted(events, 'event')}: ${styled('red', counted(broken, 'violation'))}.`,
    ...(complete
      ? []
      : ['The trace has more pages, links or mappings than are followed: not all were checked.']),
  ];
}

async function compare(first: string, second: string, flags: TraceFlags): Promise<number> {
  const progress = new Progress(true);
  const [ours, theirs] = [new TraceInput(first, progress), new TraceInput(second, progress)];
  const ignored = new Set((flags.ignore ?? '').split(/[\s,]+/));
  const difference = await compareTraces(ours.events(), theirs.events(), ignored);
  if (ours.reader.kind !== theirs.reader.kind) {
    throw new UsageError('cannot compare a trace of Guesthouse with one of a Linux host');
  }
  const output = new Output();
  if (flags.json) output.line(json({ first, second, ...difference }));
  else for (const line of differenceLines(first, second, difference)) output.line(line);
  output.flush();
  return difference.differs ? EXIT.GUEST_STATUS : EXIT.OK;
}
