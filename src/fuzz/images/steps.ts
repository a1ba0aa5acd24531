/** The steps of a case of the images' fuzzer: mutations of the file first, then actions on the guest. */

/** The image to boot, and its options. */
export interface ImageSetup {
  /** Name of the image that is mutated, or null for a generated one. */
  readonly image: string | null;
  /** Size of guest memory in MiB. */
  readonly mib: number;
  readonly cpus: number;
  readonly arguments: string;
  /** Whether there may be console input. */
  readonly input: boolean;
}

export type ImageStep =
  /** Replaces bytes by hexadecimal ones. */
  | { readonly do: 'bytes'; readonly at: number; readonly bytes: string }
  /** Truncates the file. */
  | { readonly do: 'cut'; readonly length: number }
  | { readonly do: 'insert'; readonly at: number; readonly count: number; readonly value: number }
  | { readonly do: 'run'; readonly limit: number }
  | { readonly do: 'input'; readonly text: string }
  | { readonly do: 'endinput' };
