/** `c`, `C`, `s`, `S`, `vCont`, `bc` and `bs`: how to go on. Signals are ignored, as a CPU has none. */

import { numberOf } from './hex.ts';
import type { Resume } from './target.ts';

interface Request {
  readonly how: Resume;
  /** The address to go on at, or null. */
  readonly address: bigint | null;
}

/**
 * Returns what a packet asks for, or null if it is not one of these.
 * @param thread the one to step unless the packet names one
 */
export function resumeOf(data: string, thread: number): Request | 'malformed' | null {
  if (data === 'bc') return { how: { kind: 'reverse-continue' }, address: null };
  if (data === 'bs') return { how: { kind: 'reverse-step', thread }, address: null };
  if (data.startsWith('vCont;')) return actionsOf(data.slice('vCont;'.length), thread);
  const match = /^(?:([cs])([0-9a-fA-F]*)|([CS])[0-9a-fA-F]{2}(?:;([0-9a-fA-F]+))?)$/.exec(data);
  if (match === null) return /^[csCS]/.test(data) ? 'malformed' : null;
  const text = match[2] || match[4] || '';
  const address = text === '' ? null : numberOf(text);
  if (text !== '' && address === null) return 'malformed';
  const step = (match[1] ?? match[3])?.toLowerCase() === 's';
  return { how: step ? { kind: 'step', thread } : { kind: 'continue' }, address };
}

/** `vCont`: a step of one thread, while all others go on; otherwise all go on. */
function actionsOf(text: string, thread: number): Request | 'malformed' {
  let how: Resume = { kind: 'continue' };
  for (const action of text.split(';')) {
    const match = /^(?:c|s|[CS][0-9a-fA-F]{2})(?::(-1|[0-9a-fA-F]{1,8}))?$/.exec(action);
    if (match === null) return 'malformed';
    if (how.kind === 'step' || !/^s/i.test(action)) continue;
    const named = match[1];
    const id = named === undefined || named === '-1' ? 0 : Number.parseInt(named, 16);
    how = { kind: 'step', thread: id === 0 ? thread : id };
  }
  return { how, address: null };
}
