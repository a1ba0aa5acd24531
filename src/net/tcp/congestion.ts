/** The congestion window: slow start, congestion avoidance and fast retransmit. RFC 5681. */

/** Segments of the first window. RFC 6928. */
const FIRST_SEGMENTS = 10;
/** Repeated acknowledgements that mean that a segment is lost. */
const REPEATED = 3;

/** How much may be on its way to the guest: frames that find no room at its device are lost. */
export class Congestion {
  readonly #segment: number;
  #threshold = Number.POSITIVE_INFINITY;
  #repeated = 0;
  /** In bytes. */
  window: number;

  /** @param segment maximum segment size in bytes */
  constructor(segment: number) {
    this.#segment = segment;
    this.window = segment * FIRST_SEGMENTS;
  }

  /** A number of bytes was acknowledged. */
  acknowledged(bytes: number): void {
    if (this.#repeated >= REPEATED) this.window = this.#threshold;
    this.#repeated = 0;
    const step = Math.min(bytes, this.#segment);
    this.window += this.window < this.#threshold ? step : Math.ceil((step * this.#segment) / this.window);
  }

  /** An acknowledgement came again. Returns whether the first segment must be sent again now. @param flight bytes on their way */
  repeated(flight: number): boolean {
    this.#repeated++;
    if (this.#repeated === REPEATED) {
      this.#halve(flight);
      this.window = this.#threshold + REPEATED * this.#segment;
      return true;
    }
    if (this.#repeated > REPEATED) this.window += this.#segment;
    return false;
  }

  /** The retransmission timer has expired. @param flight bytes on their way */
  expired(flight: number): void {
    this.#halve(flight);
    this.#repeated = 0;
    this.window = this.#segment;
  }

  #halve(flight: number): void {
    this.#threshold = Math.max(Math.floor(flight / 2), 2 * this.#segment);
  }
}
