/**
 * Breakpoints for guests: an instruction at an address, an access to memory, or an event, each with an optional condition
 * on registers. docs/boot.md describes how they are written.
 */

import { EVENT_TYPES, type TraceEvent, type TraceEventType } from '../trace/index.ts';
import type { SymbolTable } from '../vmm/index.ts';
import { BreakpointError, type Condition, number, parseCondition } from './condition.ts';

/** What a breakpoint waits for. Addresses of ranges are inclusive at both ends. */
export type Trigger =
  /** An instruction whose address, as the PSW has it, is in a range: a logical address of the guest. */
  | { readonly kind: 'instruction'; readonly first: bigint; readonly last: bigint }
  /** An operand of an instruction in a range of logical addresses, or of guest absolute addresses. */
  | {
      readonly kind: 'access';
      readonly access: 'read' | 'write' | 'access';
      readonly absolute: boolean;
      readonly first: bigint;
      readonly last: bigint;
    }
  /** An event. `detail` is the reason of an exit or the class of an interruption, `code` that of an interruption. */
  | {
      readonly kind: 'event';
      readonly type: TraceEventType;
      readonly detail: string | null;
      readonly code: number | null;
    };

/** A breakpoint. */
export interface Breakpoint {
  /** As it was written, or a description. */
  readonly text: string;
  readonly trigger: Trigger;
  /** Must hold, or null. Of an access, after the instruction. */
  readonly condition: Condition | null;
}

/** The types of events that a guest or a program can cause: trace points are other kernels'. */
const TYPES: readonly string[] = EVENT_TYPES.filter((type) => type !== 'tracepoint');
const CLASSES = ['program', 'supervisor-call', 'external', 'io', 'machine-check', 'restart'];
const REASON = /^(KVM_EXIT_)?[A-Z0-9_]+$/;
const ADDRESS_END = 1n << 64n;
/** The longest text of a breakpoint in characters: longer ones are no mistake in typing. */
const TEXT_MAX = 1000;

/**
 * Parses a breakpoint.
 * @param symbols those of the guest's image
 * @throws BreakpointError
 */
export function parseBreakpoint(text: string, symbols: SymbolTable): Breakpoint {
  if (text.length > TEXT_MAX) throw new BreakpointError('a breakpoint has at most 1000 characters');
  const [what = '', ...rest] = text.trim().split(/\s+if\s+/);
  if (rest.length > 1)
    throw new BreakpointError(`"${text}" has more than one "if"; join conditions by "and"`);
  const condition = rest[0] === undefined ? null : parseCondition(rest[0]);
  return { text: text.trim(), trigger: parseTrigger(what, symbols), condition };
}

function parseTrigger(what: string, symbols: SymbolTable): Trigger {
  const [word = '', ...parts] = what.split(':');
  switch (word) {
    case 'read':
    case 'write':
    case 'access': {
      const absolute = parts[0] === 'absolute';
      const range = rangeOf(word, (absolute ? parts.slice(1) : parts).join(':'), symbols);
      return { kind: 'access', access: word, absolute, ...range };
    }
    case 'fetch':
      return { kind: 'instruction', ...rangeOf(word, parts.join(':'), symbols) };
    case 'event':
    case 'exit':
    case 'interruption':
      return eventTrigger(word === 'event' ? parts : [word, ...parts]);
    default: {
      const address = addressOf(what, symbols);
      return { kind: 'instruction', first: address, last: address };
    }
  }
}

function eventTrigger([type = '', detail, code, ...more]: readonly string[]): Trigger {
  if (!TYPES.includes(type)) {
    throw new BreakpointError(`unknown event type "${type}": expected ${TYPES.join(', ')}`);
  }
  const event = { kind: 'event', type: type as TraceEventType } as const;
  if (detail === undefined) return { ...event, detail: null, code: null };
  if (type === 'exit' && code === undefined && REASON.test(detail)) {
    return { ...event, detail: detail.startsWith('KVM_EXIT_') ? detail : `KVM_EXIT_${detail}`, code: null };
  }
  if (type === 'interruption' && more.length === 0) {
    if (CLASSES.includes(detail)) return { ...event, detail, code: code === undefined ? null : codeOf(code) };
    throw new BreakpointError(`"${detail}" is not a class of interruptions: ${CLASSES.join(', ')}`);
  }
  throw new BreakpointError(`"${[type, detail, code, ...more].filter(Boolean).join(':')}" is not an event`);
}

function codeOf(text: string): number {
  const code = number(text);
  if (code > 0xffffn)
    throw new BreakpointError(`the code of an interruption has 16 bits, but ${text} has more`);
  return Number(code);
}

/** Parses ADDRESS or ADDRESS,LENGTH. */
function rangeOf(word: string, text: string, symbols: SymbolTable): { first: bigint; last: bigint } {
  const [at = '', length, ...more] = text.split(',');
  if (at === '' || more.length > 0)
    throw new BreakpointError(`"${word}:${text}" is not ${word}:ADDRESS[,LENGTH]`);
  const first = addressOf(at, symbols);
  const bytes = length === undefined ? (symbols.find(at)?.size ?? 0n) || 1n : number(length);
  if (bytes === 0n) throw new BreakpointError(`"${word}:${text}" has a length of 0`);
  if (first + bytes > ADDRESS_END)
    throw new BreakpointError(`"${word}:${text}" passes the end of the addresses`);
  return { first, last: first + bytes - 1n };
}

/** Parses a number, a symbol, or a symbol and an offset: `main+0x10`. */
function addressOf(text: string, symbols: SymbolTable): bigint {
  if (/^[0-9]/.test(text)) return number(text);
  const whole = symbols.find(text);
  if (whole !== null) return whole.address;
  const plus = text.lastIndexOf('+');
  const symbol = plus > 0 ? symbols.find(text.slice(0, plus)) : null;
  if (symbol !== null) return BigInt.asUintN(64, symbol.address + number(text.slice(plus + 1)));
  const known = symbols.size === 0 ? 'the image has no symbols' : 'the image has no such symbol';
  throw new BreakpointError(`"${text}" is neither a breakpoint nor an address: ${known}`);
}

/** Whether an event is the one that a trigger waits for. */
export function isTriggered(trigger: Trigger & { kind: 'event' }, event: TraceEvent): boolean {
  if (event.type !== trigger.type) return false;
  if (trigger.detail === null) return true;
  if (event.type === 'exit') return event.reason === trigger.detail;
  if (event.type !== 'interruption' || event.class !== trigger.detail) return false;
  return trigger.code === null || event.code === trigger.code;
}
