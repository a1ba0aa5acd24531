/**
 * What the server offers: a recording, or lessons. The command writes it (`src/cli/explore.ts`).
 */

import type { Source } from '../../../../player/index.ts';
import { entryOf } from '../../../lessons/index.ts';
import { parseLessons } from '../../../lessons/parse.ts';
import { complain } from '../../ui/notice.ts';
import type { Course } from '../lessons/course.ts';
import { bytesOf } from '../share/codec.ts';

/** What the server offers. */
export type Offer =
  | { readonly kind: 'recording'; readonly name: string | null; readonly source: Source }
  | { readonly kind: 'lessons'; readonly course: Course };

/** Fetches the offer. Returns null if there is none. */
export async function fetchOffer(): Promise<Offer | null> {
  if (document.querySelector('meta[name="guesthouse-recording"]') === null) return null;
  try {
    const answer = await fetch('recording.json');
    return answer.ok ? offerOf(await answer.json()) : null;
  } catch (error) {
    complain(error);
    return null;
  }
}

/** Parses `recording.json`. */
function offerOf(plain: unknown): Offer | null {
  if (typeof plain !== 'object' || plain === null) return null;
  const { kind, text, name, image, arguments: words, files } = plain as Record<string, unknown>;
  const named = typeof name === 'string' ? name : null;
  if (kind === 'lessons' && Array.isArray(files)) return courseOf(named ?? 'lessons', files);
  const source = sourceOf({ kind, text, name: named ?? '', image, words });
  return source === null ? null : { kind: 'recording', name: named, source };
}

function courseOf(name: string, files: readonly { readonly name: unknown; readonly text: unknown }[]): Offer {
  const lessons = files.flatMap((file) => parseLessons(String(file.name), String(file.text)));
  return { kind: 'lessons', course: { name, lessons: lessons.map(entryOf), isLinkable: true } };
}

interface Plain {
  readonly kind: unknown;
  readonly text: unknown;
  readonly name: string;
  readonly image: unknown;
  readonly words: unknown;
}

function sourceOf({ kind, text, name, image, words }: Plain): Source | null {
  if (kind === 'scenario' && typeof text === 'string') return { kind, text };
  if (kind === 'trace' && typeof text === 'string') return { kind, name, text };
  if (typeof image !== 'string') return null;
  if (kind === 'program') {
    const given = Array.isArray(words) ? words.map(String) : [];
    return { kind, name, image: bytesOf(image), arguments: given };
  }
  if (kind !== 'guest') return null;
  const guest = { kind, name, image: bytesOf(image) } as const;
  return typeof words === 'string' ? { ...guest, arguments: words } : guest;
}
