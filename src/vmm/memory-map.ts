/** A range of the process's memory that is mapped to the guest. In bytes, multiples of 1 MiB. */
export interface MemoryMap {
  /** Process address. */
  readonly from: bigint;
  /** Guest absolute address. */
  readonly to: bigint;
  readonly length: bigint;
}
