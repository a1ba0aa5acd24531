/** How `trace` prints summaries, findings and differences. */

import {
  type Count,
  type DiffLine,
  fieldsOf,
  type HostCpu,
  type HotPlace,
  type NotUnderstood,
  nameOf,
  type Summary,
  type TraceDifference,
  type TraceFinding,
  type TraceKind,
} from '../analysis/index.ts';
import { hex } from '../host/internal.ts';
import type { TraceEvent } from '../trace/index.ts';
import { styled } from './output.ts';

/** Width of the column of names of events. */
const NAME_WIDTH = 14;
/** Reasons of a kind that are printed. */
const REASONS = 12;
const BARS = '▁▂▃▄▅▆▇█';

/** Returns an event in one line: its number, its name and its fields. */
export function eventLine(n: number, event: TraceEvent): string {
  const time = event.type === 'tracepoint' ? `${seconds(event.time)}  ` : '';
  return `${styled('dim', `${n}`.padStart(7))}  ${time}${styled('bold', nameOf(event).padEnd(NAME_WIDTH))}  ${fieldsOf(event)}`;
}

/** Returns the lines of a summary. */
export function summaryLines(name: string, kind: TraceKind | null, summary: Summary): string[] {
  const of = kind === 'host' ? ' of a host' : '';
  return [
    `${styled('bold', name)}: ${counted(summary.events, 'event')}${of}`,
    ...countLines(summary),
    ...cpuLines(summary.cpus),
    ...linkLines(summary),
    ...placeLines('pages that got a frame', summary.pages, summary.exact),
    ...placeLines('guest segments by faults, links and unlinks', summary.segments, summary.exact),
  ];
}

function countLines({ kinds }: Summary): string[] {
  const names = kinds.flatMap(({ name, reasons }) => [name, ...reasons.map((one) => `  ${one.name}`)]);
  const width = Math.min(50, Math.max(...names.map((name) => name.length)));
  const line = ({ count, density }: Count, name: string) =>
    `  ${name.slice(0, 50).padEnd(width)}  ${`${count}`.padStart(9)}  ${styled('cyan', sparkline(density))}`;
  return [
    ...heading('events', 'and when, from the beginning of the trace to its end'),
    ...kinds.flatMap((kind) => [
      line(kind, kind.name),
      ...kind.reasons.slice(0, REASONS).map((reason) => line(reason, `  ${reason.name}`)),
      ...(kind.reasons.length > REASONS ? [`    and ${kind.reasons.length - REASONS} more`] : []),
    ]),
  ];
}

/** Draws counts as bars; a blank is zero. */
function sparkline(counts: readonly number[]): string {
  const most = Math.max(...counts);
  return counts
    .map((count) => (count === 0 ? ' ' : BARS[Math.ceil((count / most) * BARS.length) - 1]))
    .join('')
    .trimEnd();
}

function linkLines({ links }: Summary): string[] {
  if (links.length === 0) return [];
  const cell = (value: string | number) => `${value}`.padStart(11);
  const row = (name: string, ...values: (string | number)[]) =>
    `  ${name.padEnd(10)}${values.map(cell).join('')}`;
  return [
    ...heading('links', 'of guest segments to page tables and 1 MiB frames'),
    row('', 'made', 'lost', 'at the end', 'at most'),
    ...links.map(({ gmap, made, lost, atEnd, most }) => row(`gmap ${gmap}`, made, lost, atEnd, most)),
  ];
}

function placeLines(what: string, places: readonly HotPlace[], exact: boolean): string[] {
  if (places.length === 0) return [];
  return [
    ...heading('hottest', exact ? what : `${what} (at least so often)`),
    ...places.map(
      ({ space, address, count }) =>
        `  ${space.padEnd(12)}${hex(address).padEnd(20)}${`${count}`.padStart(9)}`,
    ),
  ];
}

function cpuLines(cpus: readonly HostCpu[]): string[] {
  if (cpus.length === 0) return [];
  return [
    ...heading('virtual CPUs', 'and the threads that run them'),
    ...cpus.flatMap((cpu) => [
      `  vcpu ${cpu.vcpu}, thread ${cpu.thread} (${printable(cpu.command)}): ${counted(cpu.entries, 'entry', 'entries')}${share(cpu)}`,
      ...reasonLine('exits', cpu.exits),
      ...reasonLine('to user space', cpu.userExits),
    ]),
  ];
}

function share({ inGuest, inHost }: HostCpu): string {
  const all = inGuest + inHost;
  if (all === 0n) return '';
  return `, ${(Number((inGuest * 1000n) / all) / 10).toFixed(1)} % of ${seconds(all)} s in the guest`;
}

function reasonLine(what: string, counts: Readonly<Record<string, number>>): string[] {
  const sorted = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (sorted.length === 0) return [];
  const shown = sorted.slice(0, REASONS).map(([name, count]) => `${printable(name)} ${count}`);
  return [`    ${what}: ${shown.join(', ')}${sorted.length > REASONS ? ', …' : ''}`];
}

/** Returns lines on what was not understood of a host's trace. */
export function notUnderstoodLines({ lines, firstLine, events, lost }: NotUnderstood): string[] {
  const names = [...events].map(([name, count]) => `${printable(name)} (${count})`);
  return [
    ...(lost > 0 ? [`The host lost ${counted(lost, 'event')}.`] : []),
    ...(lines > 0 ? [`${counted(lines, 'line')} not understood, the first is line ${firstLine}.`] : []),
    ...(names.length > 0 ? [`Events whose text is not understood: ${names.join(', ')}.`] : []),
  ];
}

/** Returns a finding in one line. */
export function findingLine({ rule, n, message, because }: TraceFinding): string {
  const since = because === null || because === n ? '' : styled('dim', ` (see event ${because})`);
  return `${styled('red', `rule broken: ${rule}`)}: event ${n}: ${message}${since}`;
}

/** Returns the lines of a comparison. */
export function differenceLines(first: string, second: string, difference: TraceDifference): string[] {
  const { same, differs, lines, counts } = difference;
  if (!differs) return [`The traces are the same: ${counted(same, 'event')}.`];
  const width = Math.max(...counts.map(({ name }) => name.length), 0);
  return [
    `The first ${counted(same, 'event')} are the same. Then they differ:`,
    styled('red', `--- ${first}`),
    styled('green', `+++ ${second}`),
    ...lines.map(diffLine),
    ...(counts.length === 0 ? [] : heading('counts', 'that differ, in the whole traces')),
    ...counts
      .slice(0, 20)
      .map(
        (one) => `  ${one.name.padEnd(width)}${`${one.first}`.padStart(10)}${`${one.second}`.padStart(10)}`,
      ),
  ];
}

/** Returns a line of a comparison, with the numbers of the event in the first and in the second trace. */
function diffLine({ n, event, in: where, other }: DiffLine): string {
  const numbers = where === 'second' ? ['', n] : [n, other ?? ''];
  const text = `${numbers.map((number) => `${number}`.padStart(7)).join('')}  ${nameOf(event).padEnd(NAME_WIDTH)}  ${fieldsOf(event)}`;
  if (where === 'both') return `  ${text}`;
  return where === 'first' ? styled('red', `- ${text}`) : styled('green', `+ ${text}`);
}

function heading(name: string, what: string): string[] {
  return ['', `${styled('bold', name)}  ${styled('dim', what)}`];
}

function seconds(nanoseconds: bigint): string {
  const whole = nanoseconds / 1_000_000_000n;
  return `${whole}.${`${(nanoseconds % 1_000_000_000n) / 1000n}`.padStart(6, '0')}`;
}

export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

/** Replaces characters that a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
