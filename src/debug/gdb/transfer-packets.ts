/** `qXfer`: documents and tables of the target, in parts. */

import { PACKET_MAX } from './packets.ts';
import type { DebugTarget } from './target.ts';

const MALFORMED = 'E16';
/** There is no such annex. */
const NO_ANNEX = 'E00';

/** Performs a packet. Returns the reply, which is empty for an object that the target does not have. */
export function transferReply(target: DebugTarget, data: string): string {
  const [, object = '', rest = ''] = /^qXfer:([\w-]+):read:(.*)$/s.exec(data) ?? [];
  const whole = wholeOf(target, object, rest.split(':')[0] ?? '');
  if (whole === null) return '';
  const match = /^[^:]*:([0-9a-f]{1,8}),([0-9a-f]{1,8})$/i.exec(rest);
  if (match === null) return MALFORMED;
  if (whole === NO_ANNEX) return NO_ANNEX;
  const offset = Number.parseInt(match[1] as string, 16);
  const length = Math.min(Number.parseInt(match[2] as string, 16), PACKET_MAX / 2);
  return `${offset + length < whole.length ? 'm' : 'l'}${whole.slice(offset, offset + length)}`;
}

/** Returns an object, a character for each byte, or null if the target has none of this name. */
function wholeOf({ description, program }: DebugTarget, object: string, annex: string): string | null {
  if (object === 'features') return annex === 'target.xml' ? description.xml : NO_ANNEX;
  if (object === 'auxv' && program !== null) return String.fromCharCode(...program.auxiliary);
  if (object === 'siginfo' && program !== null) return String.fromCharCode(...(program.signalInfo ?? []));
  // The annex is the number of a process: there is one.
  if (object === 'exec-file' && program !== null) return program.path;
  return null;
}
