/**
 * The operations that the library's fuzzer calls, and the kinds of their arguments.
 *
 * Programs of the machine may change all of storage, so no operation runs a processor outside of a guest.
 */

import { Checker } from '../../check/index.ts';
import { Gmap, Host, MemoryFile, Mm, Vcpu, VirtualMachine } from '../../host/index.ts';
import {
  entryFields,
  explainOwnWalk,
  explainWalk,
  extentsOf,
  guestExtents,
  mappingExtents,
  ownTablesOf,
  pagesOf,
  processorState,
  pswFields,
  tableExtents,
  tableOf,
} from '../../inspect/index.ts';
import { Machine } from '../../machine/index.ts';
import { parseLine, World } from '../../scenario/index.ts';
import { Monitor, parseElf } from '../../vmm/index.ts';
import type { ObjectKind } from './steps.ts';

/** Kinds of arguments. The fields of an object follow its colon. A question mark marks an optional field. */
export type ArgumentKind =
  | 'address'
  | 'length'
  | 'page'
  | 'count'
  | 'small'
  | 'limit'
  | 'flag'
  | 'protection'
  | 'key'
  | 'keys'
  | 'pages'
  | 'bytes'
  | 'text'
  | 'image'
  | 'reset'
  | 'taken'
  | 'level'
  | 'doubleword'
  | 'field'
  | 'console'
  | ObjectKind
  | 'space'
  | { readonly [field: string]: ArgumentKind };

// biome-ignore lint/suspicious/noExplicitAny: objects and arguments have wrong types on purpose
type Any = any;

/** The groups of documented errors. */
export type ErrorGroup = 'host' | 'machine' | 'inspect' | 'check' | 'scenario' | 'vmm';

/** An operation. */
export interface LibraryOperation {
  readonly on: ObjectKind;
  readonly args: readonly ArgumentKind[];
  readonly group: ErrorGroup;
  readonly call: (object: Any, args: Any[]) => unknown;
  /** Whether an operation that fails may be half done: memory accesses and runs. */
  readonly partly?: boolean;
  /** Whether it sets a register of the machine. No check rejects that in a listener, so listeners do not call it. */
  readonly hardware?: boolean;
}

const method = (
  on: ObjectKind,
  name: string,
  args: readonly ArgumentKind[] = [],
  more: Partial<LibraryOperation> = {},
): [string, LibraryOperation] => [
  `${on}.${name}`,
  { on, args, group: 'host', call: (object, values) => object[name](...values), ...more },
];

const getter = (on: ObjectKind, name: string): [string, LibraryOperation] => [
  `${on}.${name}`,
  { on, args: [], group: 'host', call: (object) => object[name] },
];

/** `PROPERTY.METHOD` of an object of the pool. */
const part = (
  on: ObjectKind,
  path: string,
  args: readonly ArgumentKind[] = [],
  more: Partial<LibraryOperation> = {},
): [string, LibraryOperation] => {
  const [of, name] = path.split('.') as [string, string];
  const call = (object: Any, values: Any[]) => object[of][name](...values);
  return [`${on}.${path}`, { on, args, group: 'host', call, ...more }];
};

const free = (
  name: string,
  group: ErrorGroup,
  args: readonly ArgumentKind[],
  call: (...values: Any[]) => unknown,
): [string, LibraryOperation] => [name, { on: 'host', args, group, call: (_, values) => call(...values) }];

/** Maximum units of work of a run: a guest that loops without end is not a failure. */
const WORK_MAX = 10_000;

/** Returns a limit unchanged, unless it is a number above the maximum. */
function bounded(limit: unknown): unknown {
  return typeof limit === 'number' && limit > WORK_MAX ? WORK_MAX : limit;
}

const PARTLY = { partly: true };
const MACHINE = { group: 'machine' } as const;

/** All operations by name. */
export const OPERATIONS: ReadonlyMap<string, LibraryOperation> = new Map([
  method('host', 'createMm', ['small']),
  method('host', 'fork', ['mm', 'small']),
  method('host', 'createFile', ['length']),
  method('host', 'exitMm', ['mm']),
  method('host', 'createGmap', ['mm', 'small']),
  method('host', 'stats'),
  method('host', 'readAsProcess', ['mm', 'cpu', 'address', 'count'], PARTLY),
  method('host', 'writeAsProcess', ['mm', 'cpu', 'address', 'bytes'], PARTLY),
  method('host', 'readAsGuest', ['gmap', 'cpu', 'address', 'count'], PARTLY),
  method('host', 'writeAsGuest', ['gmap', 'cpu', 'address', 'bytes'], PARTLY),
  getter('host', 'processes'),
  method('mm', 'mmap', [
    {
      length: 'length',
      'address?': 'address',
      'protection?': 'protection',
      'taken?': 'taken',
      'shared?': 'flag',
      'large?': 'flag',
      'file?': 'file',
      'offset?': 'length',
    },
  ]),
  method('mm', 'munmap', [{ address: 'address', length: 'length' }]),
  method('mm', 'mprotect', [{ address: 'address', length: 'length', protection: 'protection' }]),
  method('mm', 'dontNeed', [{ address: 'address', length: 'length' }]),
  method('mm', 'mremap', [
    { address: 'address', oldLength: 'length', newLength: 'length', 'mayMove?': 'flag', 'to?': 'address' },
  ]),
  method('mm', 'fork', ['small']),
  method('mm', 'fault', ['address', 'flag'], PARTLY),
  method('mm', 'startLog', ['page', 'count']),
  method('mm', 'stopLog', ['log']),
  method('mm', 'takeLog', ['log']),
  method('mm', 'enableKeys', [], PARTLY),
  method('mm', 'enableSie'),
  method('mm', 'exit'),
  method('mm', 'keyOf', ['page']),
  method('mm', 'setKey', ['page', 'key'], PARTLY),
  method('mm', 'setKeys', ['pages', 'keys'], PARTLY),
  method('mm', 'makeWatchable', ['page'], PARTLY),
  method('mm', 'watchPage', ['page'], PARTLY),
  method('mm', 'read', ['address', 'count'], PARTLY),
  method('mm', 'write', ['address', 'bytes'], PARTLY),
  getter('mm', 'asce'),
  method('file', 'read', ['length', 'count'], PARTLY),
  method('file', 'write', ['length', 'bytes'], PARTLY),
  method('file', 'close'),
  method('gmap', 'map', [{ from: 'address', to: 'address', length: 'length' }]),
  method('gmap', 'makeTables', [{ address: 'address', length: 'length' }]),
  method('gmap', 'mapSegments', ['count', 'count', 'small']),
  method('gmap', 'unmap', [{ address: 'address', length: 'length' }]),
  method('gmap', 'unmapSegments', ['count', 'count']),
  method('gmap', 'fault', ['address'], PARTLY),
  method('gmap', 'faultSegment', ['count'], PARTLY),
  method('gmap', 'discard', [{ address: 'address', length: 'length' }]),
  method('gmap', 'watch', [{ address: 'address', length: 'length' }], PARTLY),
  method('gmap', 'enable', ['cpu']),
  method('gmap', 'disable', ['cpu']),
  method('gmap', 'free'),
  getter('gmap', 'asce'),
  method('vm', 'setMemoryRegion', [
    {
      slot: 'small',
      'flags?': 'small',
      guestPhysAddr: 'address',
      memorySize: 'length',
      userspaceAddr: 'address',
    },
  ]),
  method('vm', 'getDirtyLog', ['small']),
  method('vm', 'getKey', ['address']),
  method('vm', 'setKey', ['address', 'key'], PARTLY),
  method('vm', 'getKeys', ['page', 'count']),
  method('vm', 'setKeys', ['page', 'keys'], PARTLY),
  method('vm', 'enableKeys', [], PARTLY),
  method('vm', 'createVcpu'),
  method('vm', 'resetSubsystem'),
  method('vm', 'hasMemory', [{ address: 'address', length: 'length' }]),
  method('vm', 'destroy'),
  method('vm', 'readGuest', ['address', 'count'], PARTLY),
  method('vm', 'writeGuest', ['address', 'bytes'], PARTLY),
  method('vm', 'faultIn', ['address', 'flag'], PARTLY),
  method('vm', 'watchPage', ['page'], PARTLY),
  method('vm', 'setGuestKey', ['page', 'key'], PARTLY),
  part('vm', 'floating.serviceSignal', ['small']),
  part('vm', 'slots.at', ['address']),
  part('vm', 'slots.stopLogs'),
  method('vcpu', 'run', ['cpu', 'limit'], {
    ...PARTLY,
    call: (vcpu, [cpu, limit]) => vcpu.run(cpu, bounded(limit)),
  }),
  method('vcpu', 'reset', ['reset']),
  method('vcpu', 'requestStop', ['flag']),
  method('vcpu', 'restart'),
  method('vcpu', 'storeStatus', ['count'], PARTLY),
  method('vcpu', 'storeStatusAssigned', [], PARTLY),
  method('vcpu', 'setControl', ['small', 'doubleword']),
  method('vcpu', 'control', ['small']),
  method('vcpu', 'setPsw', ['doubleword', 'doubleword']),
  method('vcpu', 'setPrefix', ['count']),
  method('vcpu', 'refuse', ['small'], PARTLY),
  method('vcpu', 'storeOperand', ['cpu', 'address', 'bytes'], PARTLY),
  method('vcpu', 'forgetTranslations'),
  method('vcpu', 'destroy'),
  getter('vcpu', 'interruptible'),
  getter('vcpu', 'runnable'),
  getter('vcpu', 'wakesAt'),
  part('vcpu', 'local.emergencySignal', ['small']),
  part('vcpu', 'local.externalCall', ['small']),
  part('vcpu', 'block.get32', ['field']),
  part('vcpu', 'block.get64', ['field']),
  part('vcpu', 'block.set32', ['field', 'small']),
  part('vcpu', 'block.set64', ['field', 'doubleword']),
  part('vcpu', 'block.advance', ['small']),
  method('machine', 'cpu', ['small'], MACHINE),
  method('machine', 'purgePage', ['count', 'small'], MACHINE),
  method('machine', 'purgeAsce', ['count', 'count'], MACHINE),
  method('machine', 'purgeAll', [], MACHINE),
  method('machine', 'forgetKeys', [], MACHINE),
  part('machine', 'clock.skipTo', ['doubleword'], { ...MACHINE, hardware: true }),
  part('machine', 'trace.subscribe', ['small'], MACHINE),
  method('storage', 'read', ['count', 'count'], MACHINE),
  method('storage', 'get64', ['count'], MACHINE),
  getter('cpu', 'timer'),
  getter('cpu', 'busy'),
  free(
    'new Machine',
    'machine',
    [{ 'storageSize?': 'count', 'cpus?': 'small', 'tod?': 'doubleword' }],
    (options) => {
      // A machine with terabytes is rejected. One with a gigabyte costs nothing until it is touched, but there are many.
      if (options?.storageSize > 1 << 24 && options.storageSize < 2 ** 40) return undefined;
      return new Machine(options);
    },
  ),
  free('new Host', 'host', ['machine'], (machine) => new Host(machine)),
  free('new VirtualMachine', 'host', [{ mm: 'mm', gmap: 'gmap' }], (options) => new VirtualMachine(options)),
  free('Checker.attach', 'check', ['host'], (host) => Checker.attach(host)),
  method('checker', 'record', ['text'], { group: 'check' }),
  method('checker', 'checkChanged', [], { group: 'check' }),
  method('checker', 'detach', [], { group: 'check' }),
  free('entryFields', 'inspect', ['level', 'doubleword'], entryFields),
  free('pswFields', 'inspect', ['doubleword'], pswFields),
  free('extentsOf', 'inspect', ['space', 'count'], extentsOf),
  free('guestExtents', 'inspect', ['gmap', { first: 'page', end: 'page', limit: 'count' }], guestExtents),
  free('mappingExtents', 'inspect', ['mm', { first: 'page', end: 'page', limit: 'count' }], mappingExtents),
  free('tableExtents', 'inspect', ['mm', { first: 'page', end: 'page', limit: 'count' }], tableExtents),
  free('pagesOf', 'inspect', ['space', { first: 'page', end: 'page' }], pagesOf),
  free(
    'tableOf',
    'inspect',
    ['space', { level: 'level', page: 'page', from: 'count', count: 'count' }],
    tableOf,
  ),
  free('explainWalk', 'inspect', ['storage', 'doubleword', 'doubleword', 'flag'], explainWalk),
  free(
    'explainOwnWalk',
    'inspect',
    ['storage', 'doubleword', { asce: 'doubleword', edat: 'small' }, 'doubleword'],
    explainOwnWalk,
  ),
  free('processorState', 'inspect', ['host', 'cpu', 'vcpu'], processorState),
  free('ownTablesOf', 'inspect', ['cpu', 'vcpu'], ownTablesOf),
  free('parseLine', 'scenario', ['text'], parseLine),
  free('new World', 'scenario', [{ 'storageSize?': 'count' }], (options) =>
    // The default of a gigabyte costs nothing until it is touched, but there are many.
    options?.storageSize === undefined || options.storageSize > 1 << 24 ? undefined : new World(options),
  ),
  method('world', 'perform', [{ verb: 'text', address: 'address', length: 'length' }], { group: 'scenario' }),
  free('parseElf', 'vmm', ['image'], parseElf),
  free(
    'new Monitor',
    'vmm',
    [
      'host',
      'mm',
      { image: 'image', maps: 'small', console: 'console', 'arguments?': 'text', 'cpus?': 'small' },
    ],
    (host, mm, options) => new Monitor(host, mm, options),
  ),
  method('monitor', 'run', ['limit'], {
    group: 'vmm',
    partly: true,
    call: (monitor, [limit]) => monitor.run(bounded(limit ?? WORK_MAX)),
  }),
  method('monitor', 'input', ['bytes'], { group: 'vmm' }),
  method('monitor', 'endInput', [], { group: 'vmm' }),
  method('monitor', 'destroy', [], { group: 'vmm' }),
]);

/** Returns the pool of an object that an operation returned, or null if it has none. */
export function kindOf(value: unknown): ObjectKind | null {
  if (value instanceof Mm) return 'mm';
  if (value instanceof Gmap) return 'gmap';
  if (value instanceof VirtualMachine) return 'vm';
  if (value instanceof Vcpu) return 'vcpu';
  if (value instanceof MemoryFile) return 'file';
  if (value instanceof Checker) return 'checker';
  if (value instanceof Monitor) return 'monitor';
  if (value instanceof World) return 'world';
  return null;
}
