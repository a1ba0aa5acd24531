/** The address space of a process as system calls see it: its `Mm`, and what Linux keeps in mm_struct besides mappings. */

import type { Mm } from '../../mm/index.ts';
import { UserMemory } from './user-memory.ts';

/** Where parts of a program are. Addresses in bytes. */
export interface ProgramLayout {
  /** The bounds of the heap at the start. */
  readonly brkStart: number;
  /** The initial stack pointer, and the arguments, environment and auxiliary vector above it. */
  readonly stackStart: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
  /** The auxiliary vector, as /proc/PID/auxv shows it. */
  readonly auxv: Uint8Array;
  /** The bounds of the stack's mapping. */
  readonly stackLow: number;
  readonly stackHigh: number;
  /** The page with the instructions that a signal handler returns to. */
  readonly trampoline: number;
  /** The first instruction. */
  readonly entry: number;
}

/** A file that is executed: nobody may write it meanwhile. */
export interface ExecutedFile {
  denyWrites(): void;
  allowWrites(): void;
}

/** An address space. Threads share it, and a child of vfork until it executes another program. */
export class AddressSpace {
  readonly mm: Mm;
  readonly memory: UserMemory;
  readonly layout: ProgramLayout;
  /** The end of the heap. */
  brk: number;
  /** The path of the program. */
  readonly executable: string;
  readonly #file: ExecutedFile | null;
  #users = 1;

  /** @param file the program, whose `allowWrites` is called at the end */
  constructor(
    mm: Mm,
    layout: ProgramLayout,
    executable: string,
    file: ExecutedFile | null,
    brk = layout.brkStart,
  ) {
    this.mm = mm;
    this.memory = new UserMemory(mm);
    this.layout = layout;
    this.executable = executable;
    this.#file = file;
    this.brk = brk;
  }

  get users(): number {
    return this.#users;
  }

  hold(): void {
    this.#users++;
  }

  /** A thread leaves it. The last one ends it. */
  release(): void {
    if (--this.#users > 0) return;
    if (!this.mm.ended) this.mm.exit();
    this.#file?.allowWrites();
  }

  /** Returns a copy for the child of a fork. @param id the number of the process. @throws LinuxError ENOMEM */
  fork(id: number): AddressSpace {
    const copy = new AddressSpace(this.mm.fork(id), this.layout, this.executable, this.#file, this.brk);
    this.#file?.denyWrites();
    return copy;
  }
}
