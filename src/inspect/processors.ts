/**
 * Processors: their registers, their cached translations, and the code around the instruction address.
 */

import { Host, Vcpu } from '../host/index.ts';
import { demandInstance } from '../host/internal.ts';
import {
  AbsoluteEntries,
  absoluteAddress,
  type Cpu,
  disassemble,
  EDAT,
  instructionLength,
  PSW,
  type Storage,
  type Tlb,
  Walk,
} from '../machine/index.ts';
import type { CachedTranslation, Line, ProcessorState, Registers, TranslationBuffer } from './answers.ts';
import { pswFields } from './fields.ts';
import { GuestRegisters } from './guest-registers.ts';
import { explainOwnWalk, type OwnTables } from './walk.ts';

/** Instructions shown before and after the instruction address. */
const LINES_BEFORE = 6;
const LINES_AFTER = 12;
/** Length of the longest instruction in bytes. */
const LONGEST = 6;

/**
 * Returns the state of a processor.
 * @param vcpu the virtual CPU that runs on it, whose registers are shown instead, or null
 * @throws LinuxError EINVAL for a processor or a virtual CPU of another host; ENOENT for one that was destroyed
 */
export function processorState(host: Host, cpu: Cpu, vcpu: Vcpu | null): ProcessorState {
  demandInstance('host', host, Host);
  host.kernel.demandOwnCpu(cpu);
  if (vcpu !== null) {
    demandInstance('vcpu', vcpu, Vcpu);
    host.kernel.demandOwn('virtual CPU', vcpu.life);
    vcpu.life.demand();
  }
  const { storage } = host.machine;
  return {
    address: cpu.address,
    executed: cpu.executed,
    gmap: host.running.get(cpu.address)?.id ?? null,
    registers: vcpu === null ? ownRegisters(host, cpu) : guestRegisters(host, cpu, vcpu),
    host: bufferOf(cpu.tlb, new Walk(new AbsoluteEntries(storage))),
    guest: bufferOf(cpu.guestTlb, null),
  };
}

function ownRegisters(host: Host, cpu: Cpu): Registers {
  const { pswMask, pswAddress } = cpu;
  return {
    general: [...cpu.gr],
    control: [...cpu.cr],
    access: [...cpu.ar],
    floating: [...cpu.fr],
    prefix: BigInt(cpu.prefix),
    pswMask,
    pswAddress,
    psw: pswFields(pswMask),
    code: processCode(host, cpu),
  };
}

/** Returns the instructions of the process that a processor executes, or none if it executes none. */
function processCode({ processes, machine }: Host, cpu: Cpu): Line[] {
  const { cr, pswMask, pswAddress } = cpu;
  const asce = cr[1] as bigint;
  const isProcess = [...processes].some((mm) => mm.asce === asce);
  if (!isProcess || (pswMask & PSW.DAT) === 0n || (pswMask & PSW.PROBLEM) === 0n) return [];
  return codeAround((at) => processHalfword(machine.storage, asce, at), pswAddress);
}

/** Reads two bytes of a process. Returns null if an access would fault: no fault is resolved. */
function processHalfword(storage: Storage, asce: bigint, logical: bigint): number | null {
  return halfwordBehind(
    storage,
    [Number(asce >> 32n), Number(asce & 0xffff_ffffn)],
    BigInt.asUintN(64, logical),
  );
}

const REGISTERS = Array.from({ length: 16 }, (_, n) => n);

function guestRegisters(host: Host, cpu: Cpu, vcpu: Vcpu): Registers {
  const registers = new GuestRegisters(host, cpu, vcpu);
  const { pswMask, pswAddress } = registers;
  return {
    general: REGISTERS.map((n) => registers.general(n)),
    control: REGISTERS.map((n) => registers.control(n)),
    access: REGISTERS.map((n) => registers.access(n)),
    floating: REGISTERS.map((n) => registers.floating(n)),
    prefix: BigInt(registers.prefix),
    pswMask,
    pswAddress,
    psw: pswFields(pswMask),
    code: codeAround(guestReader(host.machine.storage, vcpu, ownTablesOf(cpu, vcpu)), pswAddress),
  };
}

/**
 * Returns the tables by which a guest translates instruction addresses, or null if its DAT is off.
 * @param cpu the processor that runs the virtual CPU, or ran it last
 * @throws LinuxError EINVAL for a value that is not a virtual CPU, or for a processor of another host
 */
export function ownTablesOf(cpu: Cpu, vcpu: Vcpu): OwnTables | null {
  demandInstance('vcpu', vcpu, Vcpu);
  vcpu.life.kernel.demandOwnCpu(cpu);
  const interpreting = cpu.sie !== null;
  const mask = interpreting ? cpu.pswMask : vcpu.block.pswMask;
  if ((mask & PSW.DAT) === 0n) return null;
  const control = (n: number) => (interpreting ? (cpu.cr[n] as bigint) : vcpu.control(n));
  const home = (mask >> 46n) & 3n;
  return {
    asce: control(home === 3n ? 13 : 1),
    edat: cpu.edatBy(Number(control(0) & 0xffff_ffffn)),
    prefix: interpreting ? cpu.prefix : vcpu.block.prefix,
  };
}

/** Returns the instructions around an address, unless reading them would fault. */
function codeAround(read: HalfwordReader, address: bigint): Line[] {
  const before = linesBefore(read, address);
  const after = linesFrom(read, address, LINES_AFTER);
  return [...before, ...after];
}

/** Reads two bytes. Returns null if they cannot be read. */
type HalfwordReader = (address: bigint) => number | null;

function linesFrom(read: HalfwordReader, from: bigint, count: number): Line[] {
  const lines: Line[] = [];
  for (let at = from; lines.length < count; ) {
    const line = lineAt(read, at);
    if (line === null) break;
    lines.push(line);
    at += BigInt(line.bytes.length / 2);
  }
  return lines;
}

/**
 * Returns the instructions before an address. Instructions are 2, 4 or 6 bytes long, so this is a guess: the longest
 * sequence that ends at the address and contains no unknown code.
 */
function linesBefore(read: HalfwordReader, address: bigint): Line[] {
  for (let back = LINES_BEFORE * LONGEST; back > 0; back -= 2) {
    const from = address - BigInt(back);
    if (from < 0n) continue;
    const lines: Line[] = [];
    let at = from;
    while (at < address) {
      const line = lineAt(read, at);
      if (line === null || line.text.startsWith('.')) break;
      lines.push(line);
      at += BigInt(line.bytes.length / 2);
    }
    if (at === address) return lines.slice(-LINES_BEFORE);
  }
  return [];
}

function lineAt(read: HalfwordReader, address: bigint): Line | null {
  const first = read(address);
  if (first === null) return null;
  const halfwords = [first];
  for (let i = 2; i < instructionLength(first >>> 8); i += 2) {
    const halfword = read(address + BigInt(i));
    if (halfword === null) return null;
    halfwords.push(halfword);
  }
  const w = ((first << 16) | (halfwords[1] ?? 0)) >>> 0;
  return {
    address,
    bytes: halfwords.map((halfword) => halfword.toString(16).padStart(4, '0')).join(''),
    text: disassemble(w, halfwords[2] ?? 0, address),
  };
}

/** Reads code of a guest. */
function guestReader(storage: Storage, vcpu: Vcpu, own: OwnTables | null): HalfwordReader {
  return (address) => guestHalfword(storage, vcpu, own, address);
}

/** Reads two bytes at a logical address of a guest. Returns null if an access would fault: no fault is resolved. */
function guestHalfword(storage: Storage, vcpu: Vcpu, own: OwnTables | null, logical: bigint): number | null {
  const { asce, asceHi, asceLo } = vcpu.vm.gmap;
  const address = BigInt.asUintN(64, logical);
  const guest =
    own === null
      ? absoluteAddress(address, vcpu.block.prefix)
      : explainOwnWalk(storage, asce, own, address).absolute;
  if (guest === null) return null;
  return halfwordBehind(storage, [asceHi, asceLo], guest);
}

/** Reads two bytes at an address that an address-space-control element, given in halves, translates. Returns null if it faults. */
function halfwordBehind(
  storage: Storage,
  [asceHi, asceLo]: readonly [number, number],
  address: bigint,
): number | null {
  const walk = new Walk(new AbsoluteEntries(storage));
  if (walk.to(asceHi, asceLo, Number(address >> 12n), EDAT.EDAT_2) !== 0) return null;
  const at = walk.frame * 4096 + Number(address & 0xfffn);
  return storage.has(at, 2) ? storage.get16(at) : null;
}

/**
 * Returns the contents of a buffer.
 * @param walk translates the page of each entry again, to find stale ones; null for a guest's own buffer, whose entries
 *   are not compared with its tables
 */
function bufferOf(tlb: Tlb, walk: Walk | null): TranslationBuffer {
  const entries: CachedTranslation[] = [];
  for (let slot = 0; slot < tlb.pages.length; slot++) {
    const page = tlb.pages[slot] as number;
    if (page < 0) continue;
    const asceHi = tlb.asceHi[slot] as number;
    const asceLo = tlb.asceLo[slot] as number;
    const table = tlb.tables[slot] as number;
    const isProtected = tlb.protect[slot] === 1;
    const frame = tlb.frames[slot] as number;
    entries.push({
      slot,
      page,
      asce: (BigInt(asceHi) << 32n) | BigInt(asceLo),
      frame: BigInt(frame) << 12n,
      table: table < 0 ? null : BigInt(table) << 11n,
      protected: isProtected,
      stale:
        walk !== null &&
        (walk.to(asceHi, asceLo, page, EDAT.EDAT_2) !== 0 ||
          walk.frame !== frame ||
          walk.protect !== isProtected),
    });
  }
  return { hits: tlb.hits, misses: tlb.misses, entries };
}
