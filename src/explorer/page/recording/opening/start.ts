/**
 * Opens the first recording when the page starts: the one that the link names, or else the one that the server offers, or
 * else the first lesson.
 */

import type { Position, Source } from '../../../../player/index.ts';
import { lessons } from '../../../lessons/index.ts';
import { complain, notice } from '../../ui/notice.ts';
import { bytesOf, LinkError, type Shared, unpack } from '../share/codec.ts';
import { selected } from '../state.ts';
import { tab } from '../tabs.ts';
import { DEFAULT_SETTINGS, offered, openLesson, openOwn, ownName } from '../workspace.ts';

/** Opens the first recording. */
export async function start(): Promise<void> {
  if (await openLink()) return;
  if (await openOffered()) return;
  const [first] = lessons;
  if (first) await openLesson(first);
}

/** Opens the recording that the fragment of the address names. Returns whether there is one. */
export async function openLink(): Promise<boolean> {
  const fragment = location.hash.slice(1);
  if (fragment === '') return false;
  try {
    await restore(unpack(fragment));
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

async function restore(shared: Shared): Promise<void> {
  const { source, injectedFault, check, position, selected: chosen } = shared;
  const how = { injectedFault, check };
  notice.value = null;
  // Do this while the recording is being opened. Later, the user may have opened another one.
  const show = () => {
    tab.value = shared.tab;
    selected.value = chosen;
  };
  if (source.kind === 'offered') {
    if (!(await openOffered(how, position, show)))
      throw new LinkError('The recording that the link names is no longer offered.');
  } else if (source.kind === 'lesson') {
    const named = lessons.find(({ id }) => id === source.id);
    if (!named) throw new LinkError('The link names a lesson that does not exist.');
    const opening = openOwn({ kind: 'scenario', text: named.scenario }, how, position, named);
    show();
    await opening;
  } else {
    const of = lessons.find(({ id }) => id === source.lesson) ?? null;
    const opening = openOwn({ kind: 'scenario', text: source.text }, how, position, of);
    show();
    await opening;
  }
}

/**
 * Opens the recording that the server offers. Returns false if it offers none.
 * @param begun called when the recording is being opened
 */
async function openOffered(
  how = DEFAULT_SETTINGS,
  at: Position | null = null,
  begun: () => void = () => {},
): Promise<boolean> {
  if (document.querySelector('meta[name="guesthouse-recording"]') === null) return false;
  try {
    const answer = await fetch('recording.json');
    const plain: unknown = answer.ok ? await answer.json() : null;
    const what = offer(plain);
    if (what === null) return false;
    if (what.kind === 'guest') tab.value = 'console';
    const opening = openOwn(what, how, at);
    offered.value = what.kind !== 'scenario';
    ownName.value = nameOf(plain);
    begun();
    await opening;
    return true;
  } catch {
    return false;
  }
}

function nameOf(plain: unknown): string | null {
  const { name } = plain as Record<string, unknown>;
  return typeof name === 'string' ? name : null;
}

/** Parses `recording.json`. */
function offer(plain: unknown): Source | null {
  if (typeof plain !== 'object' || plain === null) return null;
  const { kind, text, name, image, arguments: words } = plain as Record<string, unknown>;
  if (kind === 'scenario' && typeof text === 'string') return { kind, text };
  if (kind === 'trace' && typeof text === 'string') return { kind, name: String(name), text };
  if (kind !== 'guest' || typeof image !== 'string') return null;
  const bytes = bytesOf(image);
  const guest = { kind, name: String(name), image: bytes } as const;
  return typeof words === 'string' ? { ...guest, arguments: words } : guest;
}
