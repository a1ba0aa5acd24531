/**
 * The registers of a z/Architecture CPU as GDB knows them: the features `org.gnu.gdb.s390.core`, `.acr`, `.fpr` and `.cr`, and
 * the numbers that follow from their order (GDB manual, "S/390 and System z Features").
 */

import type { TargetDescription, TargetRegister } from './target.ts';

interface Register extends TargetRegister {
  readonly type: string;
  readonly group: string;
}

interface Feature {
  readonly name: string;
  readonly registers: readonly Register[];
}

const sixteen = (prefix: string, bits: 32 | 64, type: string, group: string): Register[] =>
  Array.from({ length: 16 }, (_, n) => ({ name: `${prefix}${n}`, bits, type, group }));

const FEATURES: readonly Feature[] = [
  {
    name: 'core',
    registers: [
      { name: 'pswm', bits: 64, type: 'uint64', group: 'psw' },
      { name: 'pswa', bits: 64, type: 'uint64', group: 'psw' },
      ...sixteen('r', 64, 'uint64', 'general'),
    ],
  },
  { name: 'acr', registers: sixteen('acr', 32, 'uint32', 'access') },
  {
    name: 'fpr',
    registers: [
      { name: 'fpc', bits: 32, type: 'uint32', group: 'float' },
      ...sixteen('f', 64, 'ieee_double', 'float'),
    ],
  },
  { name: 'cr', registers: sixteen('cr', 64, 'uint64', 'control') },
];

function xmlOf(features: readonly Feature[], system: readonly string[] = []): string {
  const lines = features.flatMap(({ name, registers }) => [
    `  <feature name="org.gnu.gdb.s390.${name}">`,
    ...registers.map(
      ({ name: register, bits, type, group }) =>
        `    <reg name="${register}" bitsize="${bits}" type="${type}" group="${group}"/>`,
    ),
    '  </feature>',
  ]);
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
    '<target version="1.0">',
    '  <architecture>s390:64-bit</architecture>',
    ...system,
    ...lines,
    '</target>',
    '',
  ].join('\n');
}

/** The registers of a z/Architecture CPU. */
export const S390X: TargetDescription = {
  registers: FEATURES.flatMap(({ registers }) => registers),
  programCounter: 1,
  xml: xmlOf(FEATURES),
};

const OF_PROGRAMS = FEATURES.filter(({ name }) => name !== 'cr');

/** The registers of a Linux program. They have the same numbers. */
export const S390X_LINUX: TargetDescription = {
  registers: OF_PROGRAMS.flatMap(({ registers }) => registers),
  programCounter: 1,
  xml: xmlOf(OF_PROGRAMS, ['  <osabi>GNU/Linux</osabi>']),
};

/** The numbers of the registers, and those of the first of each sixteen. */
export const S390X_REGISTER = {
  PSW_MASK: 0,
  PSW_ADDRESS: 1,
  GENERAL: 2,
  ACCESS: 18,
  FPC: 34,
  FLOATING: 35,
  CONTROL: 51,
} as const;
