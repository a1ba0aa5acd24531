/** Runs sequences on this machine. The results have the form in which the harness writes those of another machine. */

import { type Cpu, Machine } from '../../src/machine/index.ts';
import {
  BLOCK_LENGTH,
  BLOCKS,
  CODE,
  FRAMES,
  FRAMES_LENGTH,
  KIND,
  LAYOUT,
  OUT,
  type State,
  TABLES,
} from './layout.ts';
import { tables } from './tables.ts';

/** The units of work after which a sequence loops. */
const LIMIT = 50_000;
const NEW_PSW = { [KIND.EXTERNAL]: 0x1b0, [KIND.SVC]: 0x1c0, [KIND.PROGRAM]: 0x1d0 } as const;
/** PSW bits 0 to 63 of a disabled wait in the 64-bit mode. */
const DISABLED_WAIT = 0x0002_0001_8000_0000n;

/** A machine for sequences. One serves for all. */
export class Here {
  readonly #cpu: Cpu = new Machine({ storageSize: 0x10_0000, tod: 1n << 40n }).cpu(0);

  constructor() {
    const { storage } = this.#cpu;
    storage.write(TABLES, tables());
    for (const [kind, address] of Object.entries(NEW_PSW)) {
      storage.set64(address, DISABLED_WAIT);
      storage.set64(address + 8, BigInt(kind));
    }
  }

  /** Runs a sequence. Returns its result, or null if it loops. */
  run(code: Uint8Array, state: State): Buffer | null {
    this.#prepare(code, state);
    const cpu = this.#cpu;
    const stop = cpu.run(LIMIT);
    if (stop.reason !== 'wait' || !stop.disabled) return null;
    return this.#result(Number(cpu.pswAddress));
  }

  #prepare(code: Uint8Array, state: State): void {
    const cpu = this.#cpu;
    const { storage } = cpu;
    cpu.reset('clear');
    storage.bytes.fill(0, 0x80, 0x1a0);
    storage.bytes.fill(0, FRAMES[0], FRAMES[0] + FRAMES_LENGTH);
    storage.write(CODE, code);
    for (const [i, at] of BLOCKS.entries()) {
      storage.write(at, state.data.subarray(i * BLOCK_LENGTH, (i + 1) * BLOCK_LENGTH));
    }
    for (let n = 0; n < 16; n++) {
      cpu.gr[n] = state.general[n] as bigint;
      cpu.fr[n] = state.floating[n] as bigint;
      cpu.ar[n] = state.access[n] as number;
      cpu.setControl(n, state.control[n] as bigint);
    }
    cpu.fpc = state.fpc;
    cpu.setClockComparator(2n ** 64n - 1n);
    cpu.setPsw(state.psw, BigInt(CODE));
  }

  #result(kind: number): Buffer {
    const cpu = this.#cpu;
    const { storage } = cpu;
    const result = Buffer.alloc(LAYOUT.resultSize);
    result.set(storage.read(0x80, 0x100), OUT.LOW);
    for (let n = 0; n < 16; n++) {
      result.writeBigUInt64BE(cpu.gr[n] as bigint, OUT.GENERAL + n * 8);
      result.writeBigUInt64BE(cpu.fr[n] as bigint, OUT.FLOATING + n * 8);
      result.writeUInt32BE(cpu.ar[n] as number, OUT.ACCESS + n * 4);
      result.writeBigUInt64BE(cpu.cr[n] as bigint, OUT.CONTROL + n * 8);
    }
    result.writeUInt32BE(cpu.fpc, OUT.FPC);
    result.writeUInt32BE(kind, OUT.KIND);
    result.writeUInt32BE(cpu.prefix, OUT.PREFIX);
    result.writeUInt32BE(checksum(storage.read(FRAMES[0], FRAMES_LENGTH)), OUT.SUM);
    for (const [i, at] of BLOCKS.entries()) {
      result.set(storage.read(at, BLOCK_LENGTH), OUT.DATA + i * BLOCK_LENGTH);
    }
    return result;
  }
}

/** The checksum that CKSM computes. */
function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    sum += view.getUint32(at);
    if (sum > 0xffff_ffff) sum -= 0xffff_ffff;
  }
  return sum;
}
