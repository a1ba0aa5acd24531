/**
 * Links that one can read and write by hand: `lesson=link&step=6`. They name a lesson, or without one the recording that
 * the server offers; the codec packs everything else.
 */

import type { Position } from '../../../../player/index.ts';
import { LESSON_VIEWS } from '../../../lessons/lesson.ts';
import { INJECTED_FAULTS } from '../faults/faults.ts';
import { TABS, type TabId } from '../tabs.ts';
import { LinkError, type Shared } from './codec.ts';

/** The parts of a link, in the order in which they are written. */
const PARTS = ['lesson', 'step', 'event', 'view', 'fault', 'check', 'at'] as const;
type Part = (typeof PARTS)[number];

/** Maximum length of a link of this kind. */
const LONGEST = 1000;

/** The contents of a readable link. Without a view, that of the lesson is shown; without a position, the usual one. */
export type Readable = Omit<Shared, 'tab' | 'position'> & {
  readonly tab: TabId | null;
  readonly position: Position | null;
};

/** Returns the link for a lesson or the recording on offer, or null for other sources. */
export function writeReadable(shared: Readable): string | null {
  const { source, position: at, tab, injectedFault, check, selected } = shared;
  const position = at ?? { step: 0, event: 0 };
  if (source.kind === 'scenario') return null;
  const parts: Record<Part, string | null> = {
    lesson: source.kind === 'lesson' ? source.id : null,
    // A link without any part would be none.
    step: position.step > 0 || source.kind === 'offered' ? `${position.step}` : null,
    event: position.event > 0 ? `${position.event}` : null,
    view: tab === null ? null : viewOf(tab),
    fault: injectedFault,
    check: check ? null : 'off',
    at: selected && `${selected.space.replace(' ', '-')}-0x${selected.address.toString(16)}`,
  };
  return PARTS.flatMap((part) => (parts[part] === null ? [] : [`${part}=${parts[part]}`])).join('&');
}

/** Whether a fragment is meant to be a link of this kind. */
export function isReadable(fragment: string): boolean {
  return /^[a-z]+=/.test(fragment);
}

/** Parses a link. @param fragment without its leading `#` @throws LinkError naming what is wrong */
export function readReadable(fragment: string): Readable {
  if (fragment.length > LONGEST) throw new LinkError('The link is too long.');
  const parts = new Map<Part, string>();
  for (const [name, value] of new URLSearchParams(fragment)) {
    const part = PARTS.find((one) => one === name);
    if (part === undefined) throw wrong(name, `not one of ${PARTS.join(', ')}`);
    if (parts.has(part)) throw wrong(name, 'given twice');
    parts.set(part, value);
  }
  const id = parts.get('lesson');
  const isAt = parts.has('step') || parts.has('event');
  return {
    source: id === undefined ? { kind: 'offered' } : { kind: 'lesson', id },
    position: isAt ? { step: count(parts, 'step'), event: count(parts, 'event') } : null,
    tab: tabOf(parts.get('view')),
    injectedFault: faultOf(parts.get('fault')),
    check: parts.get('check') !== 'off',
    selected: selectedOf(parts.get('at')),
  };
}

function wrong(text: string, why: string): LinkError {
  return new LinkError(`Part of the link is wrong: “${text.slice(0, 40)}” is ${why}.`);
}

function count(parts: ReadonlyMap<Part, string>, part: Part): number {
  const text = parts.get(part) ?? '0';
  if (!/^[0-9]{1,15}$/.test(text)) throw wrong(text, `not a number (${part})`);
  return Number(text);
}

/** The names of the views in links: those of lessons, where lessons have one. */
function viewOf(tab: TabId): string {
  return Object.entries(LESSON_VIEWS).find(([, id]) => id === tab)?.[0] ?? tab;
}

function tabOf(view: string | undefined): TabId | null {
  if (view === undefined) return null;
  const tab = TABS.find(({ id }) => viewOf(id) === view);
  if (tab === undefined) throw wrong(view, `not a view: ${TABS.map(({ id }) => viewOf(id)).join(', ')}`);
  return tab.id;
}

function faultOf(name: string | undefined): Readable['injectedFault'] {
  if (name === undefined) return null;
  const fault = INJECTED_FAULTS.find((one) => one === name);
  if (fault === undefined) throw wrong(name, `not a bug: ${INJECTED_FAULTS.join(', ')}`);
  return fault;
}

function selectedOf(text: string | undefined): Readable['selected'] {
  if (text === undefined) return null;
  const [, kind, number, address] = /^(process|gmap)-([0-9]{1,6})-(0x[0-9a-f]{1,16})$/.exec(text) ?? [];
  if (kind === undefined) throw wrong(text, 'not a place such as gmap-0-0x1000');
  return { space: `${kind as 'gmap'} ${Number(number)}`, address: BigInt(address as string) };
}
