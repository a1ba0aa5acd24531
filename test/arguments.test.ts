/**
 * Invalid arguments: every exported operation is called with values that are not allowed, one argument at a time. It
 * must throw a documented error that names a value, and change nothing.
 *
 * An export, or a method of an exported class, that is not in the table fails the test.
 */

import { describe, expect, it } from 'vitest';
import { FolderTree } from '../src/cli/folder-tree.ts';
import * as hostModule from '../src/host/index.ts';
import { type GuestCpuModel, Host, LinuxError, VirtualMachine } from '../src/host/index.ts';
import { show } from '../src/host/internal.ts';
import * as taskModule from '../src/host/task/index.ts';
import { Linux } from '../src/host/task/index.ts';
import { executable } from '../src/host/task/testing/index.ts';
import { snapshotOf } from '../src/host/testing/index.ts';
import * as inspectModule from '../src/inspect/index.ts';
import * as machineModule from '../src/machine/index.ts';
import { BusyError, Machine } from '../src/machine/index.ts';

const MIB = 1n << 20n;
const P = 0x1000_0000n;

/** A host with one of everything. */
class World {
  readonly machine = new Machine({ storageSize: 32 << 20, cpus: 2 });
  readonly host = new Host(this.machine);
  readonly mm = this.host.createMm();
  readonly file = this.host.createFile(MIB);
  readonly gmap = this.host.createGmap(this.mm);
  readonly vm: VirtualMachine;
  readonly vcpu;
  readonly cmma;
  readonly log;
  readonly cpu = this.machine.cpu(0);
  readonly linux;
  readonly process;
  readonly input;
  readonly output;
  readonly terminal;

  constructor() {
    this.mm.mmap({ address: P, length: 4n * MIB });
    this.gmap.map({ from: P, to: MIB, length: MIB });
    this.vm = this.host.createVm(this.mm);
    this.vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: MIB, userspaceAddr: P });
    this.vm.enableCmma();
    this.cmma = this.vm.cmma;
    this.vcpu = this.vm.createVcpu();
    this.log = this.mm.startLog(Number(P >> 12n) + 512, 1);
    this.mm.write(P, Uint8Array.of(1));
    // exit(0)
    this.linux = new Linux(this.host, { files: { '/bin/true': executable('a72900000a01') } });
    this.process = this.linux.spawn({ path: '/bin/true' });
    this.input = this.linux.makeInput();
    this.output = this.linux.makeOutput(() => {});
    this.terminal = this.linux.makeTerminal({ columns: 80, rows: 24, take: () => {} });
    this.gmap.fault(MIB);
  }

  state() {
    const { block, gr } = this.vcpu;
    return {
      ...snapshotOf(this.host, this.mm, this.gmap, this.vm.gmap),
      processes: this.host.processes.size,
      files: this.host.common.files.size,
      slots: [...this.vm.slots.all],
      vcpus: this.vm.vcpus.length,
      logs: this.mm.logs.length,
      watched: [...this.gmap.watched],
      block: this.machine.storage.read(block.origin, 512),
      registers: [
        ...gr,
        ...this.cpu.gr,
        ...this.cpu.cr,
        this.cpu.pswMask,
        this.cpu.pswAddress,
        this.cpu.prefix,
      ],
      executed: this.cpu.executed,
      busy: this.cpu.busy,
      linux: [this.linux.work, this.linux.now, this.linux.describeWaits(), this.process.status],
      streams: [this.input.room, this.terminal.room, this.terminal.isConnected],
    };
  }
}

/** Values that are of no argument's type and are not undefined. */
const NOTHING = [null, {}, [], 'x', '', Symbol('s'), () => {}];
const NUMBERS = [Number.NaN, -1, 1.5, 2 ** 60, Infinity];
/** By kind of argument: values that are not allowed. */
const BAD = {
  address: [...NOTHING, ...NUMBERS, 0, undefined, -1n, 1n << 64n, 1n << 80n],
  anyAddress: [...NOTHING, ...NUMBERS, 0, undefined],
  number: [...NOTHING, ...NUMBERS, 1n, undefined, '1'],
  /** A number that may be any size. */
  limit: [...NOTHING, Number.NaN, -1, 1.5, 0, 1n, undefined, '1'],
  optionalAddress: [...NOTHING, ...NUMBERS, 0, -1n, 1n << 64n],
  /** A number that may be negative. */
  signed: [...NOTHING, Number.NaN, 1.5, 2 ** 60, 1n, undefined, '1'],
  parameter: [{}, 'x', 1n, -1, 1.5, 2 ** 40, undefined],
  optionalNumber: [...NOTHING, ...NUMBERS, 1n, '1'],
  bytes: [null, {}, 'x', 5, undefined, { length: 2 ** 40 }, [1], new Uint16Array(1)],
  flag: [null, {}, 'x', 0, 1n],
  object: [null, 'x', 5, 5n, undefined, Symbol('s')],
  some: [null, {}, 'x', 5, 5n, undefined],
  record: [null, [], 'x', 5, 5n],
  optionalText: [null, {}, [], 5, 5n, 'a\0b', Symbol('s')],
  optionalSigned: [...NOTHING, Number.NaN, 1.5, 2 ** 60, 1n, '1'],
  optionalTime: [...NOTHING, 0, -1n, 1n << 63n],
  optionalLimit: [...NOTHING, Number.NaN, -1, 1.5, 0, 1n, '1'],
  text: [null, {}, [], 5, 5n, undefined, 'a\0b', Symbol('s')],
  path: [null, {}, [], 5, 5n, undefined, '/a\0b', 'relative', '', Symbol('s')],
  words: [null, {}, 'x', 5, ['a', 5], ['a\0b'], [undefined]],
  contents: [null, {}, [], 5, 5n, undefined, new Uint16Array(1)],
  stream: [null, {}, [], 5, 5n, Symbol('s'), new Uint16Array(1)],
  function: [null, {}, [], 'x', 5, 5n],
  signal: [...NOTHING, ...NUMBERS, 0, 65, 1n],
  time: [...NOTHING, Number.NaN, -1, -1n, Infinity, 1n << 63n],
} as const;
type Kind = keyof typeof BAD;

/** An operation: valid arguments, and the kind of each. Null: the argument is not varied. */
interface Case {
  readonly call: (world: World, ...args: never[]) => unknown;
  readonly good: (world: World) => readonly unknown[];
  readonly kinds: readonly (Kind | null | Readonly<Record<string, Kind>>)[];
  /** Whether errors of the engine's kinds are documented: in the machine. */
  readonly engine?: boolean;
}

/**
 * Why an export or a method is skipped: a getter or an operation without arguments; a part of the host that only its
 * own code calls, with checked arguments; a register or a table of the machine, whose typed arrays and data views
 * throw RangeError or TypeError.
 */
type Skipped = 'no arguments' | 'inside' | 'hardware';

// biome-ignore lint/suspicious/noExplicitAny: the arguments are wrong on purpose
type Any = any;

const op = (
  object: (world: World) => Any,
  method: string,
  good: (world: World) => readonly unknown[],
  ...kinds: Case['kinds']
): Case => ({ call: (world, ...args) => object(world)[method](...args), good, kinds });

const fn = (
  module: Any,
  name: string,
  good: (world: World) => readonly unknown[],
  ...kinds: Case['kinds']
): Case => ({ call: (_, ...args) => module[name](...args), good, kinds });

const host = (w: World) => w.host;
const mm = (w: World) => w.mm;
const gmap = (w: World) => w.gmap;
const vm = (w: World) => w.vm;
const vcpu = (w: World) => w.vcpu;
const page = Number(P >> 12n);

type Methods = Readonly<Record<string, Case | Skipped>>;
type Table = Readonly<Record<string, Case | Skipped | Methods>>;

/** A virtual machine that has no virtual CPUs yet. */
let withoutVcpus: VirtualMachine;

const HOST: Table = {
  // These only brand a number.
  ...Object.fromEntries(
    ['processPage', 'guestPage', 'processSegment', 'guestSegment'].map((name) => [name, 'inside' as const]),
  ),
  Host: {
    processes: 'no arguments',
    tablesChanged: 'inside',
    forgetTableChanges: 'inside',
    stats: 'no arguments',
    createMm: op(host, 'createMm', () => [5], 'optionalNumber'),
    fork: op(host, 'fork', (w) => [w.mm, 5], 'some', 'optionalNumber'),
    createFile: op(host, 'createFile', () => [MIB], 'address'),
    exitMm: op(host, 'exitMm', (w) => [w.mm], 'some'),
    createGmap: op(host, 'createGmap', (w) => [w.mm, 5], 'some', 'optionalNumber'),
    createVm: op(host, 'createVm', (w) => [w.mm, 5], 'some', 'optionalNumber'),
    gmapsOf: op(host, 'gmapsOf', (w) => [w.mm], 'some'),
    readAsProcess: op(host, 'readAsProcess', (w) => [w.mm, w.cpu, P, 1], 'some', 'some', 'address', 'number'),
    writeAsProcess: op(
      host,
      'writeAsProcess',
      (w) => [w.mm, w.cpu, P, Uint8Array.of(1)],
      'some',
      'some',
      'address',
      'bytes',
    ),
    readAsGuest: op(host, 'readAsGuest', (w) => [w.gmap, w.cpu, MIB, 1], 'some', 'some', 'address', 'number'),
    writeAsGuest: op(
      host,
      'writeAsGuest',
      (w) => [w.gmap, w.cpu, MIB, Uint8Array.of(1)],
      'some',
      'some',
      'address',
      'bytes',
    ),
  },
  Mm: {
    mmap: op(
      mm,
      'mmap',
      () => [{ length: MIB, address: P * 2n, protection: 3, taken: 'refuse', offset: 0n }],
      {
        length: 'address',
        address: 'optionalAddress',
        protection: 'optionalNumber',
        taken: 'flag',
        shared: 'flag',
        large: 'flag',
        file: 'flag',
        offset: 'optionalAddress',
      },
    ),
    munmap: op(mm, 'munmap', () => [{ address: P, length: MIB }], { address: 'address', length: 'address' }),
    mprotect: op(mm, 'mprotect', () => [{ address: P, length: MIB, protection: 1 }], {
      address: 'address',
      length: 'address',
      protection: 'number',
    }),
    mincore: op(mm, 'mincore', () => [{ address: P, length: MIB }], {
      address: 'address',
      length: 'address',
    }),
    dontNeed: op(mm, 'dontNeed', () => [{ address: P, length: MIB }], {
      address: 'address',
      length: 'address',
    }),
    mremap: op(mm, 'mremap', () => [{ address: P, oldLength: MIB, newLength: 4096n, mayMove: false }], {
      address: 'address',
      oldLength: 'address',
      newLength: 'address',
      mayMove: 'flag',
      to: 'flag',
    }),
    fork: op(mm, 'fork', () => [7], 'number'),
    fault: op(mm, 'fault', () => [P, true], 'address', 'flag'),
    startLog: op(mm, 'startLog', () => [page, 2], 'number', 'number'),
    stopLog: op(mm, 'stopLog', (w) => [w.log], 'some'),
    takeLog: op(mm, 'takeLog', (w) => [w.log], 'some'),
    enableKeys: 'no arguments',
    enableSie: 'no arguments',
    exit: 'no arguments',
    keyOf: op(mm, 'keyOf', () => [page], 'number'),
    usageOf: op(mm, 'usageOf', () => [page], 'number'),
    setUsage: op(mm, 'setUsage', () => [page, 1, 3], 'number', 'number', 'number'),
    clearUsage: 'no arguments',
    setKey: op(
      mm,
      'setKey',
      (w) => {
        w.mm.enableKeys();
        return [page, 0x10];
      },
      'number',
      'number',
    ),
    setKeys: op(
      mm,
      'setKeys',
      (w) => {
        w.mm.enableKeys();
        return [[page], [0x10]];
      },
      'object',
      'object',
    ),
    makeWatchable: op(mm, 'makeWatchable', () => [page], 'number'),
    watchPage: op(mm, 'watchPage', () => [page], 'number'),
    read: op(mm, 'read', () => [P, 1], 'address', 'number'),
    write: op(mm, 'write', () => [P, Uint8Array.of(1)], 'address', 'bytes'),
    chooseGap: 'inside',
    limitFor: 'inside',
    demandRoom: 'inside',
    demandRoomForHole: 'inside',
    dropFilePages: 'inside',
    serveFaults: 'inside',
    endServing: 'inside',
    dismiss: 'inside',
    demandServed: 'inside',
    providePage: 'inside',
    eachPresent: 'inside',
    faultPage: 'inside',
    provideSegment: 'inside',
    zap: 'inside',
    splitEdges: 'inside',
    noteWritten: 'inside',
    removeRange: 'inside',
    underPageTableLock: 'inside',
  },
  MemoryFile: {
    length: 'no arguments',
    freed: 'no arguments',
    frames: 'no arguments',
    withFrame: 'inside',
    mapped: 'inside',
    pages: 'no arguments',
    isMapped: 'no arguments',
    isShmem: 'no arguments',
    reserve: 'inside',
    resize: 'inside',
    discard: 'inside',
    nextFrame: 'inside',
    written: 'no arguments',
    clean: 'inside',
    copyOut: 'inside',
    copyIn: 'inside',
    zero: 'inside',
    read: op(
      (w) => w.file,
      'read',
      () => [0n, 1],
      'address',
      'number',
    ),
    write: op(
      (w) => w.file,
      'write',
      () => [0n, Uint8Array.of(1)],
      'address',
      'bytes',
    ),
    close: 'no arguments',
  },
  Gmap: {
    asce: 'no arguments',
    freed: 'no arguments',
    watched: 'no arguments',
    free: 'no arguments',
    segments: 'no arguments',
    segmentOf: 'inside',
    invalidated: 'inside',
    map: op(gmap, 'map', () => [{ from: P, to: MIB, length: MIB }], {
      from: 'address',
      to: 'address',
      length: 'address',
    }),
    makeTables: op(gmap, 'makeTables', () => [{ address: MIB, length: MIB }], {
      address: 'address',
      length: 'address',
    }),
    mapSegments: op(gmap, 'mapSegments', () => [256, 3, 1], 'number', 'number', 'number'),
    unmap: op(gmap, 'unmap', () => [{ address: MIB, length: MIB }], {
      address: 'address',
      length: 'address',
    }),
    unmapSegments: op(gmap, 'unmapSegments', () => [1, 1], 'number', 'number'),
    fault: op(gmap, 'fault', () => [MIB], 'address'),
    faultSegment: op(gmap, 'faultSegment', () => [1], 'number'),
    discard: op(gmap, 'discard', () => [{ address: MIB, length: MIB }], {
      address: 'address',
      length: 'address',
    }),
    watch: op(gmap, 'watch', () => [{ address: MIB, length: 4096n }], {
      address: 'address',
      length: 'address',
    }),
    enable: op(gmap, 'enable', (w) => [w.cpu], 'some'),
    disable: op(gmap, 'disable', (w) => [w.cpu], 'some'),
  },
  VirtualMachine: {
    new: {
      call: (_, options) => new VirtualMachine(options),
      good: (w) => [{ mm: w.mm, gmap: w.gmap }],
      kinds: [{ mm: 'some', gmap: 'some' }],
    },
    vcpus: 'no arguments',
    enableKeys: 'no arguments',
    vcpuAt: 'inside',
    createVcpu: op(vm, 'createVcpu', () => [{ id: 7 }], { id: 'optionalNumber' }),
    resetSubsystem: 'no arguments',
    channelSubsystem: 'no arguments',
    enableChannelSubsystem: 'no arguments',
    enableCmma: 'no arguments',
    cpuModel: {
      call: (_, model) => {
        withoutVcpus.cpuModel = model as GuestCpuModel;
      },
      good: (w) => {
        withoutVcpus = w.host.createVm(w.mm);
        return [{ cpuId: 0n, facilities: new Uint8Array(8) }];
      },
      kinds: [{ cpuId: 'address', facilities: 'bytes' }],
    },
    userInstruction0: 'no arguments',
    enableUserInstruction0: 'no arguments',
    userOperations: 'no arguments',
    enableUserOperations: 'no arguments',
    hasMemory: op(vm, 'hasMemory', () => [{ address: 0n, length: 1n }], {
      address: 'address',
      length: 'address',
    }),
    destroy: 'no arguments',
    setMemoryRegion: op(
      vm,
      'setMemoryRegion',
      () => [{ slot: 1, flags: 0, guestPhysAddr: MIB, memorySize: MIB, userspaceAddr: P }],
      {
        slot: 'number',
        flags: 'optionalNumber',
        guestPhysAddr: 'address',
        memorySize: 'address',
        userspaceAddr: 'address',
      },
    ),
    getDirtyLog: op(
      vm,
      'getDirtyLog',
      (w) => {
        w.vm.setMemoryRegion({ slot: 0, flags: 1, guestPhysAddr: 0n, memorySize: MIB, userspaceAddr: P });
        return [0];
      },
      'number',
    ),
    getKey: op(vm, 'getKey', () => [0n], 'address'),
    setKey: op(vm, 'setKey', () => [0n, 0x10], 'address', 'number'),
    getKeys: op(
      vm,
      'getKeys',
      (w) => {
        w.vm.enableKeys();
        return [0, 1];
      },
      'number',
      'number',
    ),
    setKeys: op(vm, 'setKeys', () => [0, [0x10]], 'number', 'object'),
    readGuest: op(vm, 'readGuest', () => [0n, 1], 'address', 'number'),
    writeGuest: op(vm, 'writeGuest', () => [0n, Uint8Array.of(1)], 'address', 'bytes'),
    faultIn: op(vm, 'faultIn', () => [0n, true], 'address', 'flag'),
    watchPage: op(vm, 'watchPage', () => [1], 'number'),
    setGuestKey: op(
      vm,
      'setGuestKey',
      (w) => {
        w.vm.enableKeys();
        return [1, 0x10];
      },
      'number',
      'number',
    ),
  },
  CollaborativeMemory: {
    enabled: 'no arguments',
    migrating: 'no arguments',
    use: 'no arguments',
    enable: 'inside',
    clear: 'no arguments',
    startMigration: 'no arguments',
    stopMigration: 'no arguments',
    slotChanged: 'inside',
    changed: 'inside',
    getStates: op(
      (w) => w.cmma,
      'getStates',
      () => [{ startFrame: 0, count: 1, peek: true }],
      { startFrame: 'number', count: 'number', peek: 'flag' },
    ),
    setStates: op(
      (w) => w.cmma,
      'setStates',
      () => [0, Uint8Array.of(0), 3],
      'number',
      'bytes',
      'number',
    ),
  },
  AbsoluteMemory: {
    read: op(
      (w) => w.vm.absoluteMemory,
      'read',
      () => [0n, new Uint8Array(1), 0],
      'address',
      'bytes',
      'optionalNumber',
    ),
    write: op(
      (w) => w.vm.absoluteMemory,
      'write',
      () => [0n, Uint8Array.of(1), 0],
      'address',
      'bytes',
      'optionalNumber',
    ),
    check: op(
      (w) => w.vm.absoluteMemory,
      'check',
      () => [0n, 1, true, 0],
      'address',
      'number',
      'flag',
      'optionalNumber',
    ),
    compareAndExchange: op(
      (w) => w.vm.absoluteMemory,
      'compareAndExchange',
      () => [0n, Uint8Array.of(1), Uint8Array.of(1), 0],
      'address',
      'bytes',
      'bytes',
      'optionalNumber',
    ),
  },
  MemorySlots: {
    all: 'no arguments',
    stopLogs: 'no arguments',
    at: op(
      (w) => w.vm.slots,
      'at',
      () => [0n],
      'anyAddress',
    ),
    set: op(
      (w) => w.vm.slots,
      'set',
      () => [{ slot: 1, guestPhysAddr: MIB, memorySize: MIB, userspaceAddr: P }],
      { slot: 'number' },
    ),
    takeLog: 'inside',
  },
  Vcpu: {
    stopped: 'no arguments',
    cpuTimer: 'no arguments',
    destroy: 'no arguments',
    stopping: 'no arguments',
    restart: 'no arguments',
    restartPending: 'no arguments',
    waiting: 'no arguments',
    waitEnabled: 'no arguments',
    wakesAt: 'no arguments',
    exits: 'no arguments',
    runnable: 'no arguments',
    storeStatusAssigned: 'no arguments',
    storeMachineCheckAreas: 'no arguments',
    forgetTranslations: 'no arguments',
    interruptible: 'no arguments',
    enabledFor: 'inside',
    enabledForIo: 'inside',
    save: 'no arguments',
    restore: op(vcpu, 'restore', (w) => [w.vcpu.save()], {
      gr: 'some',
      ar: 'some',
      fpc: 'number',
      description: 'bytes',
      stopped: 'some',
      restart: 'some',
    }),
    restoringPswOnFault: 'inside',
    loadRegisters: 'inside',
    saveRegisters: 'inside',
    reset: op(vcpu, 'reset', () => ['initial'], 'some'),
    requestStop: op(vcpu, 'requestStop', () => [true], 'flag'),
    storeStatus: op(vcpu, 'storeStatus', () => [0x2000], 'number'),
    setControl: op(vcpu, 'setControl', () => [1, 0n], 'number', 'address'),
    fetchOperand: op(vcpu, 'fetchOperand', (w) => [w.cpu, 0n, 1], 'some', 'address', 'number'),
    storeOperand: op(vcpu, 'storeOperand', (w) => [w.cpu, 0n, Uint8Array.of(1)], 'some', 'address', 'bytes'),
    readLogical: op(
      vcpu,
      'readLogical',
      (w) => [w.cpu, 0n, new Uint8Array(1), {}],
      'some',
      'address',
      'bytes',
      {
        register: 'optionalNumber',
        key: 'optionalNumber',
        inject: 'flag',
      },
    ),
    writeLogical: op(
      vcpu,
      'writeLogical',
      (w) => [w.cpu, 0n, Uint8Array.of(1), {}],
      'some',
      'address',
      'bytes',
      {
        register: 'optionalNumber',
        key: 'optionalNumber',
        inject: 'flag',
      },
    ),
    checkLogical: op(
      vcpu,
      'checkLogical',
      (w) => [w.cpu, 0n, 1, true, {}],
      'some',
      'address',
      'number',
      'flag',
      {
        register: 'optionalNumber',
        key: 'optionalNumber',
        inject: 'flag',
      },
    ),
    injectProgram: op(vcpu, 'injectProgram', () => [{ code: 5 }], {
      code: 'number',
      length: 'optionalNumber',
    }),
    guardedStorage: 'no arguments',
    pendingInterrupts: 'no arguments',
    inject: op(vcpu, 'inject', () => [{ type: 'emergency', sender: 0 }], { type: 'some', sender: 'number' }),
    setPendingInterrupts: op(vcpu, 'setPendingInterrupts', () => [[]], 'some'),
    setGuestDebug: op(vcpu, 'setGuestDebug', () => [{ singleStep: true }], {
      singleStep: 'flag',
      breakpoints: 'flag',
    }),
    setPsw: op(vcpu, 'setPsw', () => [0n, 0n], 'address', 'address'),
    setPrefix: op(vcpu, 'setPrefix', () => [0x2000], 'number'),
    control: op(vcpu, 'control', () => [0], 'number'),
    run: op(vcpu, 'run', (w) => [w.cpu, 1], 'some', 'limit'),
    refuse: op(vcpu, 'refuse', () => [1], 'number'),
  },
  CheckedStateDescription: {
    addressBits: 'no arguments',
    subclassMasks: 'no arguments',
    control: op(
      (w) => w.vcpu.block,
      'control',
      () => [0],
      'number',
    ),
    setControl: op(
      (w) => w.vcpu.block,
      'setControl',
      () => [1, 0n],
      'number',
      'address',
    ),
    set8: op(
      (w) => w.vcpu.block,
      'set8',
      () => [0x50, 1],
      'number',
      'signed',
    ),
    pswMask: 'no arguments',
    pswAddress: 'no arguments',
    conditionCode: 'no arguments',
    prefix: 'no arguments',
    advance: op(
      (w) => w.vcpu.block,
      'advance',
      () => [2],
      'signed',
    ),
    get8: op(
      (w) => w.vcpu.block,
      'get8',
      () => [0],
      'number',
    ),
    get16: op(
      (w) => w.vcpu.block,
      'get16',
      () => [0],
      'number',
    ),
    get32: op(
      (w) => w.vcpu.block,
      'get32',
      () => [0],
      'number',
    ),
    get64: op(
      (w) => w.vcpu.block,
      'get64',
      () => [0],
      'number',
    ),
    set16: op(
      (w) => w.vcpu.block,
      'set16',
      () => [0x90, 1],
      'number',
      'signed',
    ),
    set32: op(
      (w) => w.vcpu.block,
      'set32',
      () => [0x90, 1],
      'number',
      'signed',
    ),
    set64: op(
      (w) => w.vcpu.block,
      'set64',
      () => [0x90, 1n],
      'number',
      'address',
    ),
  },
  LocalInterrupts: {
    empty: 'no arguments',
    externalPending: 'no arguments',
    program: 'no arguments',
    injectProgram: 'inside',
    clearProgram: 'no arguments',
    machineCheck: 'no arguments',
    injectMachineCheck: 'inside',
    clearMachineCheck: 'no arguments',
    pageFault: 'no arguments',
    prefix: 'no arguments',
    clocks: 'no arguments',
    injectClock: 'inside',
    clearClocks: 'no arguments',
    emergencies: 'no arguments',
    clear: 'no arguments',
    has: 'inside',
    senderOf: 'inside',
    remove: 'inside',
    emergencySignal: op(
      (w) => w.vcpu.local,
      'emergencySignal',
      () => [1],
      'number',
    ),
    externalCall: op(
      (w) => w.vcpu.local,
      'externalCall',
      () => [1],
      'number',
    ),
  },
  FloatingInterrupts: {
    empty: 'no arguments',
    clear: 'no arguments',
    parameter: 'no arguments',
    serviceSignal: op(
      (w) => w.vm.floating,
      'serviceSignal',
      () => [1],
      'number',
    ),
    serviceSignalPending: 'no arguments',
    channelReportPending: 'no arguments',
    requestChannelReport: 'no arguments',
    machineCheckPending: 'no arguments',
    machineCheck: 'no arguments',
    clearMachineCheck: 'no arguments',
    virtio: 'no arguments',
    clearVirtio: 'no arguments',
    pageFault: 'no arguments',
    clearPageFault: 'no arguments',
    serviceCallPending: 'no arguments',
    all: 'no arguments',
    inject: op(
      (w) => w.vm.floating,
      'inject',
      () => [{ type: 'service', parameter: 1 }],
      { type: 'some', parameter: 'number' },
    ),
    clearServiceSignal: 'no arguments',
    save: 'no arguments',
    restore: 'inside',
  },
  IoInterrupts: {
    count: 'no arguments',
    inject: 'inside',
    pending: 'no arguments',
    clear: 'no arguments',
    all: 'no arguments',
    add: 'inside',
    withdraw: 'inside',
    first: 'inside',
    remove: 'inside',
    request: op(
      (w) => w.vm.floating.io,
      'request',
      () => [0x1_0000, 0, 0],
      'number',
      'number',
      'number',
    ),
    requestAdapter: op(
      (w) => w.vm.floating.io,
      'requestAdapter',
      () => [0],
      'number',
    ),
  },
  DirtyLog: 'inside',
  Mappings: 'inside',
  PrefixArea: 'inside',
  LinuxError: 'inside',
  GuestMemoryFault: 'inside',
  operandAddress: 'inside',
  registerAddress: 'inside',
};

const engine = (one: Case): Case => ({ ...one, engine: true });

const MACHINE: Table = {
  Machine: {
    new: {
      call: (_, options) => new Machine(options),
      good: () => [{ storageSize: 8192, cpus: 1, tod: 0n }],
      kinds: [
        {
          storageSize: 'optionalNumber',
          cpus: 'optionalNumber',
          tod: 'optionalAddress',
          storage: 'flag',
          trace: 'flag',
        },
      ],
      engine: true,
    },
    cpu: engine(
      op(
        (w) => w.machine,
        'cpu',
        () => [0],
        'number',
      ),
    ),
    demandQuiet: 'no arguments',
    observer: 'hardware',
    purgePage: engine(
      op(
        (w) => w.machine,
        'purgePage',
        () => [0x8000, 0],
        'number',
        'number',
      ),
    ),
    purgeAsce: engine(
      op(
        (w) => w.machine,
        'purgeAsce',
        () => [0, 0x8000],
        'signed',
        'signed',
      ),
    ),
    forgetKeys: 'no arguments',
    purgeAll: 'no arguments',
  },
  StateDescription: 'hardware',
  interpret: engine(
    fn(machineModule, 'interpret', (w) => [w.cpu, w.vcpu.block.origin, 1], 'some', 'number', 'limit'),
  ),
  asGuest: engine(
    fn(
      machineModule,
      'asGuest',
      (w) => [w.cpu, w.vcpu.block.origin, () => {}, 0n],
      'some',
      'number',
      null,
      'anyAddress',
    ),
  ),
  Cpu: {
    run: engine(
      op(
        (w) => w.cpu,
        'run',
        () => [1],
        'limit',
      ),
    ),
    busy: 'no arguments',
    start: 'no arguments',
    restart: 'no arguments',
    storeStatusAssigned: 'no arguments',
    reset: 'hardware',
    requestStop: 'hardware',
    storeStatus: 'hardware',
    clearExecution: 'no arguments',
    purgeOwn: 'no arguments',
    stop: 'no arguments',
    claim: 'no arguments',
    release: 'no arguments',
    runClaimed: 'inside',
    useCompiler: 'inside',
    ...Object.fromEntries(
      (
        'breakingEvent branchTo tod machineTod timer setTimer setClockComparator setControl setPrefix signal setInstructionAddress branchRegister ' +
        'branchEffective branchRelative addressRelative effective effectiveIndexed effective2 effectiveRegister ' +
        'executeTarget intercept repeat injectProgram supervisorCall enterPsw'
      )
        .split(' ')
        .map((name) => [name, 'hardware' as const]),
    ),
  },
  ...Object.fromEntries(
    (
      'absoluteAddress lowAddressProtected isValidPsw keyAllowsFetch keyAllowsStore fetchOverridden applyPrefix realPage AbsoluteEntries BusyError Clock InternalError Storage TableScan Tlb Walk disassemble emptyEntry externalMaskOf ' +
      'absolutePage logicalPage segmentNumber eachCleared initialControl signalProcessor storeStatus storeExternal storeProgram facilityList hasFacility comparedKeyBits instructionLength baseFields setOpcode isNullifying isTranslationException programInterruptionName demandLimit lockedFunctions timingFunctions'
    )
      .split(' ')
      .map((name) => [name, 'hardware' as const]),
  ),
};

const linux = (w: World) => w.linux;
const files = (w: World) => w.linux.files;
const terminal = (w: World) => w.terminal;
const TASK: Table = {
  FileError: 'inside',
  Linux: {
    new: {
      call: (_, on, options) => new Linux(on, options),
      good: () => [
        new Host(new Machine({ storageSize: 16 << 20 })),
        {
          ...{ files: {}, seed: 1, realtime: 0n, waits: false, maxThreads: 1, maxFiles: 1 << 20 },
          ...{ strace: () => {}, onMissing: () => {} },
        },
      ],
      kinds: [
        'some',
        {
          files: 'record',
          seed: 'optionalSigned',
          realtime: 'optionalTime',
          waits: 'flag',
          minimal: 'flag',
          maxThreads: 'optionalLimit',
          maxFiles: 'optionalNumber',
          strace: 'function',
          onMissing: 'function',
          root: 'object',
        },
      ],
    },
    work: 'no arguments',
    now: 'no arguments',
    scheduler: 'inside',
    signalForeground: 'inside',
    running: 'inside',
    kill: 'inside',
    makeInput: 'no arguments',
    makeOutput: op(linux, 'makeOutput', () => [() => {}], 'function'),
    // A system has one terminal.
    makeTerminal: {
      call: (_, of: Any, options: Any) => of.makeTerminal(options),
      good: () => [
        new Linux(new Host(new Machine({ storageSize: 16 << 20 }))),
        { columns: 80, rows: 24, take: () => {} },
      ],
      kinds: [null, { columns: 'number', rows: 'number', take: 'function' }],
    },
    skipTo: op(linux, 'skipTo', () => [1e9], 'time'),
    spawn: op(
      linux,
      'spawn',
      (w) => [
        {
          ...{ path: '/bin/true', args: ['true'], env: {}, directory: '/', uid: 0, gid: 0 },
          ...{ stdin: '', stdout: () => {}, stderr: w.output, terminal: w.terminal },
        },
      ],
      {
        path: 'text',
        args: 'words',
        env: 'record',
        directory: 'optionalText',
        uid: 'optionalNumber',
        gid: 'optionalNumber',
        stdin: 'stream',
        stdout: 'stream',
        stderr: 'stream',
        terminal: 'flag',
      },
    ),
    run: op(linux, 'run', (w) => [w.process, 10, () => false], 'some', 'optionalLimit', 'function'),
    wait: op(linux, 'wait', (w) => [w.process], 'some'),
    describeWaits: 'no arguments',
    close: 'no arguments',
  },
  LinuxFiles: {
    write: op(files, 'write', () => ['/x', 'text', 0o644], 'path', 'contents', 'optionalNumber'),
    read: op(files, 'read', () => ['/bin/true'], 'path'),
    makeDirectory: op(files, 'makeDirectory', () => ['/x'], 'path'),
    bind: op(
      files,
      'bind',
      () => ['/x', { tree: new FolderTree('examples', { readOnly: true }), changes: 'memory' }],
      'path',
      {
        tree: 'some',
        changes: 'words',
      },
    ),
    find: op(files, 'find', () => ['true', { directory: '/', list: '/bin' }], 'text', {
      directory: 'text',
      list: 'text',
    }),
    has: 'inside',
    close: 'inside',
  },
  LinuxProcess: {
    pid: 'no arguments',
    status: 'no arguments',
    kill: op(
      (w) => w.process,
      'kill',
      () => [15],
      'signal',
    ),
  },
  InputStream: {
    room: 'no arguments',
    isWanted: 'no arguments',
    pass: op(
      (w) => w.input,
      'pass',
      () => [Uint8Array.of(1)],
      'bytes',
    ),
    end: 'no arguments',
  },
  OutputStream: { pause: 'no arguments', resume: 'no arguments', close: 'no arguments' },
  SystemTerminal: {
    room: 'no arguments',
    isConnected: 'no arguments',
    type: op(terminal, 'type', () => [Uint8Array.of(1)], 'bytes'),
    resize: op(terminal, 'resize', () => [80, 24], 'number', 'number'),
    pause: 'no arguments',
    resume: 'no arguments',
    hangUp: 'no arguments',
    open: 'inside',
    openNode: 'inside',
  },
};

/** A range of pages and a limit. */
const ROW = { first: 'number', end: 'number', limit: 'number' } as const;
const INSPECT: Table = {
  entryFields: fn(inspectModule, 'entryFields', () => ['page', 0n], 'some', 'anyAddress'),
  pswFields: fn(inspectModule, 'pswFields', () => [0n], 'address'),
  explainWalk: fn(
    inspectModule,
    'explainWalk',
    (w) => [w.machine.storage, w.mm.asce, P, true],
    'some',
    'address',
    'address',
    'flag',
  ),
  explainOwnWalk: fn(
    inspectModule,
    'explainOwnWalk',
    (w) => [w.machine.storage, w.gmap.asce, { asce: 0n, edat: 0, prefix: 0 }, 0n],
    'some',
    'address',
    'object',
    'address',
  ),
  extentsOf: fn(inspectModule, 'extentsOf', (w) => [w.gmap, 5], 'some', 'number'),
  guestExtents: fn(
    inspectModule,
    'guestExtents',
    (w) => [w.gmap, { first: 0, end: 512, limit: 5 }],
    'some',
    ROW,
  ),
  mappingExtents: fn(
    inspectModule,
    'mappingExtents',
    (w) => [w.mm, { first: 0, end: 512, limit: 5 }],
    'some',
    ROW,
  ),
  tableExtents: fn(
    inspectModule,
    'tableExtents',
    (w) => [w.mm, { first: 0, end: 512, limit: 5 }],
    'some',
    ROW,
  ),
  pagesOf: fn(inspectModule, 'pagesOf', (w) => [w.mm, { first: page, end: page + 1 }], 'some', {
    first: 'number',
    end: 'number',
  }),
  segmentPagesOf: fn(inspectModule, 'segmentPagesOf', (w) => [w.mm, page], 'some', 'number'),
  tableOf: fn(inspectModule, 'tableOf', (w) => [w.mm, { level: 'page', page, from: 0, count: 5 }], 'some', {
    level: 'some',
    page: 'signed',
    from: 'number',
    count: 'number',
  }),
  processorState: fn(inspectModule, 'processorState', (w) => [w.host, w.cpu, w.vcpu], 'some', 'some', null),
  ownTablesOf: fn(inspectModule, 'ownTablesOf', (w) => [w.cpu, w.vcpu], 'some', 'some'),
};

const isClass = (value: unknown): value is new () => object =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
const isCase = (entry: unknown): entry is Case =>
  typeof entry === 'object' && entry !== null && 'call' in entry;

/** Every single wrong use: what is wrong, and the arguments. */
function* wrongUses(one: Case, good: readonly unknown[]): IterableIterator<[string, unknown[]]> {
  const values = (kind: Kind) => BAD[kind] as readonly unknown[];
  for (const [i, kind] of one.kinds.entries()) {
    if (kind === null) continue;
    const put = (value: unknown) => good.map((old, at) => (at === i ? value : old));
    if (typeof kind === 'string') {
      for (const value of values(kind)) yield [`argument ${i}: ${show(value)}`, put(value)];
      continue;
    }
    for (const value of [null, 5, 'x', 5n]) yield [`argument ${i}: ${show(value)}`, put(value)];
    for (const [name, of] of Object.entries(kind)) {
      for (const value of values(of)) {
        // An option that has a default may be left out.
        if (value === undefined && !(name in (good[i] as object))) continue;
        yield [`${name}: ${show(value)}`, put({ ...(good[i] as object), [name]: value })];
      }
    }
  }
}

describe.each([
  ['host', hostModule, HOST],
  ['machine', machineModule, MACHINE],
  ['task', taskModule, TASK],
  ['inspect', inspectModule, INSPECT],
] as const)('%s', (_, module, table) => {
  const cases: [string, Case][] = [];
  const missing: string[] = [];
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== 'function') continue;
    const entry = table[name];
    if (entry === undefined) missing.push(name);
    else if (isCase(entry)) cases.push([name, entry]);
    else if (typeof entry === 'object' && isClass(value)) {
      if (isCase(entry.new)) cases.push([`new ${name}`, entry.new]);
      for (const method of Object.getOwnPropertyNames(value.prototype)) {
        const of = Object.hasOwn(entry, method) ? (entry as Methods)[method] : undefined;
        if (of === undefined && method !== 'constructor') missing.push(`${name}.${method}`);
        else if (isCase(of)) cases.push([`${name}.${method}`, of]);
      }
    }
  }

  it('has every export in the table', () => {
    expect(missing).toEqual([]);
    expect(Object.keys(table).filter((name) => !(name in module))).toEqual([]);
  });

  it.each(cases)('%s', (_name, one) => {
    const world = new World();
    const good = one.good(world);
    const before = world.state();
    const wrong: string[] = [];
    for (const [what, args] of wrongUses(one, good)) {
      let thrown: unknown = null;
      try {
        one.call(world, ...(args as never[]));
      } catch (error) {
        thrown = error;
      }
      const own = thrown instanceof LinuxError || thrown instanceof BusyError;
      const engines = one.engine && (thrown instanceof RangeError || thrown instanceof TypeError);
      if (!own && !engines) wrong.push(`${what}: ${thrown}`);
    }
    expect(wrong).toEqual([]);
    expect(world.state()).toEqual(before);
    one.call(world, ...(good as never[]));
  });
});
