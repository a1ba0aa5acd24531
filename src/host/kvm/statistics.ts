/** What a virtual CPU counts, by Linux's names (struct kvm_vcpu_stat). */

/** The names of the statistics of a virtual CPU, in the order in which they are reported. */
export const VCPU_STATISTICS = [
  'exit_userspace',
  'exit_null',
  'exit_external_request',
  'exit_io_request',
  'exit_external_interrupt',
  'exit_stop_request',
  'exit_validity',
  'exit_instruction',
  'exit_program_interruption',
  'exit_operation_exception',
  'exit_wait_state',
  'halt_wakeup',
  'deliver_ckc',
  'deliver_cputm',
  'deliver_external_call',
  'deliver_emergency_signal',
  'deliver_service_signal',
  'deliver_stop_signal',
  'deliver_restart_signal',
  'deliver_io',
  'deliver_machine_check',
  'instruction_lctl',
  'instruction_lctlg',
  'instruction_io_other',
  'instruction_pfmf',
  'instruction_sck',
  'instruction_stidp',
  'instruction_spx',
  'instruction_stpx',
  'instruction_stap',
  'instruction_iske',
  'instruction_rrbe',
  'instruction_sske',
  'instruction_stsi',
  'instruction_stfl',
  'instruction_tb',
  'instruction_tpi',
  'instruction_tsch',
  'instruction_sigp_sense',
  'instruction_sigp_sense_running',
  'instruction_sigp_external_call',
  'instruction_sigp_emergency',
  'instruction_sigp_cond_emergency',
  'instruction_sigp_start',
  'instruction_sigp_stop',
  'instruction_sigp_stop_store_status',
  'instruction_sigp_store_status',
  'instruction_sigp_arch',
  'instruction_sigp_prefix',
  'instruction_sigp_restart',
  'instruction_sigp_init_cpu_reset',
  'instruction_sigp_cpu_reset',
  'instruction_sigp_unknown',
  'instruction_diagnose_10',
  'instruction_diagnose_44',
  'instruction_diagnose_9c',
  'instruction_diagnose_258',
  'instruction_diagnose_308',
  'instruction_diagnose_500',
  'instruction_diagnose_other',
] as const;

/** The name of a statistic. */
export type VcpuStatistic = (typeof VCPU_STATISTICS)[number];

/** The counts of one virtual CPU, by name. */
export type VcpuCounts = Record<VcpuStatistic, number>;

/** Returns counts of 0. */
export function makeCounts(): VcpuCounts {
  return Object.fromEntries(VCPU_STATISTICS.map((name) => [name, 0])) as VcpuCounts;
}
