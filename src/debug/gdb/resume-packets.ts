/** `c`, `C`, `s`, `S`, `vCont`, `bc` and `bs`: how to go on. */

import { numberOf } from './hex.ts';
import type { Resume } from './target.ts';

interface Request {
  readonly how: Resume;
  /** The address to go on at, or null. */
  readonly address: bigint | null;
}

/**
 * Returns what a packet asks for, or null if it is not one of these.
 * @param thread the one to step, or that gets a signal, unless the packet names one
 */
export function resumeOf(data: string, thread: number): Request | 'malformed' | null {
  if (data === 'bc') return { how: { kind: 'reverse-continue' }, address: null };
  if (data === 'bs') return { how: { kind: 'reverse-step', thread }, address: null };
  if (data.startsWith('vCont;')) return actionsOf(data.slice('vCont;'.length), thread);
  const match = /^(?:([cs])([0-9a-fA-F]*)|([CS])([0-9a-fA-F]{2})(?:;([0-9a-fA-F]+))?)$/.exec(data);
  if (match === null) return /^[csCS]/.test(data) ? 'malformed' : null;
  const text = match[2] || match[5] || '';
  const address = text === '' ? null : numberOf(text);
  if (text !== '' && address === null) return 'malformed';
  const signals = match[4] === undefined ? {} : signalOf(match[4], thread);
  const step = (match[1] ?? match[3])?.toLowerCase() === 's';
  return { how: { ...(step ? { kind: 'step', thread } : { kind: 'continue' }), ...signals }, address };
}

function signalOf(digits: string, thread: number): Pick<Resume, 'signals'> {
  return { signals: new Map([[thread, Number.parseInt(digits, 16)]]) };
}

/** `vCont`: at most one thread steps. Threads that no action is for stay where they are. */
function actionsOf(text: string, thread: number): Request | 'malformed' {
  let stepping: number | null = null;
  const named: number[] = [];
  const signals = new Map<number, number>();
  let forAll = false;
  for (const action of text.split(';')) {
    const match = /^([cs]|[CS]([0-9a-fA-F]{2}))(?::(-1|[0-9a-fA-F]{1,8}))?$/.exec(action);
    if (match === null) return 'malformed';
    const [, what = '', signal, target] = match;
    const id = target === undefined || target === '-1' ? null : Number.parseInt(target, 16) || thread;
    // The first action for a thread counts.
    if (forAll || (id !== null && named.includes(id))) continue;
    if (id === null) forAll = true;
    else named.push(id);
    if (/^s/i.test(what)) stepping ??= id ?? thread;
    if (signal !== undefined && !signals.has(id ?? thread))
      signals.set(id ?? thread, Number.parseInt(signal, 16));
  }
  const how: Resume = stepping === null ? { kind: 'continue' } : { kind: 'step', thread: stepping };
  return {
    how: { ...how, ...(forAll ? {} : { only: named }), ...(signals.size > 0 ? { signals } : {}) },
    address: null,
  };
}
