/** Control instructions for the PSW, control and access registers, prefix and CPU identification. Principles of Operation, chapter 10. */

import { CR0 } from '../control-registers.ts';
import { STORE } from '../cpu/access.ts';
import type { Processor } from '../cpu/processor.ts';
import { SPACE } from '../cpu/state.ts';
import { MACHINE_TYPE } from '../cpu-model.ts';
import { PGM } from '../interruption.ts';
import { homeSwitch } from './asn.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { registers, type Words } from './load.ts';
import { aligned, fetch64, load8, load32, X, XL } from './operands.ts';
import { storeDoublewords, storeWords } from './store.ts';

/** Bit 12 of a short PSW, which is one. */
const SHORT_PSW = 0x0008_0000;

/** LOAD PSW: a short PSW, 64 bits. */
function lpsw(c: Processor): void {
  aligned(c, 8);
  fetch64(c, X);
  const hi = c.op32[XL + 1] as number;
  const lo = c.op32[XL] as number;
  if (!(hi & SHORT_PSW)) c.program(PGM.SPECIFICATION);
  c.breakingEvent();
  c.enterPsw((hi & ~SHORT_PSW) >>> 0, (lo & 0x8000_0000) >>> 0, 0, lo & 0x7fff_ffff);
}

const PSW = new Uint8Array(16);
const PSW_VIEW = new DataView(PSW.buffer);

/** LOAD PSW EXTENDED: 128 bits. */
function lpswe(c: Processor): void {
  fetchPsw(c);
  c.breakingEvent();
  enterFetched(c);
}

/** LOAD PSW EXTENDED, without a breaking event. */
export function loadPswExtended(c: Processor): void {
  fetchPsw(c);
  enterFetched(c);
}

function fetchPsw(c: Processor): void {
  aligned(c, 8);
  c.fetchBytes(c.eaHi, c.eaLo, 16, PSW);
}

function enterFetched(c: Processor): void {
  c.enterPsw(PSW_VIEW.getUint32(0), PSW_VIEW.getUint32(4), PSW_VIEW.getUint32(8), PSW_VIEW.getUint32(12));
}

/** The bits of the system mask for I/O and external interruptions. */
const INTERRUPTIONS = 0x03;

/** Makes a system mask current. Bits that must be zero and are not lead to an early exception. */
function enterMask(c: Processor, mask: number): void {
  const changed = c.systemMask ^ mask;
  if ((changed & ~INTERRUPTIONS) === 0) {
    c.setInterruptionMasks(mask);
  } else {
    c.enterPsw(((c.pswHi & 0x00ff_ffff) | (mask << 24)) >>> 0, c.pswLo, c.iaHi, c.iaLo, c.length);
  }
}

function ssm(c: Processor): void {
  if (c.cr0 & CR0.SSM_SUPPRESSION) c.program(PGM.SPECIAL_OPERATION);
  enterMask(c, load8(c));
}

/** STORE THEN AND SYSTEM MASK. */
function stnsm(c: Processor, i: number): void {
  const mask = c.systemMask;
  c.store8(c.eaHi, c.eaLo, mask);
  enterMask(c, mask & i);
}

/** STORE THEN OR SYSTEM MASK. */
function stosm(c: Processor, i: number): void {
  const mask = c.systemMask;
  c.store8(c.eaHi, c.eaLo, mask);
  enterMask(c, mask | i);
}

const BYTES = new Uint8Array(128);
const VIEW = new DataView(BYTES.buffer);

const CONTROL_REGISTERS: Words = { array: (c) => c.cr32, stride: 2, index: 0 };

/** LOAD CONTROL, 32 bits each. */
function lctl(c: Processor, first: number, last: number): void {
  aligned(c, 4);
  const count = registers(first, last);
  c.fetchBytes(c.eaHi, c.eaLo, count * 4, BYTES);
  for (let i = 0; i < count; i++) {
    const r = (first + i) & 15;
    c.setControl(r, ((c.cr[r] as bigint) & 0xffff_ffff_0000_0000n) | BigInt(VIEW.getUint32(i * 4)));
  }
}

function lctlg(c: Processor, first: number, last: number): void {
  aligned(c, 8);
  const count = registers(first, last);
  c.fetchBytes(c.eaHi, c.eaLo, count * 8, BYTES);
  for (let i = 0; i < count; i++) c.setControl((first + i) & 15, VIEW.getBigUint64(i * 8));
}

/** Returns whether the configuration has storage for a prefix area. */
export function prefixAvailable(c: Processor, prefix: number): boolean {
  if (c.sie === null) return c.storage.has(prefix, 0x2000);
  return prefix / 0x1000 + 2 <= c.sie.pages;
}

/** SET PREFIX. */
function spx(c: Processor): void {
  aligned(c, 4);
  const prefix = load32(c) & 0x7fff_e000;
  if (!prefixAvailable(c, prefix)) c.program(PGM.ADDRESSING);
  c.setPrefix(prefix);
}

function stpx(c: Processor): void {
  aligned(c, 4);
  c.store32(c.eaHi, c.eaLo, c.prefix);
}

/** STORE CPU ADDRESS. */
function stap(c: Processor): void {
  aligned(c, 2);
  c.store16(c.eaHi, c.eaLo, c.address);
}

/** STORE CPU ID. */
function stidp(c: Processor): void {
  aligned(c, 8);
  c.probe(c.eaHi, c.eaLo, 8, STORE);
  c.op32[XL + 1] = c.address << 16;
  c.op32[XL] = MACHINE_TYPE[c.machine.cpuModel] << 16;
  c.store64(c.eaHi, c.eaLo, c.op[X] as bigint);
}

/** In the problem state, requires the PSW-key mask in control register 3 to permit a key. */
export function keyAllowed(c: Processor, key: number): void {
  if (c.problem && !((c.cr32[6] as number) & (0x8000_0000 >>> key))) c.program(PGM.PRIVILEGED_OPERATION);
}

/** In the problem state, requires extraction authority. */
export function extractionAuthority(c: Processor): void {
  if (c.problem && !(c.cr0 & CR0.EXTRACTION_AUTHORITY)) c.program(PGM.PRIVILEGED_OPERATION);
}

/** SET PSW KEY FROM ADDRESS. */
function spka(c: Processor): void {
  const key = (c.eaLo >>> 4) & 15;
  keyAllowed(c, key);
  c.setKey(key);
}

/** INSERT PSW KEY, into register 2. */
function ipk(c: Processor): void {
  extractionAuthority(c);
  c.gr32[4] = ((c.gr32[4] as number) & ~0xff) | (c.key << 4);
}

/** EXTRACT PSW. */
function epsw(c: Processor, a: number, b: number): void {
  const { pswHi, pswLo } = c;
  c.gr32[a * 2] = pswHi;
  if (b !== 0) c.gr32[b * 2] = pswLo;
}

/** INSERT ADDRESS SPACE CONTROL: inserts the two address-space-control bits of the PSW in reverse order. */
function iac(c: Processor, r: number): void {
  if (!c.dat) c.program(PGM.SPECIAL_OPERATION);
  extractionAuthority(c);
  const code = ((c.space & 1) << 1) | (c.space >>> 1);
  c.gr32[r * 2] = (c.low(r) & ~0xff00) | (code << 8);
  c.cc = code;
}

/** The spaces by the codes of SET ADDRESS SPACE CONTROL. */
const SPACES = [SPACE.PRIMARY, SPACE.SECONDARY, SPACE.ACCESS_REGISTER, SPACE.HOME] as const;

/**
 * SET ADDRESS SPACE CONTROL. Entering or leaving the home space is a space-switch event if the primary or the home space has
 * the control for it.
 */
function sac(c: Processor): void {
  const code = (c.eaLo >>> 8) & 15;
  if (!c.dat || !(c.cr0 & CR0.SECONDARY_SPACE)) c.program(PGM.SPECIAL_OPERATION);
  const space = SPACES[code];
  if (space === undefined) c.program(PGM.SPECIFICATION);
  if (space === SPACE.HOME && c.problem) c.program(PGM.PRIVILEGED_OPERATION);
  const from = c.space;
  c.setSpace(space);
  homeSwitch(c, from);
}

/** The bits of the operand address of EXTRACT CPU ATTRIBUTE that are zero when it asks for the cache topology. */
const TOPOLOGY = 0xff_fff0;

/** EXTRACT CPU ATTRIBUTE: at no level is there a cache, so that the topology is zeros, and its attributes are all ones. */
function ecag(c: Processor, r1: number): void {
  c.grs[r1] = c.eaLo & TOPOLOGY ? -1n : 0n;
}

/** MONITOR CALL: a monitor event if control register 8 enables the class. */
function mc(c: Processor, monitorClass: number): void {
  if (monitorClass > 15) c.program(PGM.SPECIFICATION);
  if (!((c.cr32[16] as number) & (0x8000 >>> monitorClass))) return;
  c.monitorClass = monitorClass;
  c.monitorCode = (BigInt(c.eaHi) << 32n) | BigInt(c.eaLo);
  c.program(PGM.MONITOR_EVENT);
}

/** DIAGNOSE: without a host, no function code is defined. */
function diag(c: Processor): void {
  c.program(PGM.SPECIFICATION);
}

function notInstalled(c: Processor): void {
  c.program(PGM.OPERATION);
}

const INTERCEPTED = { privileged: true, intercept: ICTL.ALWAYS } as const;

// biome-ignore format: a line each
export const PSW_CONTROL: readonly InstructionLine[] = [
  ['LPSW', 'SI', 0x82, 'base', lpsw, { privileged: true, intercept: ICTL.LPSW }],
  ['LPSWE', 'S', 0xb2b2, 'zarch', lpswe, { privileged: true, intercept: ICTL.LPSW }],
  ['SSM', 'SI', 0x80, 'base', ssm, { privileged: true, intercept: ICTL.SSM }],
  ['STNSM', 'SI', 0xac, 'base', stnsm, { privileged: true, intercept: ICTL.STNSM }],
  ['STOSM', 'SI', 0xad, 'base', stosm, { privileged: true, intercept: ICTL.STOSM }],
  ['LCTL', 'RS', 0xb7, 'base', lctl, { privileged: true, loadsControls: true }],
  ['LCTLG', 'RSY', 0xeb2f, 'zarch', lctlg, { privileged: true, loadsControls: true }],
  ['STCTL', 'RS', 0xb6, 'base', (c, r1, r3) => storeWords(aligned(c, 4), CONTROL_REGISTERS, r1, r3), { privileged: true, intercept: ICTL.STCTL }],
  ['STCTG', 'RSY', 0xeb25, 'zarch', (c, r1, r3) => storeDoublewords(aligned(c, 8), c.cr32, r1, r3), { privileged: true, intercept: ICTL.STCTL }],
  ['SPX', 'S', 0xb210, 'base', spx, INTERCEPTED],
  ['STPX', 'S', 0xb211, 'base', stpx, INTERCEPTED],
  ['STAP', 'S', 0xb212, 'base', stap, INTERCEPTED],
  ['STIDP', 'S', 0xb202, 'base', stidp, INTERCEPTED],
  ['SPKA', 'S', 0xb20a, 'base', spka],
  ['IPK', 'S', 0xb20b, 'base', ipk],
  ['EPSW', 'RRE', 0xb98d, 'zarch', epsw],
  ['IAC', 'RRE', 0xb224, 'base', iac],
  ['SAC', 'S', 0xb219, 'base', sac],
  ['SACF', 'S', 0xb279, 'base', sac],
  ['MC', 'SI', 0xaf, 'base', mc],
  ['DIAG', 'RS', 0x83, 'base', diag, INTERCEPTED],
  ['SERVC', 'RRE', 0xb220, 'base', notInstalled, INTERCEPTED],
  ['EAR', 'RRE', 0xb24f, 'base', (c, r1, r2) => void (c.gr32[r1 * 2] = c.ar[r2] as number)],
  ['SAR', 'RRE', 0xb24e, 'base', (c, r1, r2) => void (c.ar[r1] = c.low(r2))],
  ['CPYA', 'RRE', 0xb24d, 'base', (c, r1, r2) => void (c.ar[r1] = c.ar[r2] as number)],
  ['PFD', 'RXY', 0xe336, 'gie', () => undefined],
  ['PFDRL', 'RIL', 0xc62, 'gie', () => undefined],
  ['BPP', 'SMI', 0xc7, 'mie1', () => undefined],
  ['BPRP', 'MII', 0xc5, 'mie1', () => undefined],
  ['NIAI', 'IE', 0xb2fa, 'mie1', () => undefined],
  // No function of PERFORM PROCESSOR ASSIST is installed: with any code it is a no-operation.
  ['PPA', 'RRF', 0xb2e8, 'mie1', () => undefined],
  ['ECAG', 'RSY', 0xeb4c, 'gie', ecag],
  ['LPP', 'S', 0xb280, 'program-parameter', (c) => void (c.programParameter = c.load64(aligned(c, 8).eaHi, c.eaLo)), { privileged: true }],
  // There is no ART-lookaside buffer to purge.
  ['PALB', 'RRE', 0xb248, 'base', () => undefined, { privileged: true, intercept: ICTL.PTLB }],
];

/** I/O instructions. This machine has no channel subsystem: they are intercepted, or an operation exception. */
const ABSENT = [
  ['CSCH', 0xb230],
  ['HSCH', 0xb231],
  ['MSCH', 0xb232],
  ['SSCH', 0xb233],
  ['STSCH', 0xb234],
  ['TSCH', 0xb235],
  ['TPI', 0xb236],
  ['SAL', 0xb237],
  ['RSCH', 0xb238],
  ['STCRW', 0xb239],
  ['STCPS', 0xb23a],
  ['RCHP', 0xb23b],
  ['SCHM', 0xb23c],
  ['XSCH', 0xb276],
] as const;

// biome-ignore format: a line each
export const INPUT_OUTPUT: readonly InstructionLine[] = [
  ...ABSENT.map(([name, opcode]): InstructionLine => [name, 'S', opcode, 'base', notInstalled, INTERCEPTED]),
  ['CHSC', 'RRE', 0xb25f, 'base', notInstalled, INTERCEPTED],
];
