/** Replies that say why a target stopped (GDB manual, "Stop Reply Packets"). */

import { hexOf } from './hex.ts';
import type { Stop, StopReason } from './target.ts';

/** Signals by their numbers in GDB (include/gdb/signals.h). */
const SIGNAL = { INT: '02', TRAP: '05', ABRT: '06', TERM: '0f' } as const;
const WATCH = { write: 'watch', read: 'rwatch', access: 'awatch' } as const;

/**
 * Returns the reply of a stop, and the packet of console output before it, or null.
 * @param knowsBreaks whether the client knows the reasons `swbreak` and `hwbreak`
 */
export function stopReply(
  { thread, reason }: Stop,
  knowsBreaks: boolean,
): { readonly message: string | null; readonly reply: string } {
  if (reason.kind === 'exit') return { message: null, reply: reason.succeeded ? 'W00' : 'W01' };
  const reply = `T${signalOf(reason)}thread:${thread.toString(16)};${detailOf(reason, knowsBreaks)}`;
  const message = reason.kind === 'end' ? `O${hexOf(asciiOf(`${reason.sentence}\n`))}` : null;
  return { message, reply };
}

function signalOf(reason: StopReason): string {
  if (reason.kind === 'interrupt') return SIGNAL.INT;
  if (reason.kind === 'end') return reason.succeeded ? SIGNAL.TERM : SIGNAL.ABRT;
  return SIGNAL.TRAP;
}

function detailOf(reason: StopReason, knowsBreaks: boolean): string {
  if (reason.kind === 'begin') return 'replaylog:begin;';
  if (reason.kind !== 'point') return '';
  const { kind } = reason.point;
  if (kind === 'software' || kind === 'hardware') {
    if (!knowsBreaks) return '';
    return kind === 'software' ? 'swbreak:;' : 'hwbreak:;';
  }
  return `${WATCH[kind]}:${reason.address.toString(16)};`;
}

function asciiOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => Math.min(c.charCodeAt(0), 0x7e));
}
