/**
 * A processor that executes already was asked to execute, or a listener tried to change the machine. Nothing has
 * changed.
 */
export class BusyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BusyError';
  }
}
