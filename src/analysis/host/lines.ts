/**
 * The lines of a trace that a Linux host wrote as text: by `perf script`, by `trace-cmd report`, or the file `trace` of ftrace
 * (Documentation/trace/ftrace.rst of Linux). All three have the thread, its processor in brackets, a time in seconds and the
 * event:
 *
 *     CPU 0/KVM  1977 [001]   812.340012: kvm:kvm_s390_sie_enter: 00[0404c00180000000-000000000010d2a0]: entering sie flags 20
 *     CPU 0/KVM-1977  [001]   812.340012: kvm_s390_sie_enter:   00[0404c00180000000-000000000010d2a0]: entering sie flags 20
 *     CPU 0/KVM-1977  [001] .....   812.340012: kvm_s390_sie_enter: 00[0404c00180000000-000000000010d2a0]: entering sie flags 20
 */

/** A line that has an event. */
export interface HostLine {
  readonly command: string;
  readonly thread: number;
  readonly cpu: number;
  /** Nanoseconds. */
  readonly time: bigint;
  /** The name of the event, without its system. */
  readonly name: string;
  /** The rest of the line. */
  readonly details: string;
}

/** Maximum length of a line, and of the part before the processor, in characters. */
const LINE_MAX = 1 << 16;
const HEAD_MAX = 100;

const PROCESSOR = /\s\[(\d{3,5})\]/;
const THREAD = /(\d{1,10})(?:\/(\d{1,10}))?$/;
/** The process of the thread, which ftrace writes if the option record-tgid is set. */
const PROCESS = /\(\s*[\d-]{1,10}\)$/;
/** Flags, if any, the time, perf's period, if any, and the event. */
const EVENT = /^\s*(?:\S{4,6}\s+)?(\d{1,12})\.(\d{1,9}):\s+(?:\d{1,20}\s+)?([\w:-]{1,100}):(?:\s+(.*))?$/;
/** Modifiers of perf's events, as in `major-faults:u`. */
const MODIFIERS = /^[ukhIGHpPSDWeb]{1,8}$/;

/** Returns the parts of a line, or null if it is none. */
export function parseHostLine(line: string): HostLine | null {
  if (line.length > LINE_MAX) return null;
  const processor = PROCESSOR.exec(line.slice(0, HEAD_MAX * 2));
  if (processor === null || processor.index > HEAD_MAX) return null;
  const head = line.slice(0, processor.index).trim().replace(PROCESS, '').trimEnd();
  const thread = THREAD.exec(head);
  const event = EVENT.exec(line.slice(processor.index + processor[0].length));
  if (thread === null || event === null) return null;
  const [, seconds = '', fraction = '', name = '', details = ''] = event;
  return {
    command: head.slice(0, thread.index).replace(/[\s-]+$/, ''),
    thread: Number(thread[2] ?? thread[1]),
    cpu: Number(processor[1]),
    time: BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')),
    name: withoutSystem(name),
    details: details.trim(),
  };
}

/** Returns the name of an event without its system (`kvm:`) and without modifiers (`:u`). */
function withoutSystem(name: string): string {
  const [first = '', second] = name.split(':');
  return second === undefined || second === '' || MODIFIERS.test(second) ? first : second;
}

/** Returns how many events a line says were lost, or null if it does not say so. */
export function lostEvents(line: string): number | null {
  const lost = /^CPU:\d{1,5} \[(?:LOST (\d{1,15}) EVENTS|(\d{1,15}) EVENTS DROPPED)\]/.exec(line.trim());
  return lost === null ? null : Number(lost[1] ?? lost[2]);
}

/** Whether a line is one of those that begin such a file: a comment, or the number of processors. */
export function isHeading(line: string): boolean {
  return /^(#|cpus=\d+$|version = \d|CPU \d+ is empty$|\s*$)/.test(line);
}
