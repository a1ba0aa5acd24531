/**
 * The trace points of KVM on s390 and what they write, as Linux's `arch/s390/kvm/trace.h`, `trace-s390.h` and
 * `include/trace/events/kvm.h` declare it.
 *
 * Those of one virtual CPU begin with its number and its PSW, as in `00[0404c00180000000-000000000010d2a0]: `.
 */

import type { TracepointName } from './tracepoint-names.ts';

/** What is known about a trace point. */
interface Tracepoint {
  /** Whether its text begins with a virtual CPU and its PSW. */
  readonly ofVcpu: boolean;
  /** Matches the text after that. The group `vcpu` is a virtual CPU; `reason` what the event is counted by. */
  readonly text: RegExp;
  /** Groups of `text` that are addresses: the first address, or the address after the last. Hexadecimal. */
  readonly ranges?: readonly (readonly [start: string, end?: string])[];
}

const vcpu = (text: RegExp, ...ranges: readonly (readonly [string, string?])[]): Tracepoint => ({
  ofVcpu: true,
  text,
  ranges,
});
const other = (text: RegExp, ...ranges: readonly (readonly [string, string?])[]): Tracepoint => ({
  ofVcpu: false,
  text,
  ranges,
});

const TRACEPOINTS: Readonly<Record<TracepointName, Tracepoint>> = {
  kvm_s390_skey_related_inst: vcpu(/^storage key related instruction/),
  kvm_s390_major_guest_pfault: vcpu(/^major fault, maybe applicable for pfault/),
  kvm_s390_pfault_init: vcpu(/^init pfault token -?\d+/),
  kvm_s390_pfault_done: vcpu(/^done pfault token -?\d+/),
  kvm_s390_sie_enter: vcpu(/^entering sie flags [\da-f]+/),
  kvm_s390_sie_fault: vcpu(/^fault in sie instruction/),
  kvm_s390_sie_exit: vcpu(/^exit sie icptcode \d+ \((?<reason>[^)]*)\)/),
  kvm_s390_intercept_instruction: vcpu(/^intercepted instruction [\da-f]{16} \((?<reason>[^)]*)\)/),
  kvm_s390_intercept_prog: vcpu(/^intercepted program interruption [\da-f]{4} \((?<reason>[^)]*)\)/),
  kvm_s390_intercept_validity: vcpu(/^got validity intercept (?<reason>[\da-f]{4})/),
  kvm_s390_handle_sigp: vcpu(/^handle sigp order [\da-f]{2} \((?<reason>[^)]*)\), cpu address [\da-f]{4}/),
  kvm_s390_handle_sigp_pei: vcpu(/^handle sigp pei order [\da-f]{2} \((?<reason>[^)]*)\), cpu address/),
  // The names of DIAGNOSE codes have parentheses.
  kvm_s390_handle_diag: vcpu(/^handle diagnose call [\da-f]{4} \((?<reason>.*)\)$/),
  kvm_s390_handle_lctl: vcpu(/^(?<reason>lctlg?): loading cr [\da-f]+-[\da-f]+ from (?<a>[\da-f]+)/, ['a']),
  kvm_s390_handle_stctl: vcpu(/^(?<reason>stct[gl]): storing cr [\da-f]+-[\da-f]+ to (?<a>[\da-f]+)/, ['a']),
  kvm_s390_handle_prefix: vcpu(/^(?<reason>setting|storing) prefix to (?<a>[\da-f]+)/, ['a']),
  kvm_s390_handle_stap: vcpu(/^storing cpu address to (?<a>[\da-f]+)/, ['a']),
  kvm_s390_handle_stfl: vcpu(/^store facility list value [\da-f]+/),
  kvm_s390_handle_stsi: vcpu(/^STSI (?<reason>\d+\.\d+\.\d+) information stored to (?<a>[\da-f]+)/, ['a']),
  kvm_s390_handle_operexc: vcpu(/^operation exception on instruction [\da-f]+ \((?<reason>[^)]*)\)/),
  kvm_s390_handle_sthyi: vcpu(/^STHYI fc: \d+ addr: (?<a>[\da-f]+)/, ['a']),
  kvm_s390_create_vm: other(/^create vm(?<reason> \(UCONTROL\))?/),
  kvm_s390_create_vcpu: other(/^create cpu (?<vcpu>\d+) at /),
  kvm_s390_destroy_vcpu: other(/^destroy cpu (?<vcpu>\d+)/),
  kvm_s390_vcpu_start_stop: other(/^(?<reason>starting|stopping) cpu (?<vcpu>\d+)/),
  kvm_s390_inject_vm: other(
    /^inject(?: \(from (?:kernel|user)\))?: type:[\da-f]+ \((?<reason>[^)]*)\) parm:/,
  ),
  kvm_s390_inject_vcpu: other(/^inject \(vcpu (?<vcpu>\d+)\): type:[\da-f]+ \((?<reason>[^)]*)\) parm:/),
  kvm_s390_deliver_interrupt: other(
    /^deliver interrupt \(vcpu (?<vcpu>\d+)\): type:[\da-f]+ \((?<reason>[^)]*)\) data:/,
  ),
  kvm_s390_request_resets: other(/^requesting userspace resets (?<reason>[\da-f]+)/),
  kvm_s390_stop_request: other(/^stop request, stop irq = \d+, flags = [\da-f]+/),
  kvm_s390_enable_css: other(/^enabling channel I\/O support/),
  kvm_s390_enable_disable_ibs: other(/^(?<reason>enabling|disabling) ibs on cpu (?<vcpu>\d+)/),
  kvm_s390_modify_ais_mode: other(/^for isc [\da-f]+, modifying interruption mode from .+ to (?<reason>.+)$/),
  kvm_s390_airq_suppressed: other(/^adapter I\/O interrupt suppressed/),
  kvm_s390_gmap_notifier: other(
    /^gmap notified \(start:0x(?<start>[\da-f]+) end:0x(?<end>[\da-f]+) shadow:\d+\)/,
    ['start', 'end'],
  ),
  kvm_userspace_exit: other(/^reason (?<reason>\S+) \(-?\d+\)/),
  kvm_vcpu_wakeup: other(/^(?<reason>wait|poll) time -?\d+ ns/),
  kvm_halt_poll_ns: other(/^vcpu (?<vcpu>\d+): halt_poll_ns \d+ \((?<reason>grow|shrink) \d+\)/),
  kvm_unmap_hva_range: other(/^mmu notifier unmap range: 0x(?<start>[\da-f]+) -- 0x(?<end>[\da-f]+)/, [
    'start',
    'end',
  ]),
  kvm_age_hva: other(/^mmu notifier age hva: 0x(?<start>[\da-f]+) -- 0x(?<end>[\da-f]+)/, ['start', 'end']),
  kvm_test_age_hva: other(/^mmu notifier test age hva: 0x(?<a>[\da-f]+)/, ['a']),
  // Software events of perf: the address is that of the instruction.
  'page-faults': other(/^(?<a>[\da-f]+)/, ['a']),
  'minor-faults': other(/^(?<a>[\da-f]+)/, ['a']),
  'major-faults': other(/^(?<a>[\da-f]+)/, ['a']),
};

/** What the text of a trace point says. */
export interface TracepointFacts {
  readonly vcpu?: number;
  /** The PSW of the virtual CPU. */
  readonly psw?: { readonly mask: bigint; readonly address: bigint };
  /** What the event is counted by, such as the interception code in words. */
  readonly reason?: string;
  /** The addresses that it names, as ranges, the ends not included. */
  readonly ranges: readonly (readonly [start: bigint, end: bigint])[];
}

const VCPU_AND_PSW = /^(\d{2,5})\[([\da-f]{16})-([\da-f]{16})\]:\s*/;

/** Returns what the text of a trace point says, or null if the trace point is unknown or its text is not as declared. */
export function tracepointFacts(name: string, details: string): TracepointFacts | null {
  const point = Object.hasOwn(TRACEPOINTS, name) ? TRACEPOINTS[name as TracepointName] : undefined;
  if (point === undefined) return null;
  const prefix = point.ofVcpu ? VCPU_AND_PSW.exec(details) : null;
  if (point.ofVcpu && prefix === null) return null;
  const groups = point.text.exec(details.slice(prefix?.[0].length ?? 0));
  if (groups === null) return null;
  const values = groups.groups ?? {};
  const number = prefix?.[1] ?? values.vcpu;
  const reason = values.reason?.trim();
  return {
    ...(number === undefined ? {} : { vcpu: Number(number) }),
    ...(prefix === null ? {} : { psw: { mask: hex(prefix[2]), address: hex(prefix[3]) } }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ranges: (point.ranges ?? []).map(([start, end]) => {
      const first = hex(values[start]);
      return [first, end === undefined ? first + 1n : hex(values[end])];
    }),
  };
}

/** Returns the number of up to 16 hexadecimal digits. */
function hex(digits = '0'): bigint {
  return BigInt(`0x${digits.slice(0, 16)}`);
}
