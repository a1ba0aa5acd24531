/** Random programs of system calls: several threads and processes, handlers of signals, and files and memory of every kind. */

import {
  type ArgumentKind,
  CALLS,
  CLONE,
  MAP,
  NSIG,
  O,
  SA,
  SIG,
  UFFD_FEATURE,
  UFFD_USER_MODE_ONLY,
  UFFDIO,
} from '../../host/task/internal.ts';
import type { FuzzCase } from '../fuzzer.ts';
import { Random } from '../random.ts';
import { AT, FD } from './layout.ts';
import { COMMANDS, FLAGS, SORTS } from './numbers.ts';
import {
  type CallsSetup,
  type CallsStep,
  HANDLER,
  type Hex,
  type Item,
  LISTS,
  SLOTS,
  type Value,
} from './steps.ts';
import { type Drawing, hasStructure, hex, structureFor, userfaultArgument } from './structures.ts';

const MIB = 1 << 20;
const STEPS_MAX = 150;
const PAGE = 4096;
/** Numbers of system calls that are not there are up to this. */
const NUMBERS_MAX = 470;

const NUMBERS: readonly Hex[] = [
  ...[0, 0, 1, 2, 3, 4, 7, 8, 16, 100, 255, 256, 4095, 4096, 65_535, 65_536, MIB].map(hex),
  ...[0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 2 ** 32, 2 ** 42 - 1, 2 ** 42, 2 ** 53 - 1, 2 ** 53].map(hex),
  ...[-1, -2, -4096].map(hex),
  ...(['0x7fffffffffffffff', '0x8000000000000000', '0x7ffffffffffff000'] as const),
];
const SIZES: readonly Hex[] = [
  ...[
    0, 1, 2, 4, 8, 8, 8, 15, 16, 16, 24, 32, 56, 64, 88, 100, 128, 144, 256, 512, 1000, 4095, 4096, 4096,
  ].map(hex),
  ...[4097, 8192, 65_536, MIB, 16 * MIB, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 42, -1, -8].map(hex),
];
const FILES = [
  'a',
  'b',
  'd/c',
  'd/e',
  '/tmp/a',
  '/tmp/link',
  '/tmp/fifo',
  '/tmp/socket',
  '/dev/shm/s',
] as const;
const PATHS = [
  ...FILES,
  ...FILES,
  ...[
    '',
    '.',
    '..',
    '/',
    '//',
    'd',
    'd/',
    '/tmp',
    '/tmp/',
    'a/',
    'a/b',
    './a',
    '../tmp/a',
    'd/../../..',
    'loop',
    'loop/a',
  ],
  ...[
    '/proc',
    '/proc/self',
    '/proc/self/fd',
    '/proc/self/fd/0',
    '/proc/self/fd/3',
    '/proc/self/fd/4',
    '/proc/self/exe',
  ],
  ...[
    '/proc/self/maps',
    '/proc/self/mem',
    '/proc/self/cwd',
    '/proc/self/root',
    '/proc/self/root/..',
    '/proc/1',
    '/proc/2/stat',
  ],
  ...[
    '/proc/self/status',
    '/proc/self/task',
    '/proc/self/environ',
    '/proc/self/auxv',
    '/proc/meminfo',
    '/proc/thread-self/comm',
  ],
  ...[
    '/dev/null',
    '/dev/zero',
    '/dev/full',
    '/dev/random',
    '/dev/tty',
    '/dev/ptmx',
    '/dev/pts/0',
    '/dev/console',
    '/dev/fd/3',
  ],
  ...[
    '/bin/calls',
    '/bin/script',
    '/etc/passwd',
    '/sys',
    '/dev/stdin',
    '/dev/shm',
    '\xff\xfe',
    'x'.repeat(255),
    'x'.repeat(256),
  ],
  ...['a/'.repeat(30), '/'.repeat(4095), 'd/'.repeat(2100)],
] as const;
const PROGRAMS = ['/bin/calls', '/bin/calls', '/bin/script', '/proc/self/exe', 'a'] as const;
/** Calls that end a thread or a process, or keep it for long: seldom. */
const RARE: ReadonlySet<string> = new Set([
  'exit',
  'exit_group',
  'pause',
  'rt_sigsuspend',
  'sigsuspend',
  'execve',
  'execveat',
  'fork',
  'vfork',
  'reboot',
]);
/** Instructions that a program must not execute, or that do nothing. */
const CODES = [
  '0000',
  '0001',
  '07fe',
  'b2b20000',
  '8000d000',
  'b20800001000',
  '0a00',
  '44001000',
  'a7f4ffff',
  '1a22',
  '5d201000',
];

/** Memory of every kind. */
const PLACES: readonly (readonly [start: number, size: number])[] = [
  [AT.PLAY, AT.PLAY_SIZE],
  [AT.PLAY, AT.PLAY_SIZE],
  [AT.MAPPED, AT.MAPPED_SIZE],
  [AT.MAPPED, PAGE],
  [AT.SERVED, AT.SERVED_SIZE],
  [AT.DATA, PAGE],
  [AT.READ_ONLY, PAGE],
  [AT.NO_ACCESS, PAGE],
  [AT.CODE, 2 * PAGE],
  [AT.STACKS, AT.STACK_SIZE],
];

/** Calls whose addresses are those of pages. */
const OF_MEMORY: ReadonlySet<string> = new Set([
  'munmap',
  'mprotect',
  'mremap',
  'madvise',
  'mincore',
  'mlock',
  'munlock',
  'msync',
]);

const LINES = [...CALLS.values()];
const COMMON = LINES.filter(({ name }) => !RARE.has(name));
const SELDOM = LINES.filter(({ name }) => RARE.has(name));

/** Flags of clone that make a thread. */
export const THREAD = CLONE.VM | CLONE.FS | CLONE.FILES | CLONE.SIGHAND | CLONE.THREAD | CLONE.SYSVSEM;
const CHILDREN = [
  ...[SIG.CHLD, SIG.CHLD, THREAD, THREAD],
  ...[CLONE.VM | SIG.CHLD, CLONE.FILES | SIG.CHLD, CLONE.VFORK | CLONE.VM],
];

/** Generates a case. */
export function generateCalls(seed: number): FuzzCase<CallsSetup, CallsStep> {
  return new CallsGenerator(seed).generate();
}

/** Draws the steps of a case. */
export class CallsGenerator implements Drawing {
  readonly random: Random;
  readonly #seed: number;
  /** Whether arguments are drawn with which a call may well succeed. */
  #isRight = false;

  constructor(seed: number) {
    this.#seed = seed;
    this.random = new Random(seed);
  }

  generate(): FuzzCase<CallsSetup, CallsStep> {
    const setup = this.setup();
    const steps: CallsStep[] = [...this.prologue(), ...this.#children()];
    const count = steps.length + 5 + this.random.below(STEPS_MAX);
    while (steps.length < count) steps.push(...this.steps(this.random.pick(this.lists())));
    return { setup, steps };
  }

  /** Draws what the processes run on. */
  protected setup(): CallsSetup {
    const { random } = this;
    return {
      seed: this.#seed,
      cpus: random.pick([1, 1, 2, 3]),
      storage: random.pick([4 * MIB, 12 * MIB, 32 * MIB, 32 * MIB]),
      threads: random.pick([3, 10, 40]),
      files: random.pick([64 << 10, MIB, 16 * MIB]),
      uid: random.pick([0, 0, 1000]),
      engine: random.pick(['interpret', 'compile', 'auto']),
      terminal: random.oneIn(4),
      checked: random.oneIn(6),
      failing: random.oneIn(4) ? 1 + random.below(300) : 0,
    };
  }

  /** Draws steps of a list that belong together. */
  protected steps(list: number): CallsStep[] {
    return [this.#step(list)];
  }

  /** The lists that steps are drawn for. */
  protected lists(): readonly number[] {
    return [0, 0, 1, 1, 2, 3, HANDLER];
  }

  /** The flags of clone that the other lists are started with. */
  protected childFlags(): readonly number[] {
    return CHILDREN;
  }

  /** The descriptors that there most probably are. */
  protected descriptors(): readonly number[] {
    return Object.values(FD);
  }

  /** Where memory is: pairs of an address and a length in bytes. */
  protected places(): readonly (readonly [start: number, size: number])[] {
    return PLACES;
  }

  /** Addresses that memory is mapped at and removed from, in pages. */
  protected mappings(): readonly number[] {
    return [AT.MAPPED, AT.PLAY];
  }

  /** What the first process begins with: memory, handlers, files and directories. Each is there most often. */
  protected prologue(): CallsStep[] {
    const { random } = this;
    const open = (path: string, flags: number, fd: number) =>
      kept(fd, 'open', [{ text: path }, hex(flags), hex(0o666)]);
    const all: CallsStep[] = [
      made('pipe2', [hex(AT.PLAY), random.pick(['0x0', hex(O.NONBLOCK)] as Hex[])]),
      made('socketpair', ['0x1', random.pick(['0x1', '0x2', '0x5']), '0x0', hex(AT.PLAY + 8)]),
      made('dup2', ['0x3', hex(FD.PIPE_IN)]),
      made('dup2', ['0x4', hex(FD.PIPE_OUT)]),
      made('dup2', ['0x5', hex(FD.SOCKET)]),
      made('dup2', ['0x6', hex(FD.PEER)]),
      made('mkdir', [{ text: 'd' }, hex(0o777)]),
      made('symlink', [{ text: 'loop' }, { text: 'loop' }]),
      made('symlink', [{ text: '/tmp/a' }, { text: 'link' }]),
      made('mknod', [{ text: 'fifo' }, hex(0o10644), '0x0']),
      ...open('a', O.RDWR | O.CREAT, FD.FILE),
      made('ftruncate', [hex(FD.FILE), '0x64']),
      ...open('/tmp', O.DIRECTORY, FD.DIRECTORY),
      ...open('fifo', O.RDWR, FD.FIFO),
      ...open('/dev/ptmx', O.RDWR, FD.TERMINAL),
      ...open('/tmp', O.PATH, FD.PATH),
      ...open('/proc/self/mem', O.RDWR, FD.OWN_MEMORY),
      ...kept(FD.EVENT, 'eventfd2', ['0x1', hex(O.NONBLOCK)]),
      ...kept(FD.EPOLL, 'epoll_create1', ['0x0']),
      ...kept(FD.MEMORY, 'memfd_create', [{ text: 'm' }, '0x2']),
      ...kept(FD.TIMER, 'timerfd_create', ['0x1', '0x0']),
      ...kept(FD.SIGNAL, 'signalfd4', [hex(-1), { data: ['0xffffffffffffffff'] }, '0x8', hex(O.NONBLOCK)]),
      ...kept(FD.DATAGRAM, 'socket', ['0x2', '0x2', '0x0']),
      ...kept(FD.LISTENER, 'socket', ['0x2', hex(1 | O.NONBLOCK), '0x0']),
      made('bind', [hex(FD.LISTENER), { data: [{ bytes: '000203e87f0000010000000000000000' }] }, '0x10']),
      made('listen', [hex(FD.LISTENER), '0x3']),
      ...kept(FD.CLIENT, 'socket', ['0x2', hex(random.pick([1, 1 | O.NONBLOCK])), '0x0']),
      made('timer_create', ['0x1', '0x0', hex(AT.PLAY + 64)]),
      ...kept(FD.PROCESS, 'pidfd_open', ['0x2', '0x0']),
      ...kept(FD.FAULTS, 'userfaultfd', [
        hex(random.pick([0, O.NONBLOCK, O.NONBLOCK | UFFD_USER_MODE_ONLY])),
      ]),
      userfault(UFFDIO.API, ['0xaa', hex(random.pick([0n, 0n, UFFD_FEATURE.THREAD_ID])), '0x0']),
      mapped(AT.SERVED, random.pick([MAP.PRIVATE, MAP.SHARED]) | MAP.ANONYMOUS, -1),
      ...(random.oneIn(2)
        ? [userfault(UFFDIO.REGISTER, [hex(AT.SERVED), hex(AT.SERVED_SIZE - PAGE), '0x1', '0x0'])]
        : []),
      mapped(AT.MAPPED, MAP.SHARED, FD.FILE),
      mapped(AT.MAPPED + 0x4000, random.pick([MAP.SHARED, MAP.PRIVATE]) | MAP.ANONYMOUS, -1),
      ...[SIG.SEGV, SIG.BUS, SIG.ILL, SIG.FPE, SIG.PIPE, SIG.HUP, SIG.USR1, SIG.ALRM].map(skipper),
    ];
    return all.filter(() => !random.oneIn(16));
  }

  #handler(list: number, signal: number): CallsStep {
    const data = [...structureFor('rt_sigaction 1', this)];
    return { do: 'call', list, call: 'rt_sigaction', args: [hex(signal), { data }, '0x0', '0x8'] };
  }

  /** Starts the other lists: threads, processes, and processes with the memory or the files of the first. */
  #children(): CallsStep[] {
    const { random } = this;
    return [1, 2, 3].map((child) => {
      const flags = random.pick(this.childFlags());
      const own = (flags & CLONE.VM) !== 0 ? hex(AT.STACKS + (child + 1) * AT.STACK_SIZE - 256) : '0x0';
      const args = [own, hex(flags), '0x0', '0x0', '0x0'] as const;
      return { do: 'call', list: random.pick([0, 0, 0, child - 1]), call: 'clone', args, child };
    });
  }

  #step(list: number): CallsStep {
    const { random } = this;
    switch (random.below(24)) {
      case 0:
        return { do: 'store', list, at: this.pointer(), value: this.number() };
      case 1:
        return { do: 'load', list, at: this.pointer() };
      case 2:
        return random.oneIn(3)
          ? { do: 'code', list, code: random.pick(CODES) }
          : { do: 'spin', list, count: random.pick([1, 10, 100, 1000, 5000]) };
      case 3:
        return this.#unknown(list);
      case 4:
        return { do: 'call', list, call: 'mmap', args: [{ data: structureFor('mmap 0', this) }] };
      case 5:
        return this.#handler(list, 1 + random.below(NSIG));
      case 6:
        return this.#userfault(list);
      default:
        return this.#call(list);
    }
  }

  /** A command for the descriptor that serves faults. */
  #userfault(list: number): CallsStep {
    const { random } = this;
    const command = random.oneIn(4) ? UFFDIO.COPY : random.pick(Object.values(UFFDIO));
    const fd = random.oneIn(10) ? this.fd() : FD.FAULTS;
    const data = userfaultArgument(command, this);
    return { do: 'call', list, call: 'ioctl', args: [hex(fd), hex(command), { data }] };
  }

  /** Any number, most of which stand for nothing. */
  #unknown(list: number): CallsStep {
    const { random } = this;
    const call = random.oneIn(4)
      ? random.pick([0, 0x7fff_ffff, 0xffff_ffff, 0x1_0001])
      : random.below(NUMBERS_MAX);
    const args = Array.from({ length: 6 }, () =>
      random.pick([this.number(), this.pointer(), hex(this.fd())]),
    );
    return { do: 'call', list, call, args };
  }

  #call(list: number): CallsStep {
    const { random } = this;
    const { name, kinds } = random.pick(random.oneIn(30) ? SELDOM : COMMON);
    this.#isRight = !random.oneIn(3);
    const args = kinds.map((kind, i) =>
      this.#isRight ? this.#right(kind, name, i) : this.#any(kind, name, i),
    );
    this.#isRight = false;
    const slot = random.oneIn(4) ? { slot: random.below(SLOTS) } : {};
    const starts = name === 'clone' || name === 'clone3' || name.endsWith('fork');
    const child = starts && !random.oneIn(8) ? { child: 1 + random.below(LISTS - 2) } : {};
    return { do: 'call', list, call: name, args, ...slot, ...child };
  }

  /** An argument with which the call may well succeed. */
  #right(kind: ArgumentKind, name: string, i: number): Value {
    const { random } = this;
    const argument = `${name} ${i}`;
    const commands = COMMANDS.get(argument);
    if (commands !== undefined) return hex(random.pick(commands));
    switch (kind) {
      case 'fd': {
        const sort = SORTS.find(([part]) => name.includes(part) && (i === 0 || part === 'copy_file'))?.[1];
        return hex(random.pick(sort ?? this.descriptors()));
      }
      case 'dirfd':
        return hex(random.pick([-100, -100, FD.DIRECTORY, FD.PATH]));
      case 'path':
        return {
          text: name.startsWith('exec')
            ? random.pick(PROGRAMS)
            : random.pick(random.oneIn(4) ? PATHS : FILES),
        };
      case 'addr':
        if (OF_MEMORY.has(name)) return hex(random.pick(this.mappings()) + random.below(8) * PAGE);
        if (hasStructure(argument)) return { data: structureFor(argument, this) };
        return random.oneIn(8) ? '0x0' : hex(AT.PLAY + random.below(0x100) * 8);
      case 'buf':
        return hex(AT.PLAY + random.below(0x1000));
      case 'size':
        return OF_MEMORY.has(name)
          ? hex((1 + random.below(4)) * PAGE)
          : hex(random.pick([8, 16, 100, 144, 4096, 20_000]));
      case 'sig':
        return hex(
          random.pick([0, SIG.USR1, SIG.USR1, SIG.ALRM, SIG.CHLD, SIG.STOP, SIG.CONT, 40, SIG.TSTP]),
        );
      case 'oct':
        return hex(random.pick([0o600, 0o644, 0o777, 0o10644, 0o140777, 0o20666]));
      case 'int':
      case 'uint':
      case 'long':
      case 'hex':
        // Numbers of processes and threads are small, too.
        return hex(random.pick([0, 0, 1, 2, 2, 3, 4, 5]));
      default:
        return random.oneIn(2) ? '0x0' : this.#flags(kind.slice('flags:'.length));
    }
  }

  /** Any argument of its kind. */
  #any(kind: ArgumentKind, name: string, i: number): Value {
    const { random } = this;
    if (random.oneIn(8)) return this.number();
    switch (kind) {
      case 'fd':
        return random.oneIn(6) ? { slot: random.below(SLOTS) } : hex(this.fd());
      case 'dirfd':
        return random.oneIn(3) ? hex(this.fd()) : hex(-100);
      case 'path':
        return random.oneIn(4) ? this.pointer() : { text: this.path() };
      case 'addr':
        return this.#address(`${name} ${i}`);
      case 'buf':
        return this.pointer();
      case 'size':
        return this.size();
      case 'sig':
        return hex(random.below(70));
      case 'oct':
        return hex(random.below(0x1_0000));
      case 'int':
      case 'uint':
      case 'long':
      case 'hex':
        return random.oneIn(3) ? this.number() : this.#right(kind, name, i);
      default:
        return this.#flags(kind.slice('flags:'.length));
    }
  }

  #address(argument: string): Value {
    const { random } = this;
    if (random.oneIn(3)) return this.pointer();
    if (random.oneIn(8)) return '0x0';
    if (random.oneIn(30)) return { stack: random.pick([0, -8, -160, 8, 4096, -0x8_0000 + 1, 0x7_ffff]) };
    return { data: random.oneIn(6) ? structureFor('', this) : structureFor(argument, this) };
  }

  #flags(name: string): Hex {
    const { random } = this;
    const bits = FLAGS.get(name) ?? [];
    let flags = 0;
    for (let count = random.below(4); count > 0 && bits.length > 0; count--) flags |= random.pick(bits);
    return hex(flags >>> 0);
  }

  readonly number = (): Hex => {
    const { random } = this;
    if (this.#isRight) return hex(random.below(8));
    if (random.oneIn(6)) return hex((BigInt(random.next()) << 32n) | BigInt(random.next()));
    return random.pick(NUMBERS);
  };

  readonly size = (): Hex => {
    if (this.#isRight) return hex(this.random.pick([1, 8, 16, 100, 4096]));
    return this.random.oneIn(10) ? this.number() : this.random.pick(SIZES);
  };

  readonly fd = (): number => {
    const { random } = this;
    if (this.#isRight) return random.pick(this.descriptors());
    if (random.oneIn(12)) return random.pick([-1, -100, 1023, 1024, 0x7fff_ffff, 63, 100]);
    return random.oneIn(3) ? random.below(20) : random.pick(this.descriptors());
  };

  readonly path = (): string => {
    return this.random.pick(PATHS);
  };

  /** An address in, at the ends of, and outside of memory of every kind. */
  readonly pointer = (): Hex => {
    const { random } = this;
    if (this.#isRight) return hex(AT.PLAY + random.below(0x800) * 8);
    if (random.oneIn(8))
      return this.random.pick([...NUMBERS, '0xfffffffffffff000', '0x3fffffff000', '0x3fffffffff8']);
    const [start, size] = random.pick(this.places());
    const at = random.pick([
      0,
      8,
      256,
      size,
      size - 1,
      size - 4,
      size - 8,
      PAGE - 1,
      PAGE - 4,
      PAGE - 8,
      PAGE,
      random.below(size),
    ]);
    return hex(start + (random.oneIn(8) ? at : at & ~3));
  };
}

/** A call of the first list. */
export function made(call: string, args: readonly Value[]): CallsStep {
  return { do: 'call', list: 0, call, args };
}

/** A call that returns a descriptor, which becomes another one. */
export function kept(fd: number, call: string, args: readonly Value[]): CallsStep[] {
  return [{ do: 'call', list: 0, call, args, slot: 0 }, made('dup2', [{ slot: 0 }, hex(fd)])];
}

/** Maps 16 KiB of a file, or of the kind that the flags say. */
export function mapped(at: number, flags: number, fd: number): CallsStep {
  return made('mmap', [{ data: [hex(at), '0x4000', '0x3', hex(flags | MAP.FIXED), hex(fd), '0x0'] }]);
}

/** Gives a command to the descriptor that serves faults. */
function userfault(command: number, data: readonly Item[]): CallsStep {
  return made('ioctl', [hex(FD.FAULTS), hex(command), { data }]);
}

/** Sets the handler of a signal that skips the instruction of a fault. */
function skipper(signal: number): CallsStep {
  const data = [{ list: HANDLER }, hex(SA.SIGINFO | SA.NODEFER), '0x0', '0x0'] as const;
  return made('rt_sigaction', [hex(signal), { data }, '0x0', '0x8']);
}
