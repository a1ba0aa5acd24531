/** The steps of a case of the network's fuzzer. */

/** The network: nothing differs between two of them. */
export interface NetworkSetup {
  /** Number of frames that the guest's device takes in a step; more are lost. */
  readonly room: number;
}

export type NetworkStep =
  /** A program of the host opens a connection to a port. `connection` is the number of an opened one, modulo their count. */
  | { readonly do: 'open'; readonly port: number }
  /**
   * The guest sends a segment of a connection. `sequence` counts from the next number that the gateway expects, `acknowledgement` from
   * the end of what it has sent; a SYN has the first number in any case.
   */
  | {
      readonly do: 'segment';
      readonly connection: number;
      readonly flags: number;
      readonly sequence: number;
      readonly acknowledgement: number;
      readonly window: number;
      readonly length: number;
      readonly segmentSize: number | null;
    }
  /** The guest sends a recorded frame with other bytes in some places, and right checksums or not. */
  | {
      readonly do: 'recorded';
      readonly frame: number;
      readonly patches: readonly { readonly at: number; readonly bytes: string }[];
      readonly length: number;
      readonly summed: boolean;
    }
  /** The guest sends any bytes. */
  | { readonly do: 'frame'; readonly bytes: string }
  /** The program sends bytes, ends its direction, goes away, or takes bytes that have come. */
  | { readonly do: 'send'; readonly connection: number; readonly length: number }
  | { readonly do: 'end'; readonly connection: number }
  | { readonly do: 'abort'; readonly connection: number }
  | { readonly do: 'take'; readonly connection: number; readonly length: number }
  /** Time passes, in milliseconds. */
  | { readonly do: 'wait'; readonly time: number }
  /** The state is saved, and a new network goes on from it. */
  | { readonly do: 'restore' };
