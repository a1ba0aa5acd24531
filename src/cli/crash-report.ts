/** Reports a program that was killed by a fault. */

import { backtrace, type ProgramPlace, ProgramSymbols, type SourceLine } from '../debug/index.ts';
import { LinuxError } from '../host/index.ts';
import { type Crash, maps, type System, signalName, type Thread } from '../host/task/internal.ts';
import { disassemble, instructionLength } from '../machine/index.ts';

/** The number of callers that a report shows, and of characters of a path of a source. */
const FRAMES = 32;
const SOURCE_MAX = 200;

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
    ...places(system, thread, registers),
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

/** Where the thread is, and the callers. */
function places(system: System, thread: Thread, registers: Crash['registers']): string[] {
  const symbols = new ProgramSymbols(system, thread);
  const here = symbols.placeOf(registers.address);
  const callers = backtrace(thread, registers, symbols, FRAMES);
  const lines = symbols.linesOf([here, ...callers.map(({ call }) => call)]);
  return [
    `  at ${describe(symbols, here, lines.get(here))}${instruction(thread, registers.address)}`,
    ...callers.map(({ address, call }) => {
      return `  called from ${describe(symbols, symbols.placeOf(address), lines.get(call))}`;
    }),
  ];
}

/** An address, with the symbol, the file and the source there. */
function describe(symbols: ProgramSymbols, place: ProgramPlace, line: SourceLine | undefined): string {
  const { address, path, offset } = place;
  if (path === null) return hex(address);
  const name = symbols.nameOf(place) ?? `${hex(offset)} in`;
  return `${hex(address)} ${name} (${printable(path)})${line === undefined ? '' : ` ${sourceText(line)}`}`;
}

function sourceText({ file, line }: SourceLine): string {
  const text = printable(file);
  return `${text.length > SOURCE_MAX ? `…${text.slice(-SOURCE_MAX)}` : text}:${line}`;
}

/** Text of bytes of a program, which can be anything, for a terminal. */
function printable(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced.
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?');
}

function instruction({ space }: Thread, address: number): string {
  try {
    const { memory } = space;
    const first = memory.struct(address, 2).getUint16(0);
    const bytes = new Uint8Array(6);
    bytes.set(memory.read(address, instructionLength(first >>> 8)));
    const view = new DataView(bytes.buffer);
    return `: ${disassemble(view.getUint32(0), view.getUint16(4), BigInt(address))}`;
  } catch (error) {
    if (error instanceof LinuxError) return '';
    throw error;
  }
}
