/** Sessions of process groups, and the terminal that controls one (setsid(2), credentials(7)). */

/** A terminal, as the processes see it that it controls. */
export interface ControllingTerminal {
  /** The process group in the foreground; 0 for none. */
  foreground: number;
  /** The session that it controls, or null. */
  session: Session | null;
  /** What stat shows as its device. */
  readonly device: number;
  /** The leader of the session has ended. */
  leaderEnded(): void;
}

/** A session. */
export class Session {
  readonly id: number;
  terminal: ControllingTerminal | null = null;

  constructor(id: number) {
    this.id = id;
  }
}
