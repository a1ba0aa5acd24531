/**
 * Replays a recorded case: sets up a processor as the case says, runs its code, and says what changed in the words of the
 * fixture. Every case ends in an interruption, at the latest at the zeros after the code.
 */

import type { Stop } from '../cpu/stop.ts';
import type { Cpu } from '../engine/cpu.ts';
import { isAccessRegisterException, PGM, storesWord } from '../interruption.ts';
import { Machine } from '../machine.ts';

/** State and changes of a case, in the words of the fixture. */
export type State = Readonly<Record<string, string | number | Record<string, string>>>;
/** A line of a fixture. It may end with the name of a deviation. */
export type Case = readonly [mnemonic: string, asm: string, code: string, state: State, changed: State];

const ARENA = 0x20e00;
const ARENA_SIZE = 0x400;
const FIRST_KEY = 0x20;
const DEFAULT_KEY = 0x06;
const STORAGE_SIZE = 0x20_0000;
/** The number of instructions after which a case has failed to end. */
const LIMIT = 20_000;

const GPR_DEFAULT = Array.from({ length: 16 }, (_, n) => BigInt(`0x${n.toString(16).repeat(16)}`));
const FPR_DEFAULT = Array.from({ length: 16 }, (_, n) => BigInt(`0x4${n.toString(16).repeat(15)}`));
const CR_DEFAULT = Array.from({ length: 16 }, (_, n) => (n === 0 ? 0x4_00e0n : n === 14 ? 0xc200_0000n : 0n));

/** Program-interruption codes that store a translation-exception identification. */
const IDENTIFIED = new Set<number>([0x04, 0x10, 0x11, 0x38, 0x39, 0x3a, 0x3b]);

const arenaByte = (i: number) => (i < 0x100 ? 0 : (i * 37 + (i >> 5) * 11 + 5) & 0xff);

function bits(state: State, name: string, missing: bigint): bigint {
  return state[name] === undefined ? missing : BigInt(`0x${state[name]}`);
}

function pswMask(state: State): bigint {
  const {
    cc = 0,
    pm = 0,
    mode = 64,
    problem = 0,
    key = 0,
    space = 0,
    system = 0,
  } = state as Record<string, number>;
  const hi =
    system * 2 ** 24 + key * 2 ** 20 + problem * 2 ** 16 + space * 2 ** 14 + cc * 2 ** 12 + pm * 2 ** 8;
  return (BigInt(hi) << 32n) | (mode === 64 ? 0x1_8000_0000n : mode === 31 ? 0x8000_0000n : 0n);
}

function arenaOf(code: string, state: State): Uint8Array {
  const arena = Uint8Array.from({ length: ARENA_SIZE }, (_, i) => arenaByte(i));
  arena.set(bytesOf(code), 0);
  for (const [address, hex] of Object.entries((state['m'] ?? {}) as Record<string, string>)) {
    arena.set(bytesOf(hex), Number.parseInt(address, 16) - ARENA);
  }
  return arena;
}

function prepare(cpu: Cpu, code: string, state: State): void {
  cpu.reset();
  cpu.interruptions = 'report';
  cpu.storage.write(ARENA, arenaOf(code, state));
  cpu.setPsw(pswMask(state), BigInt(ARENA));
  for (let n = 0; n < 16; n++) {
    cpu.gr[n] = bits(state, `r${n}`, GPR_DEFAULT[n] as bigint);
    cpu.fr[n] = bits(state, `f${n}`, FPR_DEFAULT[n] as bigint);
    cpu.ar[n] = Number(bits(state, `a${n}`, BigInt(n * 0x0101_0101)));
    cpu.setControl(n, bits(state, `c${n}`, CR_DEFAULT[n] as bigint));
  }
  cpu.fpc = Number(bits(state, 'fpc', 0n));
  cpu.storage.keys[FIRST_KEY] = (state['k0'] as number | undefined) ?? DEFAULT_KEY;
  cpu.storage.keys[FIRST_KEY + 1] = (state['k1'] as number | undefined) ?? DEFAULT_KEY;
}

/** Returns the changes of the run, in the format of the fixtures. */
function changes(cpu: Cpu, stop: Stop, code: string, state: State): State {
  const out: Record<string, string | number | Record<string, string>> = {};
  const differ = (name: string, value: bigint, before: bigint) => {
    if (value !== before) out[name] = value.toString(16);
  };
  for (let n = 0; n < 16; n++) {
    differ(`r${n}`, cpu.gr[n] as bigint, bits(state, `r${n}`, GPR_DEFAULT[n] as bigint));
    differ(`f${n}`, cpu.fr[n] as bigint, bits(state, `f${n}`, FPR_DEFAULT[n] as bigint));
    differ(`a${n}`, BigInt(cpu.ar[n] as number), bits(state, `a${n}`, BigInt(n * 0x0101_0101)));
    differ(`c${n}`, cpu.cr[n] as bigint, bits(state, `c${n}`, CR_DEFAULT[n] as bigint));
  }
  Object.assign(out, ending(cpu, stop, state));
  if ((Number(out['pgm'] ?? 0) & ~PGM.PER) !== PGM.DATA)
    differ('fpc', BigInt(cpu.fpc), bits(state, 'fpc', 0n));
  differ('prefix', BigInt(cpu.prefix), 0n);
  for (const n of [0, 1]) {
    const key = cpu.storage.keys[FIRST_KEY + n] as number;
    if (key !== ((state[`k${n}`] as number | undefined) ?? DEFAULT_KEY)) out[`k${n}`] = key;
  }
  const memory = differences(arenaOf(code, state), cpu.storage.read(ARENA, ARENA_SIZE));
  if (Object.keys(memory).length > 0) out['m'] = memory;
  return out;
}

/** Returns how the case ended, unless it ended at the zeros after its code. */
function ending(cpu: Cpu, stop: Stop, state: State): State {
  const out: Record<string, string | number> = {};
  let address = cpu.pswAddress;
  if (stop.reason !== 'interruption') {
    out['stop'] = stop.reason;
  } else if (stop.interruption.class === 'supervisor-call') {
    out['svc'] = stop.interruption.code;
  } else {
    const { code, length } = stop.interruption;
    if (code === PGM.OPERATION && length === 2) address -= 2n;
    else Object.assign(out, { pgm: code, ilc: length });
    if (state['teid'] && IDENTIFIED.has(code)) out['teid'] = stop.interruption.teid.toString(16);
    if ((code & ~PGM.PER) === PGM.DATA) out['dxc'] = cpu.dataExceptionCode;
    if (code & PGM.PER) {
      const { code: events, atmid, address: perAt } = cpu.eventIndication;
      Object.assign(out, { per: ((events << 8) | atmid).toString(16), perAt: perAt.toString(16) });
    }
    if (storesWord(code)) out['id'] = cpu.teidLo.toString(16);
    if (isAccessRegisterException(code) || code === PGM.ASTE_INSTANCE) out['access'] = cpu.exceptionAccess;
  }
  if (cpu.pswMask === pswMask({ ...state, cc: cpu.cc })) {
    if (cpu.cc !== (state['cc'] ?? 0)) out['cc'] = cpu.cc;
  } else {
    out['psw'] = cpu.pswMask.toString(16);
  }
  out['at'] = address.toString(16);
  return out;
}

function differences(before: Uint8Array, after: Uint8Array): Record<string, string> {
  const runs: Record<string, string> = {};
  for (let i = 0; i < before.length; i++) {
    if (before[i] === after[i]) continue;
    let end = i + 1;
    while (end < before.length && before[end] !== after[end]) end++;
    runs[(ARENA + i).toString(16)] = hexOf(after.subarray(i, end));
    i = end;
  }
  return runs;
}

/** A processor for `replay`, with storage for the cases. */
export function replayCpu(): Cpu {
  return new Machine({ storageSize: STORAGE_SIZE, tod: 1n << 40n }).cpu(0);
}

/** Returns what a case changes when the processor executes it. */
export function replay(cpu: Cpu, [, , code, state]: Case): State {
  prepare(cpu, code, state);
  const stop = cpu.run(LIMIT);
  return changes(cpu, stop, code, state);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16),
  );
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
