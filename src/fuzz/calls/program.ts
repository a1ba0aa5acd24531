/** Makes an executable of the steps of a case. */

import { SYSTEM_CALLS } from '../../host/task/internal.ts';
import { bytesOf } from '../handlers.ts';
import { AT } from './layout.ts';
import { type CallsStep, HANDLER, type Item, LISTS, SLOTS, type Value } from './steps.ts';

const FILE_HEADER = 64;
const PROGRAM_HEADER = 56;
const PAGE = 4096;
/** Flags of a segment: PF_R, PF_W, PF_X. */
const PF = { R: 4, W: 2, X: 1 } as const;
/** The register of the first argument, and those that other steps use. */
const FIRST_ARGUMENT = 2;
const NUMBERS: Readonly<Record<string, number>> = SYSTEM_CALLS;

/**
 * The beginning of handlers: they skip the instruction that a fault is at, as far as they get the address of the context with the PSW.
 *
 *     LG    1,48(4)       SRL   5,7
 *     LLGC  5,0(1)        LA    1,2(5,1)
 *     AHI   5,64          LA    1,0(5,1)
 *                         STG   1,48(4)
 */
const SKIP = 'e31040300004e35010000090a75a0040885000074115100241151000e31040300024';

/** Bytes that grow. */
class Section {
  readonly bytes: number[] = [];
  readonly address: number;

  constructor(address: number) {
    this.address = address;
  }

  /** The address of the next byte. */
  get here(): number {
    return this.address + this.bytes.length;
  }

  add(hex: string): void {
    for (const byte of bytesOf(hex)) this.bytes.push(byte);
  }

  align(to: number): void {
    while (this.bytes.length % to !== 0) this.bytes.push(0);
  }

  set(address: number, hex: string): void {
    for (const [i, byte] of bytesOf(hex).entries()) this.bytes[address - this.address + i] = byte;
  }
}

function hex(value: number, digits: number): string {
  return (value >>> 0).toString(16).padStart(digits, '0').slice(-digits);
}

function hex64(value: Hex64): string {
  return BigInt.asUintN(64, BigInt(value)).toString(16).padStart(16, '0');
}
type Hex64 = string | number;

class Assembler {
  readonly #code = new Section(AT.CODE + PAGE);
  readonly #data = new Section(AT.DATA);
  /** The addresses of the lists' code, and the places that need them: in the code as relative operands, in the data as 8 bytes. */
  readonly #lists: number[] = [];
  readonly #branches: { readonly at: number; readonly list: number }[] = [];
  readonly #pointers: { readonly at: number; readonly list: number }[] = [];

  constructor() {
    for (let slot = 0; slot < SLOTS; slot++) this.#data.add('0'.repeat(16));
  }

  assemble(steps: readonly CallsStep[]): Uint8Array {
    for (let list = 0; list < LISTS; list++) {
      this.#lists.push(this.#code.here);
      if (list === HANDLER) this.#code.add(SKIP);
      for (const step of steps) if (step.list === list) this.#step(step);
      this.#end(list);
    }
    for (const { at, list } of this.#branches)
      this.#code.set(at + 2, this.#relative(at, this.#addressOf(list)));
    for (const { at, list } of this.#pointers) this.#data.set(at, hex64(this.#addressOf(list)));
    return this.#image();
  }

  #addressOf(list: number): number {
    return this.#lists[list % LISTS] as number;
  }

  /** A relative operand of 32 bits: half the distance from an instruction. */
  #relative(from: number, to: number): string {
    return hex((to - from) / 2, 8);
  }

  /** LLIHF and OILF, or LGRL of a slot, or LAY of an address at the stack. */
  #load(register: number, value: Value): void {
    const r = register.toString(16);
    if (typeof value === 'object' && 'slot' in value) {
      this.#code.add(`c4${r}8${this.#relative(this.#code.here, this.#slot(value.slot))}`);
    } else if (typeof value === 'object' && 'stack' in value) {
      const displacement = hex(value.stack, 5);
      this.#code.add(`e3${r}0f${displacement.slice(2)}${displacement.slice(0, 2)}71`);
    } else {
      const bits = hex64(typeof value === 'string' ? value : this.#place(value));
      this.#code.add(`c0${r}e${bits.slice(0, 8)}c0${r}d${bits.slice(8)}`);
    }
  }

  #slot(slot: number): number {
    return AT.DATA + (slot % SLOTS) * 8;
  }

  /** Stores data, and what its pointers lead to. Returns its address. */
  #place(item: { readonly data: readonly Item[] } | { readonly text: string }): number {
    if ('text' in item) {
      const { here } = this.#data;
      for (const character of item.text) this.#data.bytes.push(character.charCodeAt(0) & 0xff);
      this.#data.bytes.push(0);
      return here;
    }
    const pointers = item.data.map((one) =>
      typeof one === 'object' && ('data' in one || 'text' in one) ? this.#place(one) : 0,
    );
    this.#data.align(8);
    const { here } = this.#data;
    for (const [i, one] of item.data.entries()) {
      if (typeof one === 'string') this.#data.add(hex64(one));
      else if ('bytes' in one) this.#data.add(one.bytes);
      else {
        if ('list' in one) this.#pointers.push({ at: this.#data.here, list: one.list });
        this.#data.add(hex64(pointers[i] as number));
      }
    }
    return here;
  }

  #step(step: CallsStep): void {
    const code = this.#code;
    switch (step.do) {
      case 'call':
        this.#call(step);
        break;
      case 'store':
        this.#load(2, step.value);
        this.#load(3, step.at);
        code.add('e32030000024'); // STG 2,0(3)
        break;
      case 'load':
        this.#load(3, step.at);
        code.add('e32030000090'); // LLGC 2,0(3)
        break;
      case 'spin':
        code.add(`c021${hex(step.count, 8)}a7270000`); // LGFI 2,count; BRCTG 2,*
        break;
      case 'code':
        code.add(step.code);
    }
  }

  #call({ call, args, slot, child }: CallsStep & { do: 'call' }): void {
    const code = this.#code;
    for (const [i, value] of args.entries()) this.#load(FIRST_ARGUMENT + i, value);
    const number = typeof call === 'number' ? call : (NUMBERS[call] ?? 0);
    if (number > 0 && number < 256) code.add(`0a${hex(number, 2)}`);
    else code.add(`c01f${hex(number, 8)}0a00`); // LLILF 1,number; SVC 0
    if (slot !== undefined) code.add(`c42b${this.#relative(code.here, this.#slot(slot))}`); // STGRL 2,slot
    if (child === undefined) return;
    code.add('b9020022'); // LTGR 2,2
    this.#branches.push({ at: code.here, list: child });
    code.add('c08400000000'); // JGE list
  }

  /** What follows a list: a handler returns, a thread ends. */
  #end(list: number): void {
    if (list === HANDLER) this.#code.add('07fe');
    else this.#call({ do: 'call', list, call: 'exit', args: ['0x0'] });
  }

  #image(): Uint8Array {
    const [code, data] = [this.#code.bytes, this.#data.bytes];
    const segments = [
      { at: AT.CODE, offset: 0, file: PAGE + code.length, memory: PAGE + code.length, flags: PF.R | PF.X },
      {
        at: AT.DATA,
        offset: pages(PAGE + code.length),
        file: data.length,
        memory: data.length,
        flags: PF.R | PF.W,
      },
      { at: AT.STACKS, offset: 0, file: 0, memory: AT.STACK_SIZE * LISTS, flags: PF.R | PF.W },
      { at: AT.PLAY, offset: 0, file: 0, memory: AT.PLAY_SIZE, flags: PF.R | PF.W },
      { at: AT.READ_ONLY, offset: 0, file: PAGE, memory: PAGE, flags: PF.R },
      { at: AT.NO_ACCESS, offset: 0, file: 0, memory: PAGE, flags: 0 },
    ];
    const file = new Uint8Array(pages(PAGE + code.length) + data.length);
    const view = new DataView(file.buffer);
    file.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1]);
    view.setUint16(16, 2);
    view.setUint16(18, 22);
    view.setUint32(20, 1);
    view.setBigUint64(24, BigInt(this.#lists[0] as number));
    view.setBigUint64(32, BigInt(FILE_HEADER));
    view.setUint16(52, FILE_HEADER);
    view.setUint16(54, PROGRAM_HEADER);
    view.setUint16(56, segments.length);
    for (const [i, segment] of segments.entries()) {
      const header = FILE_HEADER + i * PROGRAM_HEADER;
      view.setUint32(header, 1);
      view.setUint32(header + 4, segment.flags);
      view.setBigUint64(header + 8, BigInt(segment.offset));
      view.setBigUint64(header + 16, BigInt(segment.at));
      view.setBigUint64(header + 24, BigInt(segment.at));
      view.setBigUint64(header + 32, BigInt(segment.file));
      view.setBigUint64(header + 40, BigInt(segment.memory));
      view.setBigUint64(header + 48, BigInt(PAGE));
    }
    file.set(code, PAGE);
    file.set(data, pages(PAGE + code.length));
    return file;
  }
}

function pages(length: number): number {
  return Math.ceil(length / PAGE) * PAGE;
}

/** Returns the ELF file of a program that performs the steps. */
export function programOf(steps: readonly CallsStep[]): Uint8Array {
  return new Assembler().assemble(steps);
}
