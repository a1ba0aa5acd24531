/** The address space of a process as system calls see it: its `Mm`, and what Linux keeps in mm_struct besides mappings. */

import type { Mm } from '../../mm/index.ts';
import type { Dentry } from '../files/index.ts';
import type { LateStores } from './late-stores.ts';
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

/** The program that is executed. */
export interface ExecutedProgram {
  /** Its path. */
  readonly path: string;
  /** Its file: nobody may write it meanwhile. */
  readonly file: { denyWrites(): void; allowWrites(): void };
  readonly dentry: Dentry;
}

/** An address space. Threads share it, and a child of vfork until it executes another program. */
export class AddressSpace {
  readonly mm: Mm;
  readonly memory: UserMemory;
  readonly layout: ProgramLayout;
  /** The end of the heap. */
  brk: number;
  readonly #program: ExecutedProgram | null;
  readonly #lateStores: LateStores | null;
  #users = 1;

  /**
   * @param program null before the first one is executed. Its file's `allowWrites` is called at the end
   * @param lateStores see `UserMemory`
   */
  constructor(
    mm: Mm,
    layout: ProgramLayout,
    program: ExecutedProgram | null,
    lateStores: LateStores | null = null,
    brk = layout.brkStart,
  ) {
    this.mm = mm;
    this.memory = new UserMemory(mm, lateStores);
    this.#lateStores = lateStores;
    this.layout = layout;
    this.#program = program;
    this.brk = brk;
  }

  /** The path of the program. */
  get executable(): string {
    return this.#program?.path ?? '';
  }

  /** The name of the program, or null. */
  get program(): Dentry | null {
    return this.#program?.dentry ?? null;
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
    this.#program?.file.allowWrites();
  }

  /** Returns a copy for the child of a fork. @param id the number of the process. @throws LinuxError ENOMEM */
  fork(id: number): AddressSpace {
    const copy = new AddressSpace(this.mm.fork(id), this.layout, this.#program, this.#lateStores, this.brk);
    this.#program?.file.denyWrites();
    return copy;
  }
}
