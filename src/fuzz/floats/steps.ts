/** A step of the campaign: one instruction, its operands in hexadecimal, and its environment. */

export interface FloatStep {
  /** Mnemonic. */
  readonly name: string;
  /** Contents of r1, r2 and r3, as wide as the operand. */
  readonly first: string;
  readonly second: string;
  readonly third: string;
  /** Content of the general register, for conversions from an integer. */
  readonly integer: string;
  readonly fpc: number;
  readonly m3: number;
  readonly m4: number;
}
