/** Errors of the drivers for tests. */

/** The driver cannot do what the test asks for. */
export class TestDriverError extends Error {
  override readonly name: string = 'TestDriverError';
}

/** The device has returned what it does not have: its fault, unless the test has broken the ring. */
export class WrongDeviceError extends Error {
  override readonly name = 'WrongDeviceError';
}

/** A command did not end normally. */
export class CommandError extends TestDriverError {
  override readonly name = 'CommandError';
}
