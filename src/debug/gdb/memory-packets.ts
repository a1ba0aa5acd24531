/** `m`, `M` and `X`: memory. */

import { bytesOf, hexOf, pairOf } from './hex.ts';
import { PACKET_MAX } from './packets.ts';
import type { DebugTarget } from './target.ts';

/** Errors of the protocol, as errno: EFAULT and EINVAL. */
const FAULT = 'E0e';
const MALFORMED = 'E16';

/** Performs a packet. Returns the reply. @param thread by whose tables addresses are translated */
export function memoryReply(target: DebugTarget, thread: number, data: string): string {
  const colon = data.indexOf(':');
  const range = pairOf(data.slice(1, colon < 0 ? undefined : colon));
  if (range === null) return MALFORMED;
  if (data[0] === 'm') {
    const length = Math.min(range.length, PACKET_MAX / 2);
    const bytes = target.readMemory(thread, range.address, length);
    return bytes.length === 0 && length > 0 ? FAULT : hexOf(bytes);
  }
  if (colon < 0) return MALFORMED;
  const text = data.slice(colon + 1);
  const bytes = data[0] === 'M' ? bytesOf(text) : Uint8Array.from(text, (c) => c.charCodeAt(0));
  if (bytes === null || bytes.length !== range.length) return MALFORMED;
  if (bytes.length === 0) return 'OK';
  return target.writeMemory(thread, range.address, bytes) ? 'OK' : FAULT;
}
