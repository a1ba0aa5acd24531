/** Replies that say why a target stopped (GDB manual, "Stop Reply Packets"). */

import { hexOf } from './hex.ts';
import type { Stop, StopReason } from './target.ts';

/** Signals by their numbers in GDB (include/gdb/signals.h). */
const SIGNAL = { INT: '02', TRAP: '05', ABRT: '06', TERM: '0f' } as const;
const DEADLOCK = 'all threads wait, and nothing can wake one';
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
  if (reason.kind === 'exited') return { message: null, reply: `W${hexByte(reason.code)}` };
  if (reason.kind === 'killed') return { message: null, reply: `X${hexByte(reason.signal)}` };
  const reply = `T${signalOf(reason)}thread:${thread.toString(16)};${detailOf(reason, knowsBreaks)}`;
  const sentence = reason.kind === 'end' ? reason.sentence : reason.kind === 'deadlock' ? DEADLOCK : null;
  const message = sentence === null ? null : `O${hexOf(asciiOf(`${sentence}\n`))}`;
  return { message, reply };
}

function hexByte(value: number): string {
  return (value & 0xff).toString(16).padStart(2, '0');
}

function signalOf(reason: StopReason): string {
  if (reason.kind === 'interrupt' || reason.kind === 'deadlock') return SIGNAL.INT;
  if (reason.kind === 'signal') return hexByte(reason.signal);
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
