/** What the files of programs tell about their code: symbols, frames and lines. */

import {
  codePlace,
  pathOf,
  type RegularFile,
  readFile,
  type System,
  type Thread,
} from '../../host/task/internal.ts';
import { NO_SYMBOLS, type SymbolTable, symbolsOf } from '../../vmm/index.ts';
import { type ElfSection, elfSections } from '../dwarf/elf-sections.ts';
import { type SourceLine, sourceLines } from '../dwarf/source-lines.ts';

/** Files up to this size are read. */
const FILE_MAX = 256 << 20;

interface Known {
  readonly symbols: SymbolTable;
  readonly sections: ReadonlyMap<string, ElfSection>;
}

/** A place in the code of a program. */
export interface ProgramPlace {
  readonly address: number;
  /** The path of the file that is mapped there, a character for each byte, or null if there is none. */
  readonly path: string | null;
  readonly file: RegularFile | null;
  readonly offset: number;
  /** The address as the file was linked, or null. */
  readonly linked: number | null;
}

/** Reads files once. It keeps them in memory: use it for one report. */
export class ProgramSymbols {
  readonly #system: System;
  readonly #thread: Thread;
  readonly #files = new Map<RegularFile, Known>();

  constructor(system: System, thread: Thread) {
    this.#system = system;
    this.#thread = thread;
  }

  /** Returns what is at an address of the thread's program. */
  placeOf(address: number): ProgramPlace {
    const place = codePlace(this.#system, this.#thread, address);
    if (place === null) return { address, path: null, file: null, offset: 0, linked: null };
    const { dentry, file, offset, linked } = place;
    return { address, path: pathOf(dentry, this.#system.root) ?? dentry.name, file, offset, linked };
  }

  /** Returns the symbol at a place with an offset, or null. */
  nameOf({ file, linked }: ProgramPlace): string | null {
    return file === null || linked === null ? null : this.#of(file).symbols.nameOf(BigInt(linked));
  }

  /** Returns the section with the frames of functions of a file, or null. */
  framesOf({ file }: ProgramPlace): ElfSection | null {
    return file === null ? null : (this.#of(file).sections.get('.eh_frame') ?? null);
  }

  /** Returns the lines of places, as far as they are known. */
  linesOf(places: readonly ProgramPlace[]): Map<ProgramPlace, SourceLine> {
    const lines = new Map<ProgramPlace, SourceLine>();
    for (const file of new Set(places.map((place) => place.file))) {
      if (file === null) continue;
      const own = places.filter((place) => place.file === file && place.linked !== null);
      const addresses = own.map(({ linked }) => linked as number);
      const found = sourceLines(this.#of(file).sections, [...new Set(addresses)]);
      for (const place of own) {
        const line = found.get(place.linked as number);
        if (line !== undefined) lines.set(place, line);
      }
    }
    return lines;
  }

  #of(file: RegularFile): Known {
    let known = this.#files.get(file);
    if (known === undefined) {
      const bytes = file.size > FILE_MAX ? new Uint8Array(0) : readFile(file, 0, file.size);
      known = { symbols: bytes.length === 0 ? NO_SYMBOLS : symbolsOf(bytes), sections: elfSections(bytes) };
      this.#files.set(file, known);
    }
    return known;
  }
}
