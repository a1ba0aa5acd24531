/**
 * Random programs that become hot: loops, nested or entered in the middle, comparisons and branches, calls and returns, computed
 * branches, and stores into the program itself. A program repeats itself for ever.
 */

import type { Random } from '../random.ts';
import { Assembler, type Label } from './assemble.ts';
import { Encoder, formatOf, lengthOf, REGISTERS, RELATIVE } from './instructions.ts';
import { AT, CODE_PAGES, DATA_PAGES, MIB, OTHER_NAME, PAGE_SIZE, SPECIAL_PAGES } from './layout.ts';
import { modeChange } from './modes.ts';

/** Depth of nested loops at most. */
const DEPTH = 3;
const MAX_FUNCTIONS = 4;

/** Branches that compare. */
const COMPARE = ['CRJ', 'CGRJ', 'CLRJ', 'CLGRJ', 'CIJ', 'CGIJ', 'CLIJ', 'CLGIJ'] as const;
const INDEX = ['BRXHG', 'BRXLG', 'BRXH', 'BRXLE'] as const;

/** How programs differ. */
interface Style {
  /** Whether most instructions access pages that are there. */
  readonly tame: boolean;
  /** 1 in `others` instructions is one that is not compiled. */
  readonly others: number;
  /** 1 in `wild` elements is a branch to any label. */
  readonly wild: number;
  /** 1 in `nearby` instructions accesses or changes the page of the code. */
  readonly nearby: number;
  /** 1 in `modes` instructions changes the mode, or what translations depend on. */
  readonly modes: number;
}

/** Returns a random program, one instruction or a few an item. */
export function randomProgram(random: Random): { code: string[]; labels: number[] } {
  const style = {
    tame: !random.oneIn(3),
    others: random.pick([1000, 30, 12, 5]),
    wild: random.pick([1000, 20, 8]),
    nearby: random.pick([1000, 20, 8]),
    modes: random.pick([1000, 20, 8]),
  };
  const writer = new ProgramWriter(random, style);
  writer.write();
  const code = writer.assembler.assemble();
  return { code, labels: writer.assembler.labels.map(({ offset }) => Math.max(offset, 0)) };
}

class ProgramWriter {
  readonly assembler = new Assembler();
  readonly #random: Random;
  readonly #encoder: Encoder;
  readonly #style: Style;
  readonly #functions: Label[] = [];
  /** Data among the code. */
  readonly #data: Label;
  /** Instructions whose immediate may be stored to. */
  readonly #patched: Label[] = [];

  constructor(random: Random, style: Style) {
    this.#random = random;
    this.#style = style;
    this.#encoder = new Encoder(random, style.tame);
    this.#data = { offset: -1 };
    const functions = random.below(MAX_FUNCTIONS + 1);
    for (let i = 0; i < functions; i++) this.#functions.push(this.assembler.newLabel());
  }

  write(): void {
    const { assembler } = this;
    const start = assembler.newLabel();
    assembler.place(start);
    for (let i = 0; i < 4; i++) assembler.add(this.#encoder.setPointer(this.#pointer()));
    this.#sequence(DEPTH, 2 + this.#random.below(6));
    this.#branch('BRCL', start, 15);
    if (this.#random.oneIn(2)) this.#placeData();
    for (const one of this.#functions) {
      assembler.place(one);
      this.#sequence(1, 1 + this.#random.below(3));
      assembler.add(this.#encoder.encode('BCR', { r1: 15, r2: this.#random.pick(REGISTERS.LINKS) }));
    }
    if (this.#data.offset !== PLACED) this.#placeData();
  }

  #pointer(): number {
    return this.#style.tame && !this.#random.oneIn(10) ? plainPointer(this.#random) : pointer(this.#random);
  }

  #placeData(): void {
    const { assembler } = this;
    assembler.align(8);
    assembler.place(this.#data);
    for (let i = 0; i < 4; i++) assembler.add('0123456789abcdef');
    this.#data.offset = PLACED;
  }

  #sequence(depth: number, length: number): void {
    for (let i = 0; i < length; i++) this.#element(depth);
  }

  #element(depth: number): void {
    const random = this.#random;
    if (random.oneIn(this.#style.wild)) {
      this.#jumpAnywhere();
    } else if (depth > 0 && random.oneIn(4)) {
      this.#loop(depth - 1);
    } else if (depth > 0 && random.oneIn(3)) {
      this.#choice(depth - 1);
    } else if (random.oneIn(8) && this.#functions.length > 0) {
      this.#call();
    } else if (random.oneIn(20)) {
      this.assembler.add(this.#encoder.setPointer(this.#pointer()));
    } else {
      const count = 1 + random.below(4);
      for (let i = 0; i < count; i++) this.#plain();
    }
  }

  #plain(): void {
    const random = this.#random;
    if (random.oneIn(this.#style.nearby)) this.#nearby();
    else if (random.oneIn(this.#style.others)) this.#other();
    else if (random.oneIn(25)) this.#execute(this.#encoder.executed());
    else if (random.oneIn(this.#style.modes)) this.assembler.add(modeChange(random));
    else this.assembler.add(this.#encoder.compiled());
  }

  #other(): void {
    const random = this.#random;
    if (!random.oneIn(5)) {
      this.assembler.add(this.#encoder.other());
      return;
    }
    this.#execute(random.oneIn(2) ? this.#encoder.other() : this.#encoder.compiled());
  }

  /** EXECUTE of an instruction that follows. */
  #execute(instruction: string): void {
    const target = this.assembler.newLabel();
    this.assembler.addRelative(target, 6, (distance) =>
      this.#encoder.encode('EXRL', { r1: this.#random.below(6), immediate: distance / 2 }),
    );
    this.assembler.place(target);
    this.assembler.add(instruction);
  }

  /** A relative operand in the data among the code, a store to the code itself, or an address of code. */
  #nearby(): void {
    const random = this.#random;
    const { assembler } = this;
    const stores = ['STRL', 'STHRL', 'STGRL'] as const;
    if (random.oneIn(4)) {
      this.#patch();
      return;
    }
    const name = random.oneIn(3) ? random.pick(stores) : random.pick([...RELATIVE.keys()]);
    const size = RELATIVE.get(name) as number;
    const at = random.oneIn(12) ? random.below(32) & ~1 : random.below(32 / size) * size;
    assembler.addRelative(this.#data, 6, (distance) =>
      this.#encoder.encode(name, { immediate: (distance + at) / 2 }),
    );
  }

  /** Changes the immediate of an instruction of the program. */
  #patch(): void {
    const random = this.#random;
    const { assembler } = this;
    if (this.#patched.length === 0 || random.oneIn(3)) {
      const label = assembler.newLabel();
      this.#patched.push(label);
      assembler.place(label);
      assembler.add(this.#encoder.encode(random.pick(['LHI', 'AHI', 'CHI', 'LGHI', 'AGHI', 'NILL', 'TMLL'])));
      return;
    }
    const target = random.pick(this.#patched);
    if (random.oneIn(2)) {
      assembler.addRelative(target, 6, (distance) =>
        this.#encoder.encode('STHRL', { immediate: (distance + 2) / 2 }),
      );
      return;
    }
    this.#address(target);
    const value = random.below(256).toString(16).padStart(2, '0');
    // MVI 3(12),value
    assembler.add(`92${value}c003`);
  }

  #address(label: Label): void {
    this.assembler.addRelative(label, 6, (distance) =>
      this.#encoder.encode('LARL', { r1: REGISTERS.CODE, immediate: distance / 2 }),
    );
  }

  #branch(name: string, target: Label, r1: number, others: { r2?: number; m3?: number } = {}): void {
    this.assembler.addRelative(target, lengthOf(name), (distance) =>
      this.#encoder.encode(name, { r1, ...others, immediate: distance / 2 }),
    );
  }

  /** Branches to a label by any instruction. */
  #jumpAnywhere(): void {
    const random = this.#random;
    const label = random.pick(this.assembler.labels);
    if (random.oneIn(3)) {
      this.#address(label);
      const r1 = random.oneIn(2) ? 15 : random.below(16);
      // BC r1,0(index,12)
      const index = random.oneIn(6) ? random.below(REGISTERS.NUMBERS) : 0;
      this.assembler.add(
        random.oneIn(2)
          ? this.#encoder.encode('BCR', { r1, r2: REGISTERS.CODE })
          : `47${r1.toString(16)}${index}c000`,
      );
    } else if (random.oneIn(2)) {
      this.#branch(random.pick(['BRCT', 'BRCTG', 'BRCTH']), label, random.pick(REGISTERS.COUNTERS));
    } else {
      this.#conditional(label);
    }
  }

  /** A comparison and a branch on its result. */
  #conditional(target: Label): void {
    const random = this.#random;
    if (random.oneIn(2)) {
      const name = random.pick(COMPARE);
      const mask = random.oneIn(6) ? random.below(16) : random.pick([2, 4, 6, 8, 10, 12]);
      const r1 = random.below(8);
      if (formatOf(name) === 'RIEb') this.#branch(name, target, r1, { r2: random.below(8), m3: mask });
      else this.#branch(name, target, r1, { r2: mask });
      return;
    }
    if (!random.oneIn(4)) this.assembler.add(this.#encoder.compiled());
    this.#branch(random.oneIn(6) ? 'BRCL' : 'BRC', target, random.below(16));
  }

  /** A loop that ends after some rounds, most of the time. */
  #loop(depth: number): void {
    const random = this.#random;
    const { assembler } = this;
    const counter = REGISTERS.COUNTERS[depth] as number;
    const head = assembler.newLabel();
    const name = random.pick(['BRCT', 'BRCTG', 'BRCTG', 'CGRJ', 'CGIJ', 'BRXLG', 'BRXHG', 'AGHI']);
    assembler.add(
      this.#encoder.encode('LGHI', { r1: counter, immediate: 2 + random.below(random.pick([4, 20, 100])) }),
    );
    assembler.place(head);
    this.#sequence(depth, 1 + random.below(4));
    if (random.oneIn(3)) {
      const r1 = random.pick(REGISTERS.POINTERS);
      assembler.add(this.#encoder.encode('AGHI', { r1, immediate: random.pick([1, 2, 4, 8, 8, 0x100, -8]) }));
    }
    switch (name) {
      case 'CGRJ':
        assembler.add(this.#encoder.encode('AGHI', { r1: counter, immediate: -1 }));
        this.#branch('CGRJ', head, counter, { r2: random.below(6), m3: 2 });
        break;
      case 'CGIJ':
        assembler.add(this.#encoder.encode('AGHI', { r1: counter, immediate: -1 }));
        this.#branch('CGIJ', head, counter, { r2: 2 });
        break;
      case 'AGHI':
        assembler.add(this.#encoder.encode('AGHI', { r1: counter, immediate: -1 }));
        this.#branch('BRC', head, 2);
        break;
      case 'BRXLG':
      case 'BRXHG':
        this.#branch(random.oneIn(4) ? random.pick(INDEX) : name, head, counter, { r2: random.below(6) });
        break;
      default:
        this.#branch(name, head, counter);
    }
  }

  /** An if, with or without an else. */
  #choice(depth: number): void {
    const random = this.#random;
    const { assembler } = this;
    const otherwise = assembler.newLabel();
    this.#conditional(otherwise);
    this.#sequence(depth, 1 + random.below(3));
    if (random.oneIn(2)) {
      assembler.place(otherwise);
      return;
    }
    const end = assembler.newLabel();
    this.#branch('BRC', end, 15);
    assembler.place(otherwise);
    this.#sequence(depth, 1 + random.below(3));
    assembler.place(end);
  }

  #call(): void {
    const random = this.#random;
    const target = random.pick(this.#functions);
    const r1 = random.pick(REGISTERS.LINKS);
    if (!random.oneIn(4)) {
      this.#branch(random.oneIn(3) ? 'BRAS' : 'BRASL', target, r1);
      return;
    }
    this.#address(target);
    const r2 = random.oneIn(8) ? r1 : REGISTERS.CODE;
    this.assembler.add(this.#encoder.encode(random.oneIn(8) ? 'BALR' : 'BASR', { r1, r2 }));
  }
}

/** The offset of a label that is placed already. */
const PLACED = -2;

/** Returns an address in the middle of a page of data, sometimes by its other name with the same slot of the TLB. */
export function plainPointer(random: Random): number {
  // Low-address protection covers a part of this.
  if (random.oneIn(10)) return 0x11a0 + random.below(0x80);
  const name = random.oneIn(8) ? random.pick([OTHER_NAME, OTHER_NAME + MIB]) : 0;
  return name + AT.DATA + random.below(DATA_PAGES) * PAGE_SIZE + 0x100 + random.below(0xc00);
}

/** Returns an address for a pointer, as a signed number of 32 bits. */
export function pointer(random: Random): number {
  const data = AT.DATA + random.below(DATA_PAGES) * PAGE_SIZE;
  const special = random.pick([...SPECIAL_PAGES.keys()]) * PAGE_SIZE;
  const inPage = random.oneIn(3) ? PAGE_SIZE - random.below(20) : random.below(PAGE_SIZE);
  switch (random.below(12)) {
    case 0:
      return special + inPage;
    case 1:
      return AT.CODE + random.below(CODE_PAGES) * PAGE_SIZE + inPage;
    case 2:
      return random.pick([0, 0x1f8, 0x200, 0x1000, 0x11fc, 0x1ff8, 0x1ffc, AT.PREFIX, AT.PREFIX + 0x1ffc]);
    case 3:
      // The same page in other segments.
      return data + inPage + MIB * random.pick([1, 2, 4, 5, 6]);
    case 4:
      return random.pick([-8, -1, 0x7fff_fff8, 0x7fff_ffff, MIB - 8, MIB - 4, MIB, 2 * MIB - 4, 0x4000_0000]);
    case 5:
      return (
        random.pick([AT.PAGES_A, AT.PAGES_OTHER, AT.SEGMENT_A, AT.HANDLER, AT.PSWS]) + random.below(0x800)
      );
    default:
      return data + (random.oneIn(2) ? inPage & ~7 : inPage);
  }
}
