/** The keys of `boot` on a terminal in raw mode: ^A and a letter go to Guesthouse, all others to the guest. */

/** ^A. */
const ESCAPE = 0x01;

/** The command of a key. */
export type KeyCommand = 'end' | 'save' | 'help';

const COMMANDS: Readonly<Record<string, KeyCommand>> = { x: 'end', s: 'save', h: 'help', '?': 'help' };

/** Help on the keys. */
export const KEYS_HELP = '^A x ends, ^A s saves, ^A ^A sends ^A, ^A h shows this';

/** Separates the guest's input from commands. */
export class EscapeKeys {
  #escaped = false;
  readonly #command: (command: KeyCommand) => void;

  constructor(command: (command: KeyCommand) => void) {
    this.#command = command;
  }

  /** Returns the bytes for the guest. ^A and the key after it may arrive in two calls. */
  take(bytes: Uint8Array): Uint8Array {
    const passed: number[] = [];
    for (const byte of bytes) {
      if (!this.#escaped && byte === ESCAPE) {
        this.#escaped = true;
        continue;
      }
      if (!this.#escaped) passed.push(byte);
      else if (byte === ESCAPE) passed.push(byte);
      else this.#perform(byte);
      this.#escaped = false;
    }
    return Uint8Array.from(passed);
  }

  #perform(byte: number): void {
    const command = COMMANDS[String.fromCharCode(byte)];
    if (command !== undefined) this.#command(command);
  }
}
