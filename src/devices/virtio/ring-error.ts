/** An error of a driver in a virtqueue, after which the device needs a reset. */

/** A descriptor, index or length that the virtio specification does not allow. */
export class RingError extends Error {
  override readonly name = 'RingError';
}
