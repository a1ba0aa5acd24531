/** Prints system calls and signals as strace(1) does. */

import { ERRNO } from '../../errno.ts';
import { AT } from '../abi/at.ts';
import { IOCTL } from '../abi/ioctls.ts';
import { signalName } from '../abi/signals.ts';
import { SYSTEM_CALLS, type SystemCallName } from '../abi/system-calls.ts';
import type { ArgumentKind } from '../calls/line.ts';
import { CALLS } from '../calls/table.ts';
import { KVM } from '../kvm/abi.ts';
import type { CallTracer } from '../process/call-tracer.ts';
import type { Thread } from '../process/task.ts';
import type { SignalInfo } from '../signals/pending-signals.ts';
import { UFFDIO, USERFAULTFD_IOC_NEW } from '../userfaults/abi.ts';
import { flagNames } from './flag-names.ts';

/** Bytes of a string or buffer that are shown. */
const SHOWN = 32;
const ERROR_NAMES = new Map<number, string>(Object.entries(ERRNO).map(([name, number]) => [number, name]));
const IOCTL_NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(IOCTL).map(([name, number]) => [number, name] as const),
  ...Object.entries(KVM).map(([name, number]) => [number, `KVM_${name}`] as const),
  ...Object.entries(UFFDIO).map(([name, number]) => [number, `UFFDIO_${name}`] as const),
  [USERFAULTFD_IOC_NEW, 'USERFAULTFD_IOC_NEW'],
]);
/** Calls that show what they have read. */
const READERS: ReadonlySet<string> = new Set([
  'read',
  'pread64',
  'recvfrom',
  'readlink',
  'readlinkat',
  'getcwd',
]);
const RESTARTED = -512;

/** What a line is about. */
export type StraceKind = 'system-call' | 'signal' | 'process-end';

/** Takes a line, without the number of its thread. */
export type StraceTaker = (text: string, thread: Thread, kind: StraceKind) => void;

/** Prints to `write`, a line at a time. */
export class Strace implements CallTracer {
  readonly #write: StraceTaker;
  /** Calls that have begun and not ended, as they are shown. */
  readonly #begun = new Map<Thread, string>();

  constructor(write: StraceTaker) {
    this.#write = write;
  }

  /** Returns one whose lines tell their thread once there is more than one. */
  static printing(line: (line: string) => void): Strace {
    let first: Thread | null = null;
    let several = false;
    return new Strace((text, thread) => {
      first ??= thread;
      several ||= thread !== first;
      line(several ? `[pid ${thread.tid}] ${text}` : text);
    });
  }

  entered(thread: Thread): void {
    const { call } = thread;
    if (call !== null) this.#begun.set(thread, `${call.name}(${this.#arguments(thread)}`);
  }

  left(thread: Thread, result: number | null): void {
    const begun = this.#begun.get(thread);
    const { call } = thread;
    if (begun === undefined || call === null) return;
    this.#begun.delete(thread);
    const shown =
      READERS.has(call.name) && result !== null ? `${call.name}(${this.#arguments(thread, result)}` : begun;
    this.#write(`${shown}) = ${resultOf(call.name, result)}`, thread, 'system-call');
  }

  signal(thread: Thread, info: SignalInfo): void {
    const sender = info.pid === undefined ? '' : `, si_pid=${info.pid}`;
    const address = info.address === undefined ? '' : `, si_addr=0x${info.address.toString(16)}`;
    const name = signalName(info.signal);
    const text = `--- ${name} {si_signo=${name}, si_code=${info.code}${sender}${address}} ---`;
    this.#write(text, thread, 'signal');
  }

  ended(thread: Thread): void {
    const begun = this.#begun.get(thread);
    if (begun !== undefined) this.#write(`${begun}) = ?`, thread, 'system-call');
    this.#begun.delete(thread);
    const { ended } = thread.process;
    if (ended === null) return;
    const how =
      ended.kind === 'exited' ? `exited with ${ended.value}` : `killed by ${signalName(ended.value)}`;
    this.#write(`+++ ${how} +++`, thread, 'process-end');
  }

  /** @param got the number of bytes that were read, or undefined before */
  #arguments(thread: Thread, got?: number): string {
    const { name, args } = thread.call!;
    const kinds = CALLS.get(SYSTEM_CALLS[name as SystemCallName] ?? -1)?.kinds ?? [];
    return args
      .map((value, i) => this.#argument(thread, { kind: kinds[i] ?? 'hex', value, count: args[i + 1], got }))
      .join(', ');
  }

  #argument(thread: Thread, { kind, value, count, got }: Shown): string {
    switch (kind) {
      case 'path':
        return value === 0 ? 'NULL' : stringAt(thread, value);
      case 'buf':
        return bytesAt(thread, value, count ?? 0);
      case 'addr':
        if (got !== undefined && got > 0) return bytesAt(thread, value, got);
        return value === 0 ? 'NULL' : hex(value);
      case 'hex':
        return hex(value);
      case 'ioctl':
        return IOCTL_NAMES.get(value) ?? hex(value);
      case 'dirfd':
        return value === AT.FDCWD ? 'AT_FDCWD' : String(value);
      case 'sig':
        return value === 0 ? '0' : signalName(value);
      case 'oct':
        return `0${value.toString(8)}`;
      default:
        return kind.startsWith('flags:') ? flagNames(kind.slice(6), value) : String(value);
    }
  }
}

interface Shown {
  readonly kind: ArgumentKind;
  readonly value: number;
  /** The argument that follows: often a length. */
  readonly count: number | undefined;
  readonly got: number | undefined;
}

function resultOf(name: string, result: number | null): string {
  if (result === null) return '?';
  if (result <= RESTARTED && result > -600) return '? ERESTARTSYS (To be restarted if SA_RESTART is set)';
  if (result < 0 && result > -4096) return `-1 ${ERROR_NAMES.get(-result) ?? String(result)}`;
  return ADDRESSES.has(name) ? hex(result) : String(result);
}

/** Calls that return addresses. */
const ADDRESSES: ReadonlySet<string> = new Set(['mmap', 'brk', 'mremap', 'shmat']);

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function stringAt({ space }: Thread, address: number): string {
  try {
    return quoted(space.memory.string(address, 4096), 4096);
  } catch {
    return hex(address);
  }
}

function bytesAt({ space }: Thread, address: number, length: number): string {
  try {
    const bytes = space.memory.read(address, Math.min(length, SHOWN + 1));
    return quoted(String.fromCharCode(...bytes), SHOWN);
  } catch {
    return hex(address);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

/** Returns text in quotes, with escapes as in C. */
function quoted(text: string, most: number): string {
  const shown = [...text.slice(0, most)].map((c, i, all) => {
    const known = ESCAPES[c];
    if (known !== undefined) return known;
    if (c >= ' ' && c <= '~') return c;
    const next = all[i + 1];
    const digits = next !== undefined && next >= '0' && next <= '7' ? 3 : 1;
    return `\\${c.charCodeAt(0).toString(8).padStart(digits, '0')}`;
  });
  return `"${shown.join('')}"${text.length > most ? '...' : ''}`;
}
