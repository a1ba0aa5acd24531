/** An error in a channel program. */

/** Ends a channel program, with bits of the subchannel status that tell why (`SUBCHANNEL_STATUS`). */
export class ChannelCheck extends Error {
  override readonly name = 'ChannelCheck';
  readonly status: number;

  /** @param status program check or protection check */
  constructor(status: number) {
    super(`channel check 0x${status.toString(16)}`);
    this.status = status;
  }
}
