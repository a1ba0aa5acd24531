/**
 * The steps of a case of the guests' fuzzer, as JSON. 64-bit values are hexadecimal text with 0x.
 */

/** A number of 64 bits, as `0x…`. */
export type Hex = `0x${string}`;

/** The setup of the machine and its virtual machines. */
export interface GuestSetup {
  /** Seed of the patterns. */
  readonly seed: number;
  /** Number of virtual CPUs of each virtual machine: 1 or 2. */
  readonly vcpus: number;
  /** Whether guest memory may have frames of 1 MiB. */
  readonly large: boolean;
  /** Whether guests use storage keys from the start. */
  readonly keys: boolean;
  /** Whether slots log written pages from the start. */
  readonly log: boolean;
  /** Number of free frames; 0 for many. */
  readonly scarce: number;
  /** Number of steps between two checks of all rules. */
  readonly checkEvery: number;
}

/** One of the two virtual machines, 0 or 1, and one of its virtual CPUs. */
interface Of {
  readonly vm: number;
  readonly vcpu: number;
}

/** Runs a virtual CPU for a slice. */
export interface RunStep extends Of {
  readonly do: 'run';
  /** The processor to run it on. */
  readonly cpu: number;
  /** Units of work. */
  readonly limit: number;
  /** A program to store first, one instruction per item, and its address. */
  readonly at?: number;
  readonly code?: readonly string[];
  /** Registers to set first, by number. */
  readonly gr?: Readonly<Record<string, Hex>>;
  readonly cr?: Readonly<Record<string, Hex>>;
  readonly psw?: readonly [mask: Hex, address: Hex];
  readonly prefix?: number;
}

/** An action of the host, or of the user of a virtual machine, between slices. */
export type HostStep =
  | { readonly do: 'store'; readonly vm: number; readonly at: number; readonly bytes: string }
  | { readonly do: 'munmap' | 'dontneed'; readonly vm: number; readonly page: number; readonly pages: number }
  | {
      readonly do: 'mmap' | 'mprotect';
      readonly vm: number;
      readonly page: number;
      readonly pages: number;
      readonly protection: number;
      readonly large?: boolean;
    }
  | {
      readonly do: 'mremap';
      readonly vm: number;
      readonly page: number;
      readonly pages: number;
      readonly to: number;
      readonly newPages: number;
    }
  | { readonly do: 'discard'; readonly vm: number; readonly from: Hex; readonly to: Hex }
  | {
      readonly do: 'slot';
      readonly vm: number;
      readonly slot: number;
      readonly guest: number;
      readonly offset: number;
      readonly length: number;
      readonly log: boolean;
    }
  | { readonly do: 'setkey'; readonly vm: number; readonly page: number; readonly key: number }
  | { readonly do: 'watch'; readonly vm: number; readonly page: number }
  | { readonly do: 'dirty'; readonly vm: number; readonly slot: number }
  | {
      readonly do:
        | 'enablekeys'
        | 'destroy'
        | 'end'
        | 'create'
        | 'refresh'
        | 'fork'
        | 'endchild'
        | 'subsystem';
      readonly vm: number;
    }
  | ({ readonly do: 'reset'; readonly kind: 'cpu' | 'initial' | 'clear' } & Of)
  | ({ readonly do: 'restart' | 'stop' | 'stopstore' | 'start' } & Of)
  | ({ readonly do: 'signal'; readonly what: 'emergency' | 'call' | 'service'; readonly value: number } & Of)
  | ({ readonly do: 'refuse'; readonly code: number } & Of)
  | ({ readonly do: 'operand'; readonly address: Hex; readonly length: number } & Of)
  | ({ readonly do: 'storestatus'; readonly at: number } & Of)
  | { readonly do: 'touch'; readonly vm: number; readonly page: number; readonly write: boolean }
  | { readonly do: 'fail'; readonly count: number }
  | { readonly do: 'clock'; readonly by: Hex };

export type GuestStep = RunStep | HostStep;
