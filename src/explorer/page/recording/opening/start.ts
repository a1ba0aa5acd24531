/**
 * What is open when the page starts: what the link says, else what the server offers, else the first lesson.
 */

import type { Position, Source } from '../../../../player/index.ts';
import { lessons } from '../../../lessons/index.ts';
import { complain, notice } from '../../ui/notice.ts';
import { bytesOf, LinkError, type Shared, unpack } from '../share/codec.ts';
import { selected } from '../state.ts';
import { tab } from '../tabs.ts';
import { offered, openLesson, openOwn, ownName, WHOLE } from '../workspace.ts';

/** Opens what there is to open. */
export async function start(): Promise<void> {
  if (await openLink()) return;
  if (await openOffered()) return;
  const [first] = lessons;
  if (first) await openLesson(first);
}

/** Opens what the address's fragment holds, if it holds something. */
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
  // As soon as the recording is being opened: when it is, somebody may have gone on to another one.
  const show = () => {
    tab.value = shared.tab;
    selected.value = chosen;
  };
  if (source.kind === 'offered') {
    if (!(await openOffered(how, position, show)))
      throw new LinkError('What the link names is not offered here any more.');
  } else if (source.kind === 'lesson') {
    const named = lessons.find(({ id }) => id === source.id);
    if (!named) throw new LinkError('The link names a lesson that is not there.');
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
 * Opens what the server of the page has to offer, when the page says that it has something.
 * @param begun called when it is being opened
 */
async function openOffered(
  how = WHOLE,
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

/** What `recording.json` says. */
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
