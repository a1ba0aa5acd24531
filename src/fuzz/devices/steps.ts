/** The steps of a case of the devices' fuzzer. */

/** The kinds of devices. */
export const KINDS = ['block', 'console', 'entropy', 'balloon', 'files', 'network'] as const;
export type Kind = (typeof KINDS)[number];

/** The machine: one virtio device, or more. */
export interface DevicesSetup {
  /** The device of each subchannel. */
  readonly kinds: readonly Kind[];
  /** Whether packed rings are offered. */
  readonly packed: boolean;
  /** Whether the disk and the shared files are read-only. */
  readonly readOnly: boolean;
  /** Whether steps break rings and CCWs. If not, devices must not store anything into memory that was not given to them. */
  readonly hostile: boolean;
  /** The second world is saved and restored after every step whose number is a multiple of this. */
  readonly saveEvery: number;
}

/** A channel-command word, and the indirect-data-address words that it may have. */
export interface FuzzCcw {
  readonly command: number;
  readonly flags: number;
  readonly count: number;
  readonly address: number;
}

/** The instructions that name a subchannel only. */
export const INSTRUCTIONS = ['halt', 'clear', 'cancel', 'resume', 'store', 'test'] as const;
export type Instruction = (typeof INSTRUCTIONS)[number];

export type DevicesStep =
  /** A driver sets the device up as it should. `device` is the number of a subchannel in all steps. */
  | {
      readonly do: 'set-up';
      readonly device: number;
      readonly revision: number;
      readonly eventIndex: boolean;
      readonly adapter: boolean;
      readonly size: number;
    }
  /**
   * The driver adds a buffer. `readable` are hexadecimal bytes, `writable` lengths. Then it may notify the device, and collect
   * what this has returned.
   */
  | {
      readonly do: 'buffer';
      readonly device: number;
      readonly queue: number;
      readonly readable: readonly string[];
      readonly writable: readonly number[];
      readonly indirect: boolean;
      readonly kick: boolean;
      readonly collect: boolean;
    }
  | { readonly do: 'completed'; readonly device: number; readonly queue: number }
  | { readonly do: 'notify'; readonly id: number; readonly queue: number }
  /** A channel program, any words of an ORB, and then TEST SUBCHANNEL if `test`. */
  | {
      readonly do: 'program';
      readonly device: number;
      readonly word: number;
      readonly at: number;
      readonly ccws: readonly FuzzCcw[];
      readonly test: boolean;
    }
  | { readonly do: 'instruction'; readonly name: Instruction; readonly id: number }
  /** MODIFY SUBCHANNEL with some bytes of the current block replaced. */
  | { readonly do: 'modify'; readonly device: number; readonly at: number; readonly bytes: string }
  /** CHANNEL SUBSYSTEM CALL with the first bytes of the block. */
  | { readonly do: 'call'; readonly bytes: string }
  | { readonly do: 'reports' }
  | { readonly do: 'path'; readonly gr1: number }
  | { readonly do: 'monitor'; readonly gr1: number; readonly address: number }
  | { readonly do: 'limit'; readonly gr1: number }
  /** Stores into memory. */
  | { readonly do: 'poke'; readonly at: number; readonly bytes: string }
  /** Stores into a ring of a device, at an offset from its descriptors, driver or device area, and notifies it. */
  | {
      readonly do: 'poke-ring';
      readonly device: number;
      readonly queue: number;
      readonly area: 'descriptors' | 'driver' | 'device';
      readonly at: number;
      readonly bytes: string;
    }
  /** Something happens at the device: input, another size, a wish for pages or statistics. */
  | { readonly do: 'event'; readonly device: number; readonly count: number }
  | { readonly do: 'reset' };
