/** What pointers of system calls lead to: structures of Linux with random contents. */

import { EPOLL, MAP, O, POLL, SCM, SIG, SOL_SOCKET, UFFD_FEATURE, UFFDIO } from '../../host/task/internal.ts';
import type { Random } from '../random.ts';
import { AT } from './layout.ts';
import { SA_FLAGS } from './numbers.ts';
import { HANDLER, type Hex, type Item, LISTS } from './steps.ts';

/** Draws what structures need. */
export interface Drawing {
  readonly random: Random;
  /** Returns a number of any kind. */
  number(): Hex;
  fd(): number;
  pointer(): Hex;
  size(): Hex;
  path(): string;
}

type Structure = (drawing: Drawing) => readonly Item[];

const HALF = 0x1_0000_0000n;

/** Two values of 4 bytes. */
function halves(high: number, low: number): Hex {
  return hex(BigInt.asUintN(32, BigInt(high)) * HALF + BigInt.asUintN(32, BigInt(low)));
}

export function hex(value: bigint | number): Hex {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
}

function bytes(...numbers: readonly number[]): Item {
  return { bytes: numbers.map((one) => (one & 0xff).toString(16).padStart(2, '0')).join('') };
}

const NANOSECONDS = [0, 0, 1, 1000, 999_999_999, 1_000_000_000, -1];
const SECONDS = [0, 0, 0, 1, 5, 0x7fff_ffff, -1];

function time({ random }: Drawing): readonly Item[] {
  return [hex(random.pick(SECONDS)), hex(random.pick(NANOSECONDS))];
}

function vectors(drawing: Drawing): readonly Item[] {
  const count = 1 + drawing.random.below(4);
  return Array.from({ length: count }, () => [drawing.pointer(), drawing.size()]).flat();
}

/** A set of signals: few, or all. */
function signals({ random }: Drawing): readonly Item[] {
  const few = (1n << BigInt(random.below(64))) | (1n << BigInt(random.below(64)));
  return [hex(random.pick([0n, few, few, (1n << 64n) - 1n]))];
}

function action(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const handler: Item = random.pick<Item>([
    { list: HANDLER },
    { list: HANDLER },
    '0x0',
    '0x1',
    drawing.pointer(),
  ]);
  const flags = random.pick([0, random.pick(SA_FLAGS), random.pick(SA_FLAGS) | random.pick(SA_FLAGS)]);
  return [handler, hex(flags), drawing.number(), ...signals(drawing)];
}

function address({ random, path }: Drawing): readonly Item[] {
  const port = random.pick([0, 1000, 1000, 5000]);
  const name = random.pick([path(), '\0name', '\0']);
  const characters = [...name].map((one) => one.charCodeAt(0));
  return random.pick<readonly Item[]>([
    [bytes(0, 1, ...characters, 0, 0)],
    [bytes(0, 2, port >> 8, port, 127, 0, 0, 1, ...new Array(8).fill(0))],
    [bytes(0, 2, port >> 8, port, 0, 0, 0, 0, ...new Array(8).fill(0))],
    [bytes(0, 10, port >> 8, port, 0, 0, 0, 0, ...new Array(15).fill(0), 1, 0, 0, 0, 0)],
    [bytes(0, random.below(40), 1, 2, 3, 4)],
  ]);
}

function message(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const control: Item[] = random.oneIn(2)
    ? [
        '0x18',
        halves(SOL_SOCKET, random.pick([SCM.RIGHTS, SCM.RIGHTS, SCM.CREDENTIALS, 7])),
        halves(drawing.fd(), drawing.fd()),
      ]
    : [drawing.size(), drawing.number(), drawing.number()];
  return [
    random.pick<Item>(['0x0', { data: address(drawing) }]),
    halves(random.pick([0, 2, 16, 28, 110]), 0),
    { data: vectors(drawing) },
    hex(random.pick([0, 1, 1, 2, 4, 1025])),
    random.pick<Item>(['0x0', { data: control }, drawing.pointer()]),
    hex(random.pick([0, 16, 20, 24, 32, 4096, -1])),
    '0x0',
  ];
}

function polled({ random, fd }: Drawing): readonly Item[] {
  const events = () => random.pick([POLL.IN, POLL.OUT, POLL.IN | POLL.OUT, 0, 0x7fff]) << 16;
  return Array.from({ length: 3 }, () => halves(fd(), events()));
}

function epollEvent({ random, number }: Drawing): readonly Item[] {
  const flags = random.pick([0, EPOLL.ET, EPOLL.ONESHOT, EPOLL.EXCLUSIVE, EPOLL.WAKEUP]);
  return [halves(random.pick([POLL.IN, POLL.OUT, 5]) | flags, 0), number()];
}

const PROTECTIONS = [3, 3, 3, 1, 0, 2, 7, 4];
const MAP_TYPES = [MAP.PRIVATE, MAP.SHARED, MAP.SHARED_VALIDATE, 0];
const MAP_FLAGS = [0, MAP.ANONYMOUS, MAP.ANONYMOUS, MAP.GROWSDOWN, MAP.POPULATE, MAP.HUGETLB];
const PLACES = [0, MAP.FIXED, MAP.FIXED, MAP.FIXED_NOREPLACE];

/** The arguments of mmap. Its pages are where other steps look for them. */
function mapping({ random, fd, pointer, size }: Drawing): readonly Item[] {
  const at = hex(AT.MAPPED + random.below(8) * 0x1000);
  const flags = random.pick(MAP_TYPES) | random.pick(MAP_FLAGS) | random.pick(PLACES);
  return [
    random.oneIn(8) ? pointer() : at,
    random.oneIn(8) ? size() : hex((1 + random.below(8)) * 0x1000),
    hex(random.pick(PROTECTIONS)),
    hex(flags),
    hex(fd()),
    hex(random.pick([0, 0, 0, 0x1000, 0x10_0000, 1])),
  ];
}

function cloneArguments(drawing: Drawing): readonly Item[] {
  const { random, pointer } = drawing;
  const threads = 0x5_0f00;
  const flags = random.pick([0, 0x100, 0x4100, threads, threads | 0x120_0000, random.below(2 ** 32)]);
  const stack = AT.STACKS + random.below(LISTS) * AT.STACK_SIZE;
  return [
    ...[hex(flags), pointer(), pointer(), pointer(), hex(random.pick([0, SIG.CHLD, 64, 300]))],
    ...[hex(random.pick([0, stack])), hex(random.pick([0, AT.STACK_SIZE])), pointer()],
    ...(['0x0', '0x0', '0x0'] as const),
  ];
}

function openHow({ random, number }: Drawing): readonly Item[] {
  const flags = random.pick([0, O.RDWR, O.RDWR | O.CREAT, O.PATH, O.DIRECTORY]);
  return [
    hex(flags),
    hex(random.pick([0, 0o644])),
    random.pick([number(), '0x0' as Hex, hex(1 << random.below(6))]),
  ];
}

function lock({ random }: Drawing): readonly Item[] {
  const kind = (random.below(4) << 16) | random.below(3);
  return [halves(kind, 0), hex(random.pick([0, 10, -1, 1 << 30])), hex(random.pick([0, 5, -5, -1])), '0x0'];
}

/** Two integers: the ends of a pipe, a size, a level, and so on. */
function integers({ random, fd }: Drawing): readonly Item[] {
  return [halves(random.pick([0, 1, 16, 128, fd(), -1]), random.below(100)), '0x0'];
}

function robustList({ random, pointer }: Drawing): readonly Item[] {
  return [
    random.pick([hex(AT.DATA + 256), pointer()]),
    hex(random.pick([-32, 0, 8])),
    random.pick(['0x0', pointer()]),
  ];
}

function programArguments({ random, path, pointer }: Drawing): readonly Item[] {
  const one = (): Item =>
    random.pick<Item>([{ text: path() }, { text: 'A=b' }, { text: 'x'.repeat(200) }, pointer()]);
  return [...Array.from({ length: random.below(4) }, one), ...(random.oneIn(10) ? [] : ['0x0' as const])];
}

/** The arguments of a call of sockets. */
function socketArguments(drawing: Drawing): readonly Item[] {
  const { random, fd, pointer, size } = drawing;
  const one = () => random.pick([pointer(), size(), hex(random.below(4))]);
  return [hex(random.oneIn(3) ? random.below(4) : fd()), one(), one(), one(), one(), one()];
}

function limit({ random, size }: Drawing): readonly Item[] {
  const value = () => random.pick([hex(-1), '0x0', '0x8', '0x100000', size()] as Hex[]);
  return [value(), value()];
}

function mixture({ random, number, pointer, size }: Drawing): readonly Item[] {
  const one = () => random.pick([number(), pointer(), size(), '0x0' as Hex]);
  return Array.from({ length: 1 + random.below(12) }, one);
}

function timer(drawing: Drawing): readonly Item[] {
  return [...time(drawing), ...time(drawing)];
}

function timerEvent({ random, number }: Drawing): readonly Item[] {
  return [
    number(),
    halves(random.pick([0, SIG.USR1, 40, 100]), random.pick([0, 1, 2, 4, 5])),
    hex(random.below(20)),
  ];
}

/** Pages of the memory that is served, or of other. */
function pageRange({ random, number, pointer, size }: Drawing): readonly [start: Hex, length: Hex] {
  const start = random.pick([AT.SERVED, AT.SERVED, AT.MAPPED, AT.PLAY]) + random.below(5) * 0x1000;
  return [
    random.oneIn(10) ? random.pick([pointer(), number()]) : hex(start),
    random.oneIn(10) ? size() : hex(random.pick([1, 1, 1, 2, 4, 8]) * 0x1000),
  ];
}

/** What a command of a userfaultfd points to. @param command its number */
export function userfaultArgument(command: number, drawing: Drawing): readonly Item[] {
  const { random, number, pointer } = drawing;
  const range = pageRange(drawing);
  const mode = random.oneIn(8) ? number() : hex(random.pick([0, 0, 0, 1, 2]));
  switch (command) {
    case UFFDIO.API:
      return ['0xaa', hex(random.pick([0n, ...Object.values(UFFD_FEATURE)])), '0x0'];
    case UFFDIO.REGISTER:
      return [...range, hex(random.pick([1, 1, 4, 5, 2, 0])), '0x0'];
    case UFFDIO.COPY:
    case UFFDIO.MOVE:
      return [range[0], random.oneIn(4) ? pointer() : hex(AT.PLAY), range[1], mode, '0x0'];
    default:
      return [...range, mode, '0x0'];
  }
}

function stack({ random, pointer, size }: Drawing): readonly Item[] {
  return [
    random.pick([hex(AT.PLAY), pointer()]),
    halves(random.pick([0, 0, 1, 2, 0x8000_0000]), 0),
    random.pick(['0x4000', size()] as Hex[]),
  ];
}

/** Structures of arguments, by system call and index of the argument. */
const STRUCTURES: ReadonlyMap<string, Structure> = new Map<string, Structure>([
  ...(['readv 1', 'writev 1', 'preadv 1', 'pwritev 1'] as const).map((one) => [one, vectors] as const),
  ...(['bind 1', 'connect 1', 'sendto 4'] as const).map((one) => [one, address] as const),
  ...(['sendmsg 1', 'recvmsg 1', 'sendmmsg 1', 'recvmmsg 1'] as const).map((one) => [one, message] as const),
  ...(['poll 0', 'ppoll 0'] as const).map((one) => [one, polled] as const),
  ...[
    'ppoll 2',
    'nanosleep 0',
    'clock_nanosleep 2',
    'futex 3',
    'utimensat 2',
    'utimes 1',
    'futimesat 2',
    'select 4',
    'pselect6 4',
    'rt_sigtimedwait 2',
    'clock_settime 1',
    'epoll_pwait2 3',
    'recvmmsg 4',
  ].map((one) => [one, time] as const),
  ...['setitimer 1', 'timer_settime 2', 'timerfd_settime 2'].map((one) => [one, timer] as const),
  ...[
    'rt_sigprocmask 1',
    'sigprocmask 1',
    'rt_sigsuspend 0',
    'rt_sigtimedwait 0',
    'signalfd 1',
    'signalfd4 1',
    'ppoll 3',
    'epoll_pwait 4',
    'select 1',
    'select 2',
    'select 3',
    'pselect6 1',
    'pselect6 2',
  ].map((one) => [one, signals] as const),
  ...['setrlimit 1', 'prlimit64 2'].map((one) => [one, limit] as const),
  ...[
    'accept4 2',
    'getsockname 2',
    'getpeername 2',
    'recvfrom 5',
    'setsockopt 3',
    'getsockopt 4',
    'ioctl 2',
    'futex 0',
    'futex 4',
  ].map((one) => [one, integers] as const),
  ...['execve 1', 'execve 2', 'execveat 2', 'execveat 3'].map((one) => [one, programArguments] as const),
  ['rt_sigaction 1', action],
  ['sigaltstack 0', stack],
  ['epoll_ctl 3', epollEvent],
  ['socketcall 1', socketArguments],
  ['mmap 0', mapping],
  ['clone3 0', cloneArguments],
  ['openat2 2', openHow],
  ['fcntl 2', lock],
  ['set_robust_list 0', robustList],
  ['timer_create 1', timerEvent],
]);

/** Whether a pointer leads to a structure. @param argument as for `structureFor` */
export function hasStructure(argument: string): boolean {
  return STRUCTURES.has(argument);
}

/** Returns random contents for a pointer. @param argument the system call and the index of the argument, or any text */
export function structureFor(argument: string, drawing: Drawing): readonly Item[] {
  return (STRUCTURES.get(argument) ?? mixture)(drawing);
}
