/**
 * `guesthouse tour` (npm start): runs a guest and explains what happens to its address space. Every number is read from
 * the running system.
 */

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { Host, type Mm, type SegmentState, type Vcpu } from '../host/index.ts';
import { hex, MIB } from '../host/internal.ts';
import { Machine } from '../machine/index.ts';
import { type End, type MemoryMap, Monitor, parseElf } from '../vmm/index.ts';
import { example } from './examples.ts';
import { continueByKey } from './key.ts';
import { columns, EXIT, Output, styled, UsageError } from './output.ts';

const IMAGE = example('images/tour.elf');
/** The DIAGNOSE code with which the tour's guest returns control to the tour. */
const HAND_OVER = 0x600;

/** Process addresses of the guest's segments, in the order of mapping. */
const MAPS: readonly MemoryMap[] = [
  { from: 0x2000_0000n, to: 1n << 60n, length: MIB },
  { from: 0x3000_0000n, to: 0n, length: MIB },
  { from: 0x1000_0000n, to: 5n << 30n, length: MIB },
];

/** Adds the command. */
export function addTour(program: Command): void {
  program
    .command('tour')
    .summary('show how a guest shares page tables with a process')
    .description(
      'Runs a small guest and explains, step by step, what happens to its address space. On a terminal, press any key for the next step.',
    )
    .action(async () => {
      process.exitCode = await show(new Tour().run());
    });
}

/** Prints the tour: to a terminal part by part, each after a key; to a pipe at once. */
async function show(parts: readonly string[]): Promise<number> {
  const keys = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const output = new Output();
  for (const [i, part] of parts.entries()) {
    output.write(part);
    output.flush();
    if (!keys || i === parts.length - 1) continue;
    if (!(await continueByKey())) return EXIT.INTERRUPTED;
  }
  return EXIT.OK;
}

class Tour {
  readonly #machine = new Machine();
  readonly #host = new Host(this.#machine);
  readonly #process: Mm = this.#host.createMm();
  /** The parts of the tour, each with a heading. */
  readonly #parts: string[] = [];
  readonly #monitor: Monitor;
  #step = 0;

  constructor() {
    for (const { from, length } of MAPS) this.#process.mmap({ address: from, length });
    const empty = this.#host.createGmap(this.#process);
    this.#heading('An empty guest address space');
    this.#say(
      `${this.#tables()}: a space of 16 EiB in which nothing is mapped. Its address-space-control element is ${hex(empty.asce)}.`,
    );
    empty.free();
    this.#heading('Three ranges of a process, in another order and far apart: mapped, not linked');
    this.#monitor = new Monitor(this.#host, this.#process, {
      image: parseElf(readFileSync(IMAGE)),
      maps: MAPS,
      console: { write: (text) => this.#console(text) },
      diagnose: (code, vcpu) => code === HAND_OVER && this.#handOver(vcpu),
    });
  }

  /** Runs the tour. Returns its parts. */
  run(): readonly string[] {
    this.#say(`${this.#tables()}: the segment at 0 is already linked, because the image was loaded there.`);
    this.#segments();
    this.#heading('The guest runs: the first access to each segment is a fault, which links it');
    this.#expect(this.#monitor.run(), 'memory-fault');
    this.#heading(
      'The guest reads the segment again, but its process has no memory there: the host stops the guest',
    );
    const { from, length } = MAPS[2] as MemoryMap;
    this.#process.mmap({ address: from, length });
    this.#say(
      `The process maps ${hex(from)} again. The gmap needs no notification, and the guest continues.`,
    );
    const end = this.#monitor.run();
    this.#expect(end, 'disabled-wait');
    this.#heading('The guest ended');
    const { executed } = this.#machine.cpu(0);
    this.#say(`It executed ${executed} instructions. ${this.#tables()}.`);
    this.#next();
    return this.#parts;
  }

  /** Performs the step of the tour that the guest names when it returns control. */
  #handOver(vcpu: Vcpu): boolean {
    const step = Number(vcpu.gr[2]);
    const guest = vcpu.gr[3] as bigint;
    const process = this.#monitor.vm.gmap.fault(guest);
    if (step === 1) this.#showStored(guest, process);
    if (step === 2) this.#unmap();
    if (step === 3) this.#showStored(guest, process);
    return true;
  }

  /** Reports text that the guest stored, as the process reads it. */
  #showStored(guest: bigint, process: bigint): void {
    const bytes = this.#process.read(process, 32);
    const text = String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
    this.#say(
      `The guest stored at ${hex(guest)}; the process reads at ${hex(process)}: ${styled('green', `"${text}"`)}`,
    );
    if (this.#step === 3) this.#segments();
  }

  #unmap(): void {
    const { from, length } = MAPS[2] as MemoryMap;
    this.#say('It also stored at 1 EiB: three segments are linked now, each to a page table of the process.');
    this.#segments();
    this.#heading(`The process unmaps ${hex(from)}`);
    this.#process.munmap({ address: from, length });
    this.#say(
      'Its page table is freed, and before that the guest entry is unlinked: it is only mapped again.',
    );
    this.#segments();
  }

  /** Prints every segment of the guest, one per line, with the bits of its entry. */
  #segments(): void {
    const { gmap } = this.#monitor.vm;
    for (const segment of gmap.segments()) this.#line(`    ${this.#segment(segment)}`);
  }

  #segment({ guest, process, linked }: SegmentState): string {
    const { gmap } = this.#monitor.vm;
    const entry = this.#machine.storage.get64(gmap.tables.entryOf(Number(guest >> 20n)));
    const state = linked ? styled('green', 'linked') : styled('yellow', 'mapped');
    return `guest ${hex(guest).padEnd(20)}process ${hex(process).padEnd(12)}entry 0x${entry.toString(16).padStart(16, '0')} ${state}`;
  }

  #tables(): string {
    const { tables, rmaps, pagetables } = this.#host.stats();
    return `${plural(tables, 'guest table')}, ${plural(rmaps, 'link')}, ${plural(pagetables, 'page table')}`;
  }

  #console(text: string): void {
    for (const line of text.split('\n').filter((one) => one !== '')) {
      this.#line(`  ${styled('cyan', 'guest says:')} ${line}`);
    }
  }

  #heading(text: string): void {
    this.#parts.push('');
    this.#line(styled('bold', `${++this.#step}. ${text}`));
  }

  #line(text: string): void {
    this.#parts.push(`${this.#parts.pop() ?? ''}${text}\n`);
  }

  #say(text: string): void {
    this.#line(`  ${text}`);
  }

  #expect(end: End, kind: End['kind']): void {
    if (end.kind !== kind) throw new UsageError(`the tour's guest ended with ${end.kind}, not ${kind}`);
  }

  #next(): void {
    this.#parts.push('');
    this.#line(styled('bold', 'Try next'));
    const scenario = example('scenarios/first.txt');
    const rows = columns([
      [`npx guesthouse boot ${example('images/paging.elf')}`, 'a guest with its own tables'],
      [`npx guesthouse replay ${scenario}`, 'this tour as a scenario, which you can change'],
      [`npx guesthouse walk ${scenario} 1G --gmap 0`, 'a translation, entry by entry'],
      [
        `npx guesthouse run ${example('programs/kvm/images/ucontrol.elf')}`,
        'a program that makes a virtual machine with /dev/kvm',
      ],
      ['npx guesthouse explore', 'the lessons, in your browser; the last one shows this program'],
    ]);
    for (const row of rows) this.#say(row);
  }
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
