/** What a debugger debugs: threads with registers, in memory that they share: a guest, whose threads are its CPUs, or a process. */

/** A register, as GDB's target description has it. */
export interface TargetRegister {
  readonly name: string;
  /** Size in bits: 32 or 64. */
  readonly bits: 32 | 64;
}

/** The registers of a thread. */
export interface TargetDescription {
  /** In the order of their numbers in the protocol, from 0. */
  readonly registers: readonly TargetRegister[];
  /** The number of the register that has the address of the next instruction. */
  readonly programCounter: number;
  /** The target description, an XML document (GDB manual, "Target Descriptions"). */
  readonly xml: string;
}

/** A thread. */
export interface TargetThread {
  /** From 1 on. */
  readonly id: number;
  /** What it is and does, in a few words. */
  readonly description: string;
}

/** Where to stop: before an instruction at an address, or after an access to `length` bytes from an address on. */
export interface Point {
  readonly kind: 'software' | 'hardware' | 'write' | 'read' | 'access';
  readonly address: bigint;
  /** Bytes of an access, at least 1; of no meaning for instructions. */
  readonly length: number;
}

/** How to go on. The other threads run as well while one steps, unless `only` names those that run. */
export type Resume = ResumeThreads &
  (
    | { readonly kind: 'continue' | 'reverse-continue' }
    | { readonly kind: 'step' | 'reverse-step'; readonly thread: number }
  );

/** What threads do of which the target knows more than where they are. A guest ignores it. */
interface ResumeThreads {
  /** The threads that run; default all. */
  readonly only?: readonly number[];
  /** Signals that threads get, by the numbers that the protocol has for them. */
  readonly signals?: ReadonlyMap<number, number>;
}

/** Why the target stopped. */
export type StopReason =
  | { readonly kind: 'step' | 'interrupt' }
  /** A point was hit. @see Point */
  | { readonly kind: 'point'; readonly point: Point; readonly address: bigint }
  /** It cannot go back further. */
  | { readonly kind: 'begin' }
  /** It ended, and can only go back. `sentence` says why. */
  | { readonly kind: 'end'; readonly sentence: string; readonly succeeded: boolean }
  /** It ended before, and was resumed again. */
  | { readonly kind: 'exit'; readonly succeeded: boolean }
  /** A thread is about to act on a signal, by its number in the protocol. */
  | { readonly kind: 'signal'; readonly signal: number }
  /** All threads wait, and nothing can wake one. */
  | { readonly kind: 'deadlock' }
  /** The process has ended: with an exit code, or by a signal. */
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number };

/** A stop. */
export interface Stop {
  readonly thread: number;
  readonly reason: StopReason;
}

/**
 * A target. It is stopped until `resume`, and again from the stop on that `advance` returns. Only `advance`, `interrupt` and
 * `threads` may be called between the two.
 */
export interface DebugTarget {
  readonly description: TargetDescription;
  readonly threads: readonly TargetThread[];
  /** The stop that it is at; null while it runs. */
  readonly stop: Stop | null;
  /** Returns a register. @param thread an id of `threads` @param register its number */
  readRegister(thread: number, register: number): bigint;
  /** Sets a register. Returns whether it takes the value. */
  writeRegister(thread: number, register: number, value: bigint): boolean;
  /** Returns the bytes at an address of a thread: fewer than `length` if those after them cannot be read. */
  readMemory(thread: number, address: bigint, length: number): Uint8Array;
  /** Stores all bytes, or none. Returns whether it has. */
  writeMemory(thread: number, address: bigint, bytes: Uint8Array): boolean;
  /** Sets the points: those before are removed. */
  setPoints(points: readonly Point[]): void;
  /** Begins to run. */
  resume(how: Resume): void;
  /** Runs until the target stops, or until `pending`, which is called often, returns true. Returns the stop, or null. */
  advance(pending: () => boolean): Stop | null;
  /** Makes it stop soon. */
  interrupt(): void;
  /** What it knows beyond this if it is a process that the command has started; null for a guest, which can go back. */
  readonly program: DebuggedProgram | null;
}

/** What a client can ask about a process. */
export interface DebuggedProgram {
  /** The auxiliary vector. */
  readonly auxiliary: Uint8Array;
  /** What a signal handler would be told of the signal that the process has stopped for (Linux: siginfo_t), or null. */
  readonly signalInfo: Uint8Array | null;
  /** The path of the program, a character for each byte. */
  readonly path: string;
  readonly files: RemoteFiles;
  /** Sets the signals that the process gets without a stop, by their numbers in the protocol. */
  passSignals(signals: ReadonlySet<number>): void;
}

/** The files that a process sees. */
export interface RemoteFiles {
  /** Opens a regular file to be read. @param path a character for each byte. @throws RemoteFileError */
  open(path: string): RemoteFile;
  /** Returns what a symbolic link contains. @throws RemoteFileError */
  readLink(path: string): string;
}

/** An open file. */
export interface RemoteFile {
  /** In bytes. */
  readonly size: number;
  readonly mode: number;
  /** In seconds since 1970. */
  readonly modified: number;
  /** Returns up to `length` bytes: fewer only at the end. @throws RemoteFileError */
  read(offset: number, length: number): Uint8Array;
}

/** The errors of files that the protocol knows. */
export type RemoteFileErrorCode =
  | 'EPERM'
  | 'ENOENT'
  | 'EIO'
  | 'EBADF'
  | 'EACCES'
  | 'EISDIR'
  | 'EINVAL'
  | 'EMFILE'
  | 'EROFS'
  | 'ENAMETOOLONG';

/** An operation on files that failed. */
export class RemoteFileError extends Error {
  override readonly name = 'RemoteFileError';
  readonly code: RemoteFileErrorCode;

  constructor(code: RemoteFileErrorCode) {
    super(code);
    this.code = code;
  }
}
