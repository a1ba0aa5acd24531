/** Reports a program that was killed by a fault. */

import { LinuxError } from '../host/index.ts';
import {
  type Crash,
  codePlace,
  maps,
  pathOf,
  readFile,
  type System,
  signalName,
  type Thread,
} from '../host/task/internal.ts';
import { disassemble } from '../machine/index.ts';
import { NO_SYMBOLS, type SymbolTable, symbolsOf } from '../vmm/index.ts';

/** Files up to this size are searched for symbols. */
const SYMBOLS_MAX = 256 << 20;
/** The number of callers that a report shows, and where a stack frame has register 14. */
const FRAMES = 32;
const SAVED_R14 = 112;

/** What the codes of faults mean: siginfo's si_code. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  SIGSEGV: ['', 'nothing is mapped at', 'the access is not allowed at'],
  SIGBUS: ['', 'the address is not aligned:', 'the end of the file is before'],
  SIGILL: [
    '',
    'an invalid instruction at',
    'an invalid operand at',
    'an invalid address at',
    '',
    'a privileged instruction at',
  ],
  SIGFPE: [
    '',
    'a division by zero at',
    'an overflow at',
    'a floating-point division by zero at',
    'a floating-point overflow at',
  ],
};

/** Returns the lines of a report. */
export function crashReport(system: System, thread: Thread, { info, registers }: Crash): string[] {
  const { signal, code, address } = info;
  const name = signalName(signal);
  const reason = REASONS[name]?.[code];
  const why = reason && address !== undefined ? `: ${reason} ${hex(address)}` : '';
  const at = registers.address;
  const row = (first: number) =>
    [0, 1, 2, 3]
      .map((i) =>
        registers
          .big(first + i)
          .toString(16)
          .padStart(16, '0'),
      )
      .join(' ');
  return [
    `${thread.name} (${thread.process.pid}) was ended by ${name}${why}`,
    `  at ${describe(system, thread, at)}${instruction(thread, at)}`,
    ...callers(system, thread, registers.unsigned(14), registers.unsigned(15)),
    `  PSW  ${registers.mask.toString(16).padStart(16, '0')} ${BigInt(at).toString(16).padStart(16, '0')}`,
    ...[0, 4, 8, 12].map((first) => `  R${String(first).padEnd(2)}  ${row(first)}`),
    ...maps(system, thread)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** An address, with the symbol and file there. */
function describe(system: System, thread: Thread, address: number): string {
  const place = codePlace(system, thread, address);
  if (place === null) return hex(address);
  const path = pathOf(place.dentry, system.root) ?? place.dentry.name;
  const symbol = place.linked === null ? null : symbolsIn(place.file).nameOf(BigInt(place.linked));
  return `${hex(address)} ${symbol ?? `${hex(place.offset)} in`} (${path})`;
}

type File = NonNullable<ReturnType<typeof codePlace>>['file'];
const tables = new WeakMap<File, SymbolTable>();

function symbolsIn(file: File): SymbolTable {
  let table = tables.get(file);
  if (table === undefined) {
    table = file.size > SYMBOLS_MAX ? NO_SYMBOLS : symbolsOf(readFile(file, 0, file.size));
    tables.set(file, table);
  }
  return table;
}

function instruction({ space }: Thread, address: number): string {
  try {
    const { memory } = space;
    const first = memory.struct(address, 2).getUint16(0);
    const length = first < 0x4000 ? 2 : first < 0xc000 ? 4 : 6;
    const bytes = new Uint8Array(6);
    bytes.set(memory.read(address, length));
    const view = new DataView(bytes.buffer);
    return `: ${disassemble(view.getUint32(0), view.getUint16(4), BigInt(address))}`;
  } catch (error) {
    if (error instanceof LinuxError) return '';
    throw error;
  }
}

/** The callers, as far as functions have stored the back chain: GCC's -mbackchain. */
function callers(system: System, thread: Thread, r14: number, r15: number): string[] {
  const lines = [`  called from ${describe(system, thread, r14)}`];
  let frame = r15;
  try {
    for (let n = 0; n < FRAMES; n++) {
      const next = thread.space.memory.u64(frame);
      if (next <= frame) break;
      frame = next;
      lines.push(`  called from ${describe(system, thread, thread.space.memory.u64(frame + SAVED_R14))}`);
    }
  } catch (error) {
    // The stack ends there.
    if (!(error instanceof LinuxError)) throw error;
  }
  return lines;
}
