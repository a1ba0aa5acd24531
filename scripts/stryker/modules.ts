/**
 * The modules that StrykerJS mutates, and the tests that run against each: those beside the module and those that use it
 * most. Running all tests would take minutes for every mutant that survives.
 */

const HOST = ['src/host/**/!(fast-path-work).test.ts', 'src/check/*.test.ts'];
const MACHINE = [
  'src/machine/*.test.ts',
  'src/machine/dat/*.test.ts',
  'src/machine/cpu/*.test.ts',
  'src/machine/engine/*.test.ts',
  'src/machine/instructions/!(recorded|disassemble).test.ts',
];

/** A module that StrykerJS mutates. All paths are relative to the root. */
export interface MutatedModule {
  /** Source files and folders. */
  readonly sources: readonly string[];
  /** Globs of tests. */
  readonly tests: readonly string[];
}

const LIBRARY = [
  'analysis',
  'check',
  'devices',
  'host',
  'inspect',
  'machine',
  'net',
  'player',
  'scenario',
  'trace',
  'vmm',
];

export const MODULES: Readonly<Record<string, MutatedModule>> = {
  tlb: { sources: ['src/machine/tlb.ts'], tests: MACHINE },
  dat: { sources: ['src/machine/dat'], tests: MACHINE },
  protection: { sources: ['src/machine/cpu/protection.ts'], tests: MACHINE },
  // Access is what recorded instructions do most.
  access: { sources: ['src/machine/cpu/access.ts'], tests: ['src/machine/**/*.test.ts'] },
  sie: { sources: ['src/machine/sie.ts'], tests: [...MACHINE, 'src/host/kvm/*.test.ts'] },
  elf: { sources: ['src/vmm/elf.ts'], tests: ['src/vmm/*.test.ts'] },
  sclp: { sources: ['src/devices/sclp/sclp.ts'], tests: ['src/devices/sclp/*.test.ts', 'src/vmm/*.test.ts'] },
  net: { sources: ['src/net'], tests: ['src/net/**/*.test.ts'] },
  gmap: { sources: ['src/host/gmap'], tests: HOST },
  mm: { sources: ['src/host/mm'], tests: HOST },
  kvm: { sources: ['src/host/kvm'], tests: [...HOST, 'src/vmm/*.test.ts'] },
  /** The whole library, the modules above included. Too large to run in full: use --sample. */
  sample: {
    sources: LIBRARY.map((name) => `src/${name}`),
    tests: LIBRARY.map((name) => `src/${name}/**/*.test.ts`),
  },
};
