/** A machine with an engine, and what steps do to it. */

import {
  CPU_FLAG,
  type Cpu,
  type Engine,
  ICPT,
  interpret,
  isNullifying,
  Machine,
  type Observer,
  SIE,
  StateDescription,
  Storage,
} from '../../machine/index.ts';
import type { TraceEvent } from '../../trace/index.ts';
import { bytesOf, HANDLERS, NEW_PSWS } from '../handlers.ts';
import { Random } from '../random.ts';
import { AT, CODE_PAGES, DATA_PAGES, MIB, NOP, PAGE_SIZE, SPECIAL_PAGES } from './layout.ts';
import type { EngineSetup, EngineStep, Program, StartStep } from './steps.ts';

/**
 * The handler of program interruptions. It returns to the next instruction, or, from a place that is no code of the program, to
 * the PSW at 608:
 *
 *         STMG  0,1,512        bad: MVC   528(16),608     out: LMG   0,1,512
 *         MVC   528(16),336         J     out                  LPSWE 528
 *         TM    543,1          ok:  LLGH  0,140
 *         JNZ   bad                 LLGH  1,142
 *         LG    0,536               CHI   1,16
 *         SRLG  0,0,14              JL    out
 *         CGHI  0,8                 AG    0,536
 *         JE    ok                  STG   0,536
 */
const PROGRAM_HANDLER = [
  'eb0102000024d20f021001509101021fa774000ce30002180004eb00000e000ca70f0008a7840007',
  'd20f02100260a7f40012e300008c0091e310008e0091a71e0010a7440008e30002180008e30002180024eb0102000004b2b20210',
].join('');
/** Where the PSW is that the handler loads in the end. */
const RESTART_PSW = 608;

/** The handler of external interruptions: SCKC 592; SPT 600; LPSWE 304. It makes both clocks late. */
const EXTERNAL_HANDLER = 'b2060250b2080258b2b20130';

/** Returns storage for a machine with or without guests. */
export function storageFor({ guests }: EngineSetup): Storage {
  return new Storage(guests ? 2 * MIB : MIB);
}

/** A machine. */
export class EngineWorld {
  readonly machine: Machine;
  readonly engine: Engine;
  /** The events of the last step. */
  events: TraceEvent[] = [];

  /**
   * @param storage cleared storage, of `storageFor`
   * @param observer the observer of its processors, or null
   */
  constructor(setup: EngineSetup, engine: Engine, storage: Storage, observer: Observer | null = null) {
    this.engine = engine;
    this.machine = new Machine({ storage, cpus: setup.cpus, engine, tod: 1n << 60n });
    this.machine.observer = observer;
    this.machine.trace.subscribe((event) => this.events.push(event));
    this.#fill(0, setup);
    if (setup.guests) {
      this.#fill(MIB, setup);
      this.#mapGuests();
      for (const n of [0, 1]) this.#describe(n, setup);
    }
    for (const cpu of this.machine.cpus) {
      cpu.setControl(1, BigInt(AT.SEGMENT_A));
      cpu.setTimer((1n << 63n) - 1n);
      cpu.setClockComparator(-1n);
    }
  }

  #fill(base: number, { seed }: EngineSetup): void {
    const { storage } = this.machine;
    for (const prefix of [0, AT.PREFIX]) {
      for (const [newPsw, handler] of NEW_PSWS) {
        storage.set64(base + prefix + newPsw, 0x1_8000_0000n);
        storage.set64(base + prefix + newPsw + 8, BigInt(AT.HANDLER + handler));
      }
      storage.set64(base + prefix + 0x250, (1n << 64n) - 1n);
      storage.set64(base + prefix + 0x258, (1n << 63n) - 1n);
    }
    for (const [at, code] of HANDLERS) storage.write(base + AT.HANDLER + at, bytesOf(code));
    storage.write(base + AT.HANDLER, bytesOf(PROGRAM_HANDLER));
    storage.write(base + AT.HANDLER + 0x200, bytesOf(EXTERNAL_HANDLER));
    storage.write(base + AT.CODE, bytesOf(NOP.repeat((CODE_PAGES * PAGE_SIZE) / 2)));
    storage.set64(base + AT.ELEMENTS, BigInt(AT.SEGMENT_A));
    storage.set64(base + AT.ELEMENTS + 8, BigInt(AT.SEGMENT_B));
    const random = new Random(seed);
    for (let i = 0; i < DATA_PAGES * PAGE_SIZE; i += 8) {
      // Every second page has numbers of the long format.
      const isNumber = (i / PAGE_SIZE) & 1;
      storage.set32(
        base + AT.DATA + i,
        isNumber ? (random.next() & 0x803f_ffff) | 0x3fe0_0000 : random.next(),
      );
      storage.set32(base + AT.DATA + i + 4, random.next());
    }
    this.#tables(base);
  }

  #tables(base: number): void {
    const { storage } = this.machine;
    const entry = (table: number, index: number, value: number) => {
      storage.set64(base + table + index * 8, BigInt(value));
    };
    for (const table of [AT.SEGMENT_A, AT.SEGMENT_B]) for (let i = 0; i < 512; i++) entry(table, i, 0x20);
    const own = [AT.PAGES_A, AT.PAGES_OTHER, 0x20, 0x20, AT.PAGES_A, AT.PAGES_OTHER, 0x400];
    own.forEach((value, i) => {
      entry(AT.SEGMENT_A, i, value);
    });
    [AT.PAGES_B, AT.PAGES_OTHER, AT.PAGES_A | 0x200].forEach((value, i) => {
      entry(AT.SEGMENT_B, i, value);
    });
    for (let i = 0; i < 256; i++) {
      entry(AT.PAGES_A, i, SPECIAL_PAGES.get(i) ?? i * PAGE_SIZE);
      entry(AT.PAGES_OTHER, i, ((i * 5) & 0xff) * PAGE_SIZE);
      // Pairs of pages are exchanged; those of the code are not.
      entry(AT.PAGES_B, i, (i >= AT.DATA / PAGE_SIZE ? i ^ 1 : i) * PAGE_SIZE);
    }
  }

  /** Makes the second MiB of the host's space the guests' storage. */
  #mapGuests(): void {
    const { storage } = this.machine;
    for (let i = 0; i < 256; i++) {
      const invalid = i === 0x35 || i === 0x36 ? 0x400 : 0;
      const frame = MIB + i * PAGE_SIZE;
      storage.set64(AT.PAGES_OTHER + i * 8, BigInt(frame + invalid + (i === 0x34 ? 0x200 : 0)));
    }
  }

  #describe(n: number, { interceptions }: EngineSetup): void {
    const block = this.description(n);
    block.set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
    block.set64(SIE.STORAGE_ORIGIN, BigInt(MIB));
    block.set64(SIE.STORAGE_LIMIT, BigInt(MIB));
    block.set32(SIE.INTERCEPTION_CONTROLS, interceptions);
    block.set64(SIE.CLOCK_COMPARATOR, (1n << 64n) - 1n);
    block.set64(SIE.CPU_TIMER, (1n << 63n) - 1n);
  }

  /** The state description of a guest. */
  description(n: number): StateDescription {
    return new StateDescription(this.machine.storage, AT.DESCRIPTIONS + n * 512);
  }

  /** Performs a step. Returns its result as text. */
  perform(step: EngineStep): string {
    const { machine } = this;
    const { storage } = machine;
    this.events = [];
    switch (step.do) {
      case 'run':
        return this.#run(step.program, this.#cpu(step.cpu), step.limit);
      case 'start':
        this.#setRestart(step);
        if (step.program === 'host') this.#startHost(step);
        else this.#startGuest(step);
        this.#setFloats(step);
        return '';
      case 'code':
        storage.write(step.at, bytesOf(step.code.join('')));
        return '';
      case 'store':
        storage.write(step.at, bytesOf(step.bytes));
        return '';
      case 'key':
        storage.keys[step.page] = step.key;
        machine.forgetKeys();
        return '';
      case 'entry':
        storage.set64(step.table + step.index * 8, BigInt(step.value));
        machine.purgePage(step.table, step.index);
        for (const { guestTlb } of machine.cpus) guestTlb.purgeAll();
        return '';
      case 'purge':
        if (step.asce === null) machine.purgeAll();
        else machine.purgeAsce(Number(BigInt(step.asce) >> 32n), Number(BigInt(step.asce) & 0xffff_ffffn));
        return '';
      case 'clock':
        this.#clock(step.program, this.#cpu(step.cpu), BigInt(step.comparator), BigInt(step.timer));
        return '';
      case 'signal':
        this.#cpu(step.cpu).signal(0x1201, 0);
        return '';
    }
  }

  #cpu(n: number): Cpu {
    return this.machine.cpus[n % this.machine.cpus.length] as Cpu;
  }

  #run(program: Program, cpu: Cpu, limit: number): string {
    if (program === 'host') {
      const stop = cpu.run(limit);
      // A nullified instruction would be executed for ever.
      if (stop.reason === 'interruption' && stop.interruption.class === 'program') {
        const { code, length } = stop.interruption;
        if (isNullifying(code)) cpu.setPsw(cpu.pswMask, cpu.pswAddress + BigInt(length));
      }
      return text(stop);
    }
    const n = program === 'guest 1' ? 1 : 0;
    const exit = interpret(cpu, AT.DESCRIPTIONS + n * 512, limit);
    if (exit.kind === 'host-exception') this.#resolve(Number(exit.teid >> 12n));
    const block = this.description(n);
    if (
      exit.kind === 'interception' &&
      exit.code === ICPT.PROGRAM &&
      isNullifying(block.get16(SIE.PROGRAM_CODE))
    ) {
      block.advance(block.get16(SIE.PROGRAM_LENGTH));
    }
    return text(exit);
  }

  /** Makes a page of the guests accessible. */
  #resolve(page: number): void {
    if (page < 256 || page > 511) return;
    this.machine.storage.set64(AT.PAGES_OTHER + (page - 256) * 8, BigInt(page * PAGE_SIZE));
    this.machine.purgePage(AT.PAGES_OTHER, page - 256);
  }

  /** Stores the PSW to which programs return that have got lost. */
  #setRestart({ program, mask, address }: StartStep): void {
    const { storage } = this.machine;
    for (const prefix of [0, AT.PREFIX]) {
      const at = (program === 'host' ? 0 : MIB) + prefix + RESTART_PSW;
      storage.set64(at, BigInt(mask));
      storage.set64(at + 8, BigInt(address));
    }
  }

  #setFloats({ cpu: n, fr, fpc }: StartStep): void {
    const cpu = this.#cpu(n);
    fr.forEach((value, r) => {
      cpu.fr[r] = BigInt(value);
    });
    cpu.fpc = fpc;
  }

  #startHost({ cpu: n, mask, address, gr, cr, prefix, report }: StartStep): void {
    const cpu = this.#cpu(n);
    cpu.reset('initial');
    cpu.setPrefix(prefix);
    gr.forEach((value, r) => {
      cpu.gr[r] = BigInt(value);
    });
    for (const [r, value] of Object.entries(cr)) cpu.setControl(Number(r), BigInt(value));
    cpu.setClockComparator((1n << 64n) - 1n);
    cpu.setTimer((1n << 63n) - 1n);
    cpu.interruptions = report ? 'report' : 'take';
    cpu.setPsw(BigInt(mask), BigInt(address));
  }

  #startGuest({ cpu: n, program, mask, address, gr, cr, prefix }: StartStep): void {
    const cpu = this.#cpu(n);
    const block = this.description(program === 'guest 1' ? 1 : 0);
    gr.forEach((value, r) => {
      if (r < 14) cpu.gr[r] = BigInt(value);
      else block.set64(r === 14 ? SIE.GR14 : SIE.GR15, BigInt(value));
    });
    for (let r = 0; r < 16; r++) block.setControl(r, BigInt(cr[r] ?? 0));
    block.prefix = prefix;
    block.pswMask = BigInt(mask);
    block.pswAddress = BigInt(address);
  }

  #clock(program: Program, cpu: Cpu, comparator: bigint, timer: bigint): void {
    if (program === 'host') {
      cpu.setClockComparator(cpu.tod + comparator);
      cpu.setTimer(timer);
      return;
    }
    const block = this.description(program === 'guest 1' ? 1 : 0);
    block.set64(SIE.CLOCK_COMPARATOR, this.machine.clock.tod + comparator);
    block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, timer));
  }
}

/** Returns a value with numbers of 64 bits as text. */
export function text(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? `0x${field.toString(16)}` : field));
}
