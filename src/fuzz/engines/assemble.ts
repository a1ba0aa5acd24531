/** Programs with labels, and their addresses. */

/** A place in a program. */
export interface Label {
  /** Byte offset from the start of the program, once it is assembled. */
  offset: number;
}

/** An instruction, or several, whose bytes are known; or one that needs the distance to a label, in bytes. */
type Item =
  | { readonly hex: string }
  | { readonly label: Label }
  | { readonly target: Label; readonly bytes: number; readonly hexFor: (distance: number) => string }
  /** Bytes that make the next address a multiple. */
  | { readonly align: number };

/** Collects the instructions of a program. */
export class Assembler {
  readonly #items: Item[] = [];
  readonly #labels: Label[] = [];

  /** The labels so far, placed or not. */
  get labels(): readonly Label[] {
    return this.#labels;
  }

  /** Returns a new label, to be placed. */
  newLabel(): Label {
    const label = { offset: -1 };
    this.#labels.push(label);
    return label;
  }

  place(label: Label): void {
    this.#items.push({ label });
  }

  /** Appends instructions. */
  add(hex: string): void {
    this.#items.push({ hex });
  }

  /** Appends an instruction of `bytes` bytes, given the distance in bytes from it to a label. */
  addRelative(target: Label, bytes: number, hexFor: (distance: number) => string): void {
    this.#items.push({ target, bytes, hexFor });
  }

  align(align: number): void {
    this.#items.push({ align });
  }

  /** Returns the program, one item each. Labels that were not placed are at its start. */
  assemble(): string[] {
    let at = 0;
    const offsets = this.#items.map((item) => {
      const here = at;
      if ('label' in item) item.label.offset = at;
      else if ('align' in item) at += -at & (item.align - 1);
      else at += 'hex' in item ? item.hex.length / 2 : item.bytes;
      return here;
    });
    return this.#items.flatMap((item, i) => {
      const from = offsets[i] as number;
      if ('hex' in item) return [item.hex];
      if ('target' in item) return [item.hexFor(Math.max(item.target.offset, 0) - from)];
      if ('align' in item) return from & (item.align - 1) ? ['00'.repeat(-from & (item.align - 1))] : [];
      return [];
    });
  }
}
