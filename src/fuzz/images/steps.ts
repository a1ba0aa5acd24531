/** The steps of a case of the images' fuzzer: mutations of the file first, then what is done with the guest. */

/** What is booted, and how. */
export interface ImageSetup {
  /** Name of the image that the mutations change; null for a made-up one. */
  readonly image: string | null;
  /** MiB of guest memory. */
  readonly mib: number;
  readonly cpus: number;
  readonly arguments: string;
  /** Whether console input may come. */
  readonly input: boolean;
}

export type ImageStep =
  /** Replaces bytes, given in hexadecimal. */
  | { readonly do: 'bytes'; readonly at: number; readonly bytes: string }
  /** The file ends here. */
  | { readonly do: 'cut'; readonly length: number }
  | { readonly do: 'insert'; readonly at: number; readonly count: number; readonly value: number }
  | { readonly do: 'run'; readonly limit: number }
  | { readonly do: 'input'; readonly text: string }
  | { readonly do: 'endinput' };
