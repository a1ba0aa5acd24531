/** The files of /proc/PID. Linux: Documentation/filesystems/proc.rst. */

import { LinuxError } from '../../errors.ts';
import { type Mapping, PROT } from '../../mm/index.ts';
import { O } from '../abi/files.ts';
import { RLIM_INFINITY } from '../abi/processes.ts';
import { type FileSystem, type Inode, majorOf, minorOf, type OpenFile, pathOf } from '../files/index.ts';
import { NANOSECONDS_PER_UNIT } from '../interval-timer.ts';
import type { Process, Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import {
  bytesFile,
  ComputedLink,
  MadeDirectory,
  type Maker,
  NumberedDirectory,
  textFile,
} from './computed.ts';
import { PageMap } from './pagemap.ts';

const PAGE = 4096;
const NANOSECONDS_PER_TICK = 10_000_000;

/** Returns the thread that a file of a process is about. @throws LinuxError ESRCH if it has ended */
type Finder = () => Thread;

/** Returns the directory of a process. */
export function processDirectory(system: System, fs: FileSystem, pid: number): Inode {
  const find = () => {
    const thread = system.processes.get(pid)?.leader;
    if (!thread) throw new LinuxError('ESRCH', `process ${pid} has ended`);
    return thread;
  };
  const numbers = () => [...(system.processes.get(pid)?.threads ?? [])].map(({ tid }) => tid);
  const task: Maker = () => new NumberedDirectory(fs, numbers, (tid) => threadDirectory(system, fs, tid));
  return new MadeDirectory(fs, { ...filesOf(system, find), task });
}

function threadDirectory(system: System, fs: FileSystem, tid: number): Inode {
  return new MadeDirectory(
    fs,
    filesOf(system, () => {
      const thread = system.threads.get(tid);
      if (thread === undefined) throw new LinuxError('ESRCH', `thread ${tid} has ended`);
      return thread;
    }),
  );
}

function filesOf(system: System, find: Finder): Record<string, Maker> {
  const text =
    (make: (thread: Thread) => string): Maker =>
    (fs) =>
      textFile(fs, () => make(find()));
  const memory =
    (make: (thread: Thread) => Uint8Array): Maker =>
    (fs) =>
      bytesFile(fs, () => make(find()));
  const part = ({ space }: Thread, from: number, to: number) => space.memory.read(from, to - from);
  return {
    auxv: memory(({ space }) => space.layout.auxv),
    cmdline: memory((thread) => part(thread, thread.space.layout.argStart, thread.space.layout.argEnd)),
    comm: text(({ name }) => `${name}\n`),
    cwd: (fs) => linkTo(fs, find, (thread) => thread.fs.working),
    environ: memory((thread) => part(thread, thread.space.layout.envStart, thread.space.layout.envEnd)),
    exe: (fs) =>
      new ComputedLink(
        fs,
        () => find().space.executable,
        () => find().space.program,
      ),
    fd: (fs) => descriptors(system, fs, find),
    fdinfo: (fs) =>
      new NumberedDirectory(
        fs,
        () => find().files.numbers,
        (fd) => textFile(fs, () => fdInfo(find(), fd)),
      ),
    limits: text(limits),
    maps: text((thread) => maps(system, thread)),
    mounts: text(() => mounts(system)),
    oom_score: text(() => '0\n'),
    oom_score_adj: text(() => '0\n'),
    pagemap: (fs) => new PageMap(fs, () => find().space.mm),
    personality: text(() => '00000000\n'),
    root: (fs) => linkTo(fs, find, (thread) => thread.fs.root),
    smaps: text((thread) => maps(system, thread)),
    stat: text((thread) => `${stat(thread).join(' ')}\n`),
    statm: text((thread) => `${pages(thread)} ${pages(thread)} 0 0 0 0 0\n`),
    status: text((thread) => status(thread, system.host.machine.cpus.length)),
    wchan: text(() => '0'),
  };
}

function linkTo(fs: FileSystem, find: Finder, dentry: (thread: Thread) => Thread['fs']['root']): Inode {
  return new ComputedLink(
    fs,
    () => pathOf(dentry(find()), find().fs.root) ?? '/',
    () => dentry(find()),
  );
}

function descriptors(system: System, fs: FileSystem, find: Finder): Inode {
  const open = (fd: number): OpenFile => {
    const file = find().files.find(fd);
    if (file === null) throw new LinuxError('ENOENT', `there is no descriptor ${fd}`);
    return file;
  };
  const link = (fd: number) =>
    new ComputedLink(
      fs,
      () => {
        const { dentry, inode } = open(fd);
        if (dentry === null) return `anon_inode:[${inode.ino}]`;
        return dentry.parent === null && dentry.mountPoint === null && dentry !== system.root
          ? dentry.name
          : (pathOf(dentry, find().fs.root) ?? dentry.name);
      },
      () => open(fd).dentry,
    );
  return new NumberedDirectory(fs, () => find().files.numbers, link, null, 0o500);
}

function fdInfo({ files }: Thread, fd: number): string {
  const file = files.get(fd);
  let position = 0;
  try {
    position = file.seek(0, 1);
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
  const flags = file.flags | (files.closesOnExec(fd) ? O.CLOEXEC : 0);
  return `pos:\t${position}\nflags:\t0${flags.toString(8)}\nmnt_id:\t1\nino:\t${file.inode.ino}\n${file.information}`;
}

const LIMITS = [
  ['Max cpu time', 'seconds'],
  ['Max file size', 'bytes'],
  ['Max data size', 'bytes'],
  ['Max stack size', 'bytes'],
  ['Max core file size', 'bytes'],
  ['Max resident set', 'bytes'],
  ['Max processes', 'processes'],
  ['Max open files', 'files'],
  ['Max locked memory', 'bytes'],
  ['Max address space', 'bytes'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'signals'],
  ['Max msgqueue size', 'bytes'],
  ['Max nice priority', ''],
  ['Max realtime priority', ''],
  ['Max realtime timeout', 'us'],
] as const;

function limits({ process }: Thread): string {
  const value = (limit: bigint) => (limit === RLIM_INFINITY ? 'unlimited' : String(limit));
  const rows = LIMITS.map(([name, unit], i) => {
    const { current, maximum } = process.limits[i]!;
    return `${name.padEnd(25)} ${value(current).padEnd(20)} ${value(maximum).padEnd(20)} ${unit.padEnd(10)}\n`;
  });
  return `Limit                     Soft Limit           Hard Limit           Units     \n${rows.join('')}`;
}

/** The mappings, as /proc/PID/maps shows them. */
export function maps(system: System, thread: Thread): string {
  return [...thread.space.mm.mappings].map((mapping) => mapLine(system, thread, mapping)).join('');
}

function mapLine(system: System, thread: Thread, mapping: Mapping): string {
  const { start, end, protection, backing } = mapping;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const bits = [
    protection & PROT.READ ? 'r' : '-',
    protection & PROT.WRITE ? 'w' : '-',
    protection & PROT.EXEC ? 'x' : '-',
    backing.shared ? 's' : 'p',
  ].join('');
  const dentry = backing.file === null ? undefined : system.mappedFiles.get(backing.file);
  const offset = backing.file === null ? 0 : (start + backing.shift) * PAGE;
  const device = dentry?.inode.device ?? 0;
  const id = `${hex(majorOf(device), 2)}:${hex(minorOf(device), 2)} ${dentry?.inode.ino ?? 0}`;
  const line = `${hex(start * PAGE, 8)}-${hex(end * PAGE, 8)} ${bits} ${hex(offset, 8)} ${id}`;
  const name = dentry === undefined ? areaName(thread, mapping) : (pathOf(dentry, thread.fs.root) ?? '');
  return name === '' ? `${line} \n` : `${line.padEnd(72)} ${name}\n`;
}

/** What memory without a file is called. */
function areaName({ space }: Thread, { start, end }: Mapping): string {
  const [low, high] = [start * PAGE, end * PAGE];
  const { layout, brk } = space;
  if (high === layout.stackHigh) return '[stack]';
  if (low <= layout.trampoline && layout.trampoline < high) return '[vdso]';
  return low < brk && high > layout.brkStart ? '[heap]' : '';
}

function pages({ space }: Thread): number {
  let count = 0;
  for (const { start, end } of space.mm.mappings) count += end - start;
  return count;
}

function stateOf({ state, process }: Thread): string {
  if (process.ended !== null) return 'Z';
  if (state === 'stopped') return 'T';
  return state === 'runnable' ? 'R' : 'S';
}

function ticks(work: number): number {
  return Math.floor((work * NANOSECONDS_PER_UNIT) / NANOSECONDS_PER_TICK);
}

/** The fields of /proc/PID/stat: proc(5). */
function stat(thread: Thread): (string | number)[] {
  const { process, space, tid, name, processor } = thread;
  const { layout } = space;
  const { terminal } = process.session;
  const began = Math.floor(process.began / NANOSECONDS_PER_TICK);
  return [
    ...[tid, `(${name})`, stateOf(thread), parentOf(process), process.group, process.session.id],
    ...[terminal?.device ?? 0, terminal?.foreground ?? -1, 0, 0, 0, 0, 0],
    ...[ticks(process.work), 0, ticks(process.childWork), 0, 20, 0, process.threads.size, 0, began],
    ...[
      pages(thread) * PAGE,
      pages(thread),
      -1,
      0,
      0,
      layout.stackStart,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      17,
      processor,
      0,
      0,
      0,
      0,
      0,
    ],
    ...[0, 0, layout.brkStart, layout.argStart, layout.argEnd, layout.envStart, layout.envEnd, 0],
  ];
}

function parentOf({ parent }: Process): number {
  return parent?.pid ?? 1;
}

const STATES: Readonly<Record<string, string>> = {
  R: 'R (running)',
  S: 'S (sleeping)',
  T: 'T (stopped)',
  Z: 'Z (zombie)',
};

function status(thread: Thread, processors: number): string {
  const { process, credentials: c, tid } = thread;
  const set = (bits: bigint) => BigInt.asUintN(64, bits).toString(16).padStart(16, '0');
  const kib = `${(pages(thread) * PAGE) / 1024} kB`;
  let ignored = 0n;
  let caught = 0n;
  for (let signal = 1; signal <= 64; signal++) {
    const { handler } = thread.handlers.of(signal);
    if (handler === 1) ignored |= 1n << BigInt(signal - 1);
    else if (handler > 1) caught |= 1n << BigInt(signal - 1);
  }
  const lines: (readonly [string, string | number])[] = [
    ['Name', thread.name],
    ['Umask', `0${thread.fs.umask.toString(8).padStart(3, '0')}`],
    ['State', STATES[stateOf(thread)]!],
    ['Tgid', process.pid],
    ['Ngid', 0],
    ['Pid', tid],
    ['PPid', parentOf(process)],
    ['TracerPid', 0],
    ['Uid', [c.uid, c.euid, c.suid, c.fsuid].join('\t')],
    ['Gid', [c.gid, c.egid, c.sgid, c.fsgid].join('\t')],
    ['FDSize', Math.max(64, thread.files.numbers.length)],
    ['Groups', `${c.groups.join(' ')} `],
    ['VmSize', kib],
    ['VmRSS', kib],
    ['Threads', process.threads.size],
    ['SigQ', '0/4096'],
    ['SigPnd', set(thread.pending.set)],
    ['ShdPnd', set(process.pending.set)],
    ['SigBlk', set(thread.blocked)],
    ['SigIgn', set(ignored)],
    ['SigCgt', set(caught)],
    ['CapEff', c.euid === 0 ? '000001ffffffffff' : '0000000000000000'],
    ['Cpus_allowed_list', processorList(thread.affinity, processors)],
  ];
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join('');
}

/** Returns a set of processors as Linux lists it: `0-2,4`. */
function processorList(set: bigint, count: number): string {
  const ranges: [first: number, last: number][] = [];
  for (let number = 0; number < count; number++) {
    if (((set >> BigInt(number)) & 1n) === 0n) continue;
    const range = ranges.at(-1);
    if (range?.[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(',');
}

/** What is mounted. */
export function mounts(system: System): string {
  const rows: string[] = [];
  for (const { dentry, fs } of system.mounts()) {
    const options = fs.readOnly ? 'ro,relatime' : 'rw,relatime';
    rows.push(`${fs.type} ${dentry} ${fs.type} ${options} 0 0\n`);
  }
  return rows.join('');
}
