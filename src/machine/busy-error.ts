/**
 * Thrown when a processor that executes is asked to execute, or when a listener tries to change the machine. Nothing has
 * changed then.
 */
export class BusyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BusyError';
  }
}
