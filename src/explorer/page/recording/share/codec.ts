/**
 * Packs the state of the page into the fragment of a link: JSON, deflated, in base64url. A fragment can come from
 * anywhere, so everything in it is validated.
 */

import { deflateSync, Inflate, strFromU8, strToU8 } from 'fflate';
import type { InjectedFault } from '../../../../host/index.ts';
import type { Position } from '../../../../player/index.ts';
import type { SpaceName } from '../../../protocol.ts';
import { INJECTED_FAULTS } from '../faults/faults.ts';
import { TABS, type TabId } from '../tabs.ts';

/** The source of a recording, as a link names it. */
export type SharedSource =
  | { readonly kind: 'lesson'; readonly id: string }
  | { readonly kind: 'scenario'; readonly text: string; readonly lesson?: string }
  /** The recording that the server of the page offers. */
  | { readonly kind: 'offered' };

/** The contents of a link. */
export interface Shared {
  readonly source: SharedSource;
  readonly injectedFault: InjectedFault | null;
  readonly check: boolean;
  readonly position: Position;
  readonly tab: TabId;
  readonly selected: { readonly space: SpaceName; readonly address: bigint } | null;
}

/** Maximum size of unpacked data, in bytes. */
export const LARGEST = 1 << 20;
/** Maximum length of a fragment. */
const LONGEST = 1 << 20;
const VERSION = '1.';

/** A fragment that is not a link of this page. The message is a sentence for the reader. */
export class LinkError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LinkError';
  }
}

/** Returns the fragment, without a leading `#`, or null if it would be too long to unpack. */
export function pack(shared: Shared): string | null {
  const { source, injectedFault, check, position, tab, selected } = shared;
  const plain = {
    source,
    injectedFault,
    check,
    position: [position.step, position.event],
    tab,
    selected: selected && [selected.space, `0x${selected.address.toString(16)}`],
  };
  // Check the characters first: a scenario of many megabytes is not even encoded.
  if (source.kind === 'scenario' && source.text.length > LARGEST) return null;
  const bytes = strToU8(JSON.stringify(plain));
  if (bytes.length > LARGEST) return null;
  const packed = VERSION + toBase64(deflateSync(bytes, { level: 9 }));
  return packed.length > LONGEST ? null : packed;
}

/**
 * Returns the contents of a fragment.
 * @param fragment without its leading `#`
 * @throws LinkError if it is not a link of this page, is damaged, or is too long
 */
export function unpack(fragment: string): Shared {
  if (!fragment.startsWith(VERSION)) throw new LinkError('The link was not made by this page.');
  if (fragment.length > LONGEST) throw new LinkError('The link is too long.');
  let plain: unknown;
  try {
    plain = JSON.parse(strFromU8(inflate(fromBase64(fragment.slice(VERSION.length)))));
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError('The link is damaged or cut off.');
  }
  return validated(plain);
}

/** Inflates, up to the limit. */
function inflate(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  let ended = false;
  const inflater = new Inflate((part, final) => {
    size += part.length;
    if (size > LARGEST) throw new LinkError('The link holds more than 1 MiB.');
    parts.push(part);
    ended = final;
  });
  const chunk = 4096;
  for (let at = 0; at < bytes.length; at += chunk) {
    inflater.push(bytes.subarray(at, at + chunk), at + chunk >= bytes.length);
  }
  if (!ended) throw new LinkError('The link is damaged or cut off.');
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new LinkError('The link is damaged or cut off.');
  return bytesOf(text.replaceAll('-', '+').replaceAll('_', '/'));
}

/** Decodes a base64 text, which may have a hundred million characters. @throws DOMException for any other text */
export function bytesOf(base64: string): Uint8Array {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

type Plain = Readonly<Record<string, unknown>>;

function validated(plain: unknown): Shared {
  const all = record(plain);
  return {
    source: sourceOf(record(all.source)),
    injectedFault: INJECTED_FAULTS.find((one) => one === all.injectedFault) ?? null,
    check: all.check !== false,
    position: positionOf(all.position),
    tab: TABS.find(({ id }) => id === all.tab)?.id ?? 'spaces',
    selected: selectedOf(all.selected),
  };
}

function record(value: unknown): Plain {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Plain;
  throw new LinkError('The link was not made by this page.');
}

function sourceOf(source: Plain): SharedSource {
  const { kind, id, text, lesson } = source;
  if (kind === 'lesson' && typeof id === 'string') return { kind, id };
  if (kind === 'offered') return { kind };
  if (kind !== 'scenario' || typeof text !== 'string') {
    throw new LinkError('The link does not name anything that this page can open.');
  }
  return { kind, text, ...(typeof lesson === 'string' ? { lesson } : {}) };
}

function positionOf(value: unknown): Position {
  const [step, event] = Array.isArray(value) ? value : [];
  return { step: count(step), event: count(event) };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function selectedOf(value: unknown): Shared['selected'] {
  const [space, address] = Array.isArray(value) ? value : [];
  if (typeof space !== 'string' || !/^(process|gmap) [0-9]{1,6}$/.test(space)) return null;
  if (typeof address !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(address)) return null;
  return { space: space as SpaceName, address: BigInt(address) };
}
