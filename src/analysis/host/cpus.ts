/**
 * What each virtual CPU did in the trace of a host.
 */

import type { TracepointEvent } from '../../trace/index.ts';

/** Maximum number of virtual CPUs, and of reasons of each. */
const CPUS_MAX = 1024;
const REASONS_MAX = 100;

/** A virtual CPU: a thread of the host that ran one. */
export interface HostCpu {
  readonly vcpu: number;
  readonly thread: number;
  readonly command: string;
  readonly events: number;
  /** How often the guest was entered. */
  readonly entries: number;
  /** Exits from interpretive execution, by interception code in words; exits to user space, by reason. */
  readonly exits: Readonly<Record<string, number>>;
  readonly userExits: Readonly<Record<string, number>>;
  /** Nanoseconds between entries and exits, and between exits and the next entries. */
  readonly inGuest: bigint;
  readonly inHost: bigint;
}

type Counting = { -readonly [K in keyof HostCpu]: HostCpu[K] } & {
  exits: Record<string, number>;
  userExits: Record<string, number>;
  /** The time of the last entry or exit, and which it was. */
  since: { readonly time: bigint; readonly inGuest: boolean } | null;
};

/** Counts the events of virtual CPUs. */
export class HostCpus {
  readonly #cpus = new Map<string, Counting>();

  /** @param reason what the event is counted by */
  add(event: TracepointEvent, reason: string | undefined): void {
    if (event.vcpu === undefined) return;
    const cpu = this.#cpuOf(event.vcpu, event);
    if (cpu === null) return;
    cpu.events++;
    if (event.name === 'kvm_s390_sie_enter') {
      cpu.entries++;
      passed(cpu, event.time, true);
    } else if (event.name === 'kvm_s390_sie_exit') {
      count(cpu.exits, reason ?? 'unknown');
      passed(cpu, event.time, false);
    } else if (event.name === 'kvm_userspace_exit') {
      count(cpu.userExits, reason ?? 'unknown');
    }
  }

  #cpuOf(vcpu: number, { thread, command }: TracepointEvent): Counting | null {
    // Another thread may make an interruption pending for a virtual CPU.
    const key = `${vcpu} ${thread}`;
    const known = this.#cpus.get(key);
    if (known !== undefined || this.#cpus.size >= CPUS_MAX) return known ?? null;
    const counts = { events: 0, entries: 0, exits: {}, userExits: {}, inGuest: 0n, inHost: 0n };
    const made: Counting = { vcpu, thread, command, ...counts, since: null };
    this.#cpus.set(key, made);
    return made;
  }

  /** Returns the virtual CPUs that were entered, by number and thread. */
  all(): HostCpu[] {
    return [...this.#cpus.values()]
      .filter(({ entries, exits }) => entries > 0 || Object.keys(exits).length > 0)
      .sort((a, b) => a.vcpu - b.vcpu || a.thread - b.thread)
      .map(({ since, ...cpu }) => cpu);
  }
}

/** Adds the time since the last entry or exit. */
function passed(cpu: Counting, time: bigint, inGuest: boolean): void {
  if (cpu.since !== null && time > cpu.since.time) {
    if (cpu.since.inGuest) cpu.inGuest += time - cpu.since.time;
    else cpu.inHost += time - cpu.since.time;
  }
  cpu.since = { time, inGuest };
}

function count(counts: Record<string, number>, name: string): void {
  const known = Object.hasOwn(counts, name) ? (counts[name] as number) : 0;
  if (known > 0 || Object.keys(counts).length < REASONS_MAX) counts[name] = known + 1;
}
