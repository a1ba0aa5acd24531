/** What a network device is plugged into. */

/** The guest's end of the wire: the device. */
export interface NetworkCard {
  /**
   * Gives the guest a frame. It waits if the driver has no buffer for it. Returns false if it is lost: the driver is not ready, or too
   * many frames wait.
   * @param frame an Ethernet frame without checksum, 14 bytes to what the device allows
   */
  receive(frame: Uint8Array): boolean;
}

/** The other end of the wire. */
export interface NetworkBackend {
  /** Connects it with a device. Called once, before anything else. */
  connect(card: NetworkCard): void;
  /** The guest sends a frame. @param frame an Ethernet frame without checksum, of 14 bytes or more; any contents */
  send(frame: Uint8Array): void;
  /** Returns the state: values that can be cloned. */
  save(): unknown;
  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void;
}
