/** The programs of GCC's tests: compiled once, run under QEMU once, and kept. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { command } from './pool.ts';
import type { GccTest } from './tests.ts';

const COMPILER = `${process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-'}gcc`;
const QEMU = 'qemu-s390x';
const SECONDS = 60;
export const PASSED = 'status 0';
export const NOT_BUILT = 'not built';

/** What is known of a program. */
interface Entry {
  /** The command that compiled it, in one line. */
  readonly command: string;
  /** How it ended under QEMU, or NOT_BUILT. */
  readonly qemu: string;
}

/** The programs of one level of optimization. */
export class Builds {
  readonly #folder: string;
  readonly #level: string;
  readonly #file: string;
  readonly #entries: Record<string, Entry>;

  /** @param folder where they are kept. @param level an option of the compiler: -O2, for example */
  constructor(folder: string, level: string) {
    this.#level = level;
    this.#folder = join(folder, `programs${level}`);
    this.#file = join(this.#folder, 'programs.json');
    mkdirSync(this.#folder, { recursive: true });
    this.#entries = existsSync(this.#file) ? JSON.parse(readFileSync(this.#file, 'utf8')) : {};
  }

  /** The program of a test. */
  program({ name }: GccTest): string {
    return join(this.#folder, `${name}.elf`);
  }

  /** Compiles a test and runs it under QEMU, unless that is done. Returns how it ended there, or NOT_BUILT. */
  async ended(test: GccTest): Promise<string> {
    const args = [this.#level, ...test.args];
    const line = [COMPILER, ...args].join(' ');
    const known = this.#entries[test.name];
    if (known?.command === line && (known.qemu === NOT_BUILT || existsSync(this.program(test))))
      return known.qemu;
    const qemu = await this.#build(test, args);
    this.#entries[test.name] = { command: line, qemu };
    return qemu;
  }

  async #build(test: GccTest, args: readonly string[]): Promise<string> {
    const program = this.program(test);
    mkdirSync(dirname(program), { recursive: true });
    const options = { cwd: this.#folder, seconds: SECONDS };
    const built = await command(COMPILER, [...args, '-o', `${program}.part`], options);
    if (built.end !== PASSED) return NOT_BUILT;
    renameSync(`${program}.part`, program);
    const work = mkdtempSync(join(tmpdir(), 'gcc-test-'));
    try {
      return (await command(QEMU, [program], { cwd: work, seconds: SECONDS })).end;
    } finally {
      rmSync(work, { recursive: true });
    }
  }

  /** Writes down what is known. */
  save(): void {
    writeFileSync(`${this.#file}.part`, JSON.stringify(this.#entries, null, 1));
    renameSync(`${this.#file}.part`, this.#file);
  }
}
