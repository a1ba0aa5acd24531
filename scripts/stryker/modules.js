/**
 * The modules that StrykerJS changes, and the tests that have to notice. The tests are those beside the module and those
 * that use it most: with all of them a change that nothing notices would take minutes.
 */

const HOST = ['src/host/**/*.test.ts', 'src/check/*.test.ts'];
const MACHINE = [
  'src/machine/*.test.ts',
  'src/machine/dat/*.test.ts',
  'src/machine/cpu/!(recorded|disassemble).test.ts',
];

/** Sources: files and folders; tests: globs; all relative to the root. */
export const MODULES = {
  tlb: { sources: ['src/machine/tlb.ts'], tests: MACHINE },
  dat: { sources: ['src/machine/dat'], tests: MACHINE },
  protection: { sources: ['src/machine/cpu/protection.ts'], tests: MACHINE },
  // Access is what recorded instructions do most.
  access: { sources: ['src/machine/cpu/access.ts'], tests: ['src/machine/**/*.test.ts'] },
  sie: { sources: ['src/machine/sie.ts'], tests: [...MACHINE, 'src/host/kvm/*.test.ts'] },
  elf: { sources: ['src/vmm/elf.ts'], tests: ['src/vmm/*.test.ts'] },
  sclp: { sources: ['src/vmm/sclp.ts'], tests: ['src/vmm/*.test.ts'] },
  gmap: { sources: ['src/host/gmap'], tests: HOST },
  mm: { sources: ['src/host/mm'], tests: HOST },
  kvm: { sources: ['src/host/kvm'], tests: [...HOST, 'src/vmm/*.test.ts'] },
  /** All rooms of the library, those above too: more than can be tried, so that a sample is. */
  sample: {
    sources: ['check', 'host', 'inspect', 'machine', 'player', 'scenario', 'trace', 'vmm'].map(
      (room) => `src/${room}`,
    ),
    tests: ['src/**/*.test.ts'],
  },
};
