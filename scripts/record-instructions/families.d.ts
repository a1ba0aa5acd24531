/** The families of cases of `record.js`; each is one fixture. */

/** An instruction to record: assembler text, and the state that it starts from. */
export interface RecordedCase {
  readonly mnemonic: string;
  readonly asm: string;
  readonly state: Readonly<Record<string, string | number | Record<string, string>>>;
}

export declare const FAMILIES: Readonly<Record<string, () => RecordedCase[]>>;
