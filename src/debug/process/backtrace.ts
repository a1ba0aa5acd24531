/** Finds the functions that a thread is in: by the frames that compilers describe in .eh_frame, else by the back chain. */

import { LinuxError } from '../../host/index.ts';
import type { Registers, Thread } from '../../host/task/internal.ts';
import { callerOf, FLOATING_ORDER } from '../dwarf/call-frames.ts';
import type { ProgramPlace, ProgramSymbols } from './program-symbols.ts';

const STACK_POINTER = 15;
const RETURN_ADDRESS = 14;
/** Where a stack frame has the register 14 of its function: s390x ELF ABI. */
const SAVED_R14 = 112;
/** Addresses of programs end here. */
const ADDRESS_END = 2 ** 42;

/** A function that has called another one. */
export interface CallingFrame {
  /** Where the call returns to. */
  readonly address: number;
  /** The place of the call: the last byte of its instruction. */
  readonly call: ProgramPlace;
}

/**
 * Returns the callers of the function that a thread is in, the innermost first.
 * @param registers of the thread
 * @param most how many
 */
export function backtrace(
  thread: Thread,
  registers: Registers,
  symbols: ProgramSymbols,
  most: number,
): CallingFrame[] {
  const frames: CallingFrame[] = [];
  const unwinder = new Unwinder(thread, registers, symbols);
  while (frames.length < most) {
    const address = unwinder.next();
    if (address === null) break;
    frames.push({ address, call: symbols.placeOf(address - 1) });
  }
  return frames;
}

class Unwinder {
  readonly #thread: Thread;
  readonly #symbols: ProgramSymbols;
  /** The registers of the function, by their DWARF numbers. */
  readonly #registers: number[];
  /** An address in the function. */
  #place: ProgramPlace;
  #isFirst = true;

  constructor(thread: Thread, registers: Registers, symbols: ProgramSymbols) {
    this.#thread = thread;
    this.#symbols = symbols;
    this.#registers = [
      ...Array.from({ length: 16 }, (_, n) => registers.unsigned(n)),
      ...FLOATING_ORDER.map((n) => Number(registers.fr[n])),
    ];
    this.#place = symbols.placeOf(registers.address);
  }

  /** Goes to the caller. Returns where the call returns to, or null if there is none. */
  next(): number | null {
    const stack = this.#registers[STACK_POINTER] as number;
    const address = this.#described() ?? this.#chained();
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (address === null || !(address > 0 && address < ADDRESS_END)) return null;
    this.#place = this.#symbols.placeOf(address - 1);
    if (this.#place.path === null && !isFirst) return null;
    // Only a function that calls none has the stack frame of its caller.
    const moved = this.#registers[STACK_POINTER] as number;
    return moved > stack || (isFirst && moved === stack) ? address : null;
  }

  /** By the description of the function. */
  #described(): number | null {
    const section = this.#symbols.framesOf(this.#place);
    const { linked } = this.#place;
    if (section === null || linked === null) return null;
    const caller = callerOf(section, {
      address: linked,
      register: (n) => this.#registers[n] as number,
      memory: (address) => this.#memory(address),
    });
    if (caller === null) return null;
    for (const [register, value] of caller.registers) this.#registers[register] = value;
    return caller.address;
  }

  /** By register 14 in the function that is executed, and by the back chain in others. */
  #chained(): number | null {
    if (this.#isFirst) return this.#registers[RETURN_ADDRESS] as number;
    const stack = this.#registers[STACK_POINTER] as number;
    const chained = this.#memory(stack);
    if (chained === null || chained <= stack) return null;
    const address = this.#memory(chained + SAVED_R14);
    this.#registers[STACK_POINTER] = chained;
    return address;
  }

  #memory(address: number): number | null {
    if (!(address >= 0 && address < ADDRESS_END)) return null;
    try {
      return this.#thread.space.memory.u64(address);
    } catch (error) {
      if (error instanceof LinuxError) return null;
      throw error;
    }
  }
}
