/** Terminals as programs use them: files, ioctl, job control, hanging up. */

import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../../testing/index.ts';
import { O, POLL, S } from '../abi/files.ts';
import { IOCTL } from '../abi/ioctls.ts';
import { SIG, SIG_IGN } from '../abi/signals.ts';
import { SYSTEM_CALLS } from '../abi/system-calls.ts';
import { CC, LFLAG } from '../abi/terminals.ts';
import { CALLS } from '../calls/table.ts';
import { lookup, type OpenDirectory, type OpenFile, open } from '../files/index.ts';
import type { Linux } from '../linux.ts';
import { bytesOf, latin1 } from '../memory/user-memory.ts';
import type { Blocking } from '../process/blocking.ts';
import { exitProcess } from '../process/exit.ts';
import { Session } from '../process/session.ts';
import { RESTART } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import { MEMORY, makeLinux, makeThread } from '../testing/index.ts';
import type { SystemTerminal } from './index.ts';
import type { Terminal } from './terminal.ts';

const { IN, OUT, HUP, ERR, RDNORM, WRNORM } = POLL;
/** The path of names that the calls get, behind what ioctl uses. */
const NAME = MEMORY + 0x8000;

let linux: Linux;
let shell: Thread;

beforeEach(() => {
  linux = makeLinux();
  shell = makeThread(linux.system);
});

/** Performs a system call, which must not wait. */
function call(thread: Thread, name: keyof typeof SYSTEM_CALLS, ...args: number[]): number {
  const result = CALLS.get(SYSTEM_CALLS[name])!.run(linux.system, thread, ...args);
  if (typeof result !== 'object') return result as number;
  const step = (result as Blocking<number>).next();
  if (!step.done) throw new Error(`${name} waits`);
  return step.value;
}

function openAt(thread: Thread, path: string, flags: number = O.RDWR): number {
  thread.space.memory.write(NAME, bytesOf(`${path}\0`));
  return call(thread, 'openat', -100, NAME, flags, 0);
}

function fileOf(thread: Thread, fd: number): OpenFile {
  return thread.files.get(fd);
}

function ioctl(thread: Thread, fd: number, command: number, argument = MEMORY): number {
  return call(thread, 'ioctl', fd, command, argument);
}

function ioctlValue(thread: Thread, fd: number, command: number): number {
  ioctl(thread, fd, command);
  return thread.space.memory.u32(MEMORY);
}

function setValue(thread: Thread, fd: number, command: number, value: number): number {
  thread.space.memory.setU32(MEMORY, value);
  return ioctl(thread, fd, command);
}

function read(thread: Thread, fd: number, length = 100): string | number {
  const count = call(thread, 'read', fd, MEMORY, length);
  return count < 0 ? count : latin1(thread.space.memory.read(MEMORY, count));
}

function write(thread: Thread, fd: number, text: string): number {
  thread.space.memory.write(MEMORY, bytesOf(text));
  return call(thread, 'write', fd, MEMORY, text.length);
}

/** Begins a read that may wait. */
function beginRead(thread: Thread, fd: number, length = 100): Blocking<number> {
  return CALLS.get(SYSTEM_CALLS.read)!.run(linux.system, thread, fd, MEMORY, length) as Blocking<number>;
}

function pendingOf({ process }: Thread): number[] {
  return Array.from({ length: 64 }, (_, i) => i + 1).filter(
    (signal) => (process.pending.set & (1n << BigInt(signal - 1))) !== 0n,
  );
}

function setModes(thread: Thread, fd: number, change: (view: DataView) => void): void {
  ioctl(thread, fd, IOCTL.TCGETS);
  const bytes = thread.space.memory.read(MEMORY, 36).slice();
  change(new DataView(bytes.buffer));
  thread.space.memory.write(MEMORY, bytes);
  ioctl(thread, fd, IOCTL.TCSETS);
}

function setLocal(thread: Thread, fd: number, bits: number, isSet: boolean): void {
  setModes(thread, fd, (view) => {
    const flags = view.getUint32(12);
    view.setUint32(12, isSet ? flags | bits : flags & ~bits);
  });
}

function setControl(thread: Thread, fd: number, index: number, value: number): void {
  setModes(thread, fd, (view) => view.setUint8(17 + index, value));
}

/** Opens a pseudo-terminal, without making it anybody's. */
function openPty(thread: Thread): { master: number; slave: number; path: string } {
  const master = openAt(thread, '/dev/ptmx', O.RDWR | O.NOCTTY | O.NONBLOCK);
  setValue(thread, master, IOCTL.TIOCSPTLCK, 0);
  const path = `/dev/pts/${ioctlValue(thread, master, IOCTL.TIOCGPTN)}`;
  return { master, slave: openAt(thread, path, O.RDWR | O.NOCTTY | O.NONBLOCK), path };
}

/** The names in /dev/pts. */
function names(): string[] {
  const context = { root: linux.system.root, start: linux.system.root, credentials: shell.credentials };
  const directory = open(context, '/dev/pts', O.RDONLY) as OpenDirectory;
  const found: string[] = [];
  for (let entry = directory.entry(); entry !== null; entry = directory.entry()) {
    found.push(entry.name);
    directory.position = entry.next;
  }
  directory.release();
  return found.slice(2);
}

describe('a pseudo-terminal', () => {
  it('has a name in /dev/pts while its master is open', () => {
    const { master, path } = openPty(shell);
    const other = openPty(shell);
    expect([path, other.path, names()]).toEqual(['/dev/pts/0', '/dev/pts/1', ['0', '1', 'ptmx']]);
    call(shell, 'close', master);
    expect(names()).toEqual(['1', 'ptmx']);
    expect(codeOf(() => openAt(shell, path))).toBe('ENOENT');
  });

  it('its number is free again when both ends are closed', () => {
    const { master, slave } = openPty(shell);
    call(shell, 'close', master);
    expect(openPty(shell).path).toBe('/dev/pts/1');
    call(shell, 'close', slave);
    expect(openPty(shell).path).toBe('/dev/pts/0');
  });

  it('belongs to who has opened the master', () => {
    const user = makeThread(linux.system, { uid: 1000 });
    const { path } = openPty(user);
    const context = { root: linux.system.root, start: linux.system.root, credentials: shell.credentials };
    const { inode } = lookup(context, path);
    expect([inode.uid, inode.gid, inode.mode, inode.rdev]).toEqual([1000, 5, S.IFCHR | 0o620, 136 << 8]);
  });

  it('cannot be opened while it is locked', () => {
    const master = openAt(shell, '/dev/ptmx');
    expect(ioctlValue(shell, master, IOCTL.TIOCGPTLCK)).toBe(1);
    expect(codeOf(() => openAt(shell, '/dev/pts/0'))).toBe('EIO');
    expect(codeOf(() => ioctl(shell, master, IOCTL.TIOCGPTPEER, O.RDWR))).toBe('EIO');
    setValue(shell, master, IOCTL.TIOCSPTLCK, 0);
    expect(ioctl(shell, master, IOCTL.TIOCGPTPEER, O.RDWR | O.NOCTTY)).toBe(1);
  });

  it('passes what the master writes through the line discipline, and shows output to the master', () => {
    const { master, slave } = openPty(shell);
    write(shell, master, 'ab\x7fc\r');
    expect([read(shell, slave), read(shell, master)]).toEqual(['ac\n', 'ab\b \bc\r\n']);
    write(shell, slave, 'x\n');
    expect([read(shell, master), read(shell, master)]).toEqual(['x\r\n', -11]);
  });

  it('the master reads the rest, and then EIO, when all have closed the terminal', () => {
    const { master, slave, path } = openPty(shell);
    write(shell, slave, 'last');
    call(shell, 'close', slave);
    expect(read(shell, master)).toBe('last');
    expect(codeOf(() => read(shell, master))).toBe('EIO');
    expect(fileOf(shell, master).poll()).toBe(HUP | OUT | WRNORM);
    openAt(shell, path, O.RDWR | O.NOCTTY);
    expect(read(shell, master)).toBe(-11);
    expect(fileOf(shell, master).poll()).toBe(OUT | WRNORM);
  });

  it('is hung up when the master is closed', () => {
    const { master, slave } = openPty(shell);
    write(shell, master, 'typed\n');
    call(shell, 'close', master);
    expect(read(shell, slave)).toBe('');
    expect(codeOf(() => write(shell, slave, 'x'))).toBe('EIO');
    expect(codeOf(() => ioctl(shell, slave, IOCTL.TCGETS))).toBe('EIO');
    expect(codeOf(() => ioctl(shell, slave, IOCTL.TIOCSPGRP))).toBe('ENOTTY');
    expect(fileOf(shell, slave).poll()).toBe(IN | RDNORM | OUT | WRNORM | ERR | HUP);
  });

  it('output waits for the master to read, input for the terminal', () => {
    const { master, slave } = openPty(shell);
    setLocal(shell, slave, LFLAG.ECHO, false);
    const file = fileOf(shell, slave);
    let written = 0;
    for (let count: number | null = 1; count !== null; written += count ?? 0)
      count = file.write(new Uint8Array(1000));
    expect(written).toBe(12_288 - 8 + 1);
    expect(file.poll() & OUT).toBe(0);
    read(shell, master, 5000);
    expect(file.poll() & OUT).toBe(OUT);
    write(shell, master, 'line\n');
    let typed = 0;
    const other = fileOf(shell, master);
    for (let count: number | null = 1; count !== null; typed += count ?? 0)
      count = other.write(new Uint8Array(1000));
    expect([typed, other.poll() & OUT]).toEqual([8192 + 4090, 0]);
    expect(read(shell, slave)).toBe('line\n');
    expect(other.poll() & OUT).toBe(OUT);
  });

  it('refuses packet mode, TIOCSTI and other line disciplines', () => {
    const { master, slave } = openPty(shell);
    expect(codeOf(() => setValue(shell, master, IOCTL.TIOCPKT, 1))).toBe('ENOTTY');
    expect(setValue(shell, master, IOCTL.TIOCPKT, 0)).toBe(0);
    expect(codeOf(() => ioctl(shell, slave, IOCTL.TIOCSTI))).toBe('EIO');
    expect(codeOf(() => setValue(shell, slave, IOCTL.TIOCSETD, 3))).toBe('EINVAL');
    expect(codeOf(() => ioctl(shell, slave, 0x5499))).toBe('ENOTTY');
  });

  it('TIOCEXCL keeps all but root from opening it', () => {
    const { slave, path } = openPty(shell);
    const user = makeThread(linux.system, { uid: 1000 });
    ioctl(shell, slave, IOCTL.TIOCEXCL);
    call(shell, 'fchmod', slave, 0o666);
    expect(codeOf(() => openAt(user, path))).toBe('EBUSY');
    expect(codeOf(() => openAt(shell, path))).toBe('ok');
    ioctl(shell, slave, IOCTL.TIOCNXCL);
    expect(codeOf(() => openAt(user, path))).toBe('ok');
  });

  it('FIONREAD tells what each end can read', () => {
    const { master, slave } = openPty(shell);
    write(shell, master, 'abc\nxy');
    expect(ioctlValue(shell, slave, IOCTL.FIONREAD)).toBe(4);
    expect(ioctlValue(shell, master, IOCTL.FIONREAD)).toBe(7);
  });

  it('TCSETSF throws typed bytes away, TCFLSH what it is told to', () => {
    const { master, slave } = openPty(shell);
    write(shell, master, 'gone\n');
    ioctl(shell, slave, IOCTL.TCGETS);
    ioctl(shell, slave, IOCTL.TCSETSF);
    expect(read(shell, slave)).toBe(-11);
    write(shell, master, 'gone\n');
    ioctl(shell, slave, IOCTL.TCFLSH, 0);
    expect(read(shell, slave)).toBe(-11);
    ioctl(shell, master, IOCTL.TCFLSH, 0);
    expect(read(shell, master)).toBe(-11);
    expect(codeOf(() => ioctl(shell, slave, IOCTL.TCFLSH, 3))).toBe('EINVAL');
  });
});

describe('a read in raw mode', () => {
  let master: number;
  let slave: number;

  beforeEach(() => {
    ({ master, slave } = openPty(shell));
    setLocal(shell, slave, LFLAG.ICANON, false);
    fileOf(shell, slave).flags &= ~O.NONBLOCK;
  });

  it('waits for MIN bytes', () => {
    setControl(shell, slave, CC.MIN, 3);
    const reading = beginRead(shell, slave);
    expect(reading.next().done).toBe(false);
    write(shell, master, 'ab');
    expect(reading.next().done).toBe(false);
    write(shell, master, 'c');
    expect(reading.next()).toEqual({ done: true, value: 3 });
  });

  it('returns what it has when TIME has passed since the last byte', () => {
    setControl(shell, slave, CC.MIN, 10);
    setControl(shell, slave, CC.TIME, 1);
    const reading = beginRead(shell, slave);
    expect([reading.next().done, linux.system.time.due]).toEqual([false, Infinity]);
    write(shell, master, 'ab');
    expect(reading.next().done).toBe(false);
    linux.skipTo(linux.system.time.due);
    expect(reading.next()).toEqual({ done: true, value: 2 });
  });

  it('returns 0 when TIME has passed without a byte, if MIN is 0', () => {
    setControl(shell, slave, CC.MIN, 0);
    expect(read(shell, slave)).toBe('');
    setControl(shell, slave, CC.TIME, 2);
    const reading = beginRead(shell, slave);
    const from = linux.now;
    expect(reading.next().done).toBe(false);
    expect(linux.system.time.due - from).toBe(200_000_000);
    linux.skipTo(linux.system.time.due);
    expect(reading.next()).toEqual({ done: true, value: 0 });
  });

  it('is interrupted by a signal, and tells what it has read before', () => {
    setControl(shell, slave, CC.MIN, 3);
    const [one, other] = [beginRead(shell, slave), beginRead(shell, slave)];
    one.next();
    shell.pending.add({ signal: SIG.USR1, code: 0 });
    expect(one.next()).toEqual({ done: true, value: RESTART.SYS });
    write(shell, master, 'ab');
    expect(other.next()).toEqual({ done: true, value: 2 });
  });
});

describe('a controlling terminal', () => {
  it('is what the leader of a session without one opens', () => {
    const { path } = openPty(shell);
    const user = makeThread(linux.system);
    const child = makeThread(linux.system, { parent: user.process, session: user.process.session });
    openAt(child, path);
    expect(user.process.session.terminal).toBeNull();
    openAt(user, path, O.RDWR | O.NOCTTY);
    expect(user.process.session.terminal).toBeNull();
    openAt(user, path, O.WRONLY);
    expect(user.process.session.terminal).toBeNull();
    const fd = openAt(user, path);
    expect(user.process.session.terminal).not.toBeNull();
    expect(ioctlValue(user, fd, IOCTL.TIOCGPGRP)).toBe(user.process.pid);
    expect(ioctlValue(user, fd, IOCTL.TIOCGSID)).toBe(user.process.pid);
  });

  it('/dev/tty is it', () => {
    expect(codeOf(() => openAt(shell, '/dev/tty'))).toBe('ENXIO');
    const { master, path } = openPty(shell);
    openAt(shell, path);
    const fd = openAt(shell, '/dev/tty', O.RDWR | O.NONBLOCK);
    write(shell, master, 'x\n');
    expect(read(shell, fd)).toBe('x\n');
  });

  it('TIOCSCTTY takes it, and root can steal it', () => {
    const { slave } = openPty(shell);
    const [one, other] = [makeThread(linux.system), makeThread(linux.system)];
    const fds = [one, other].map((thread) => thread.files.add(held(fileOf(shell, slave)), false, 10));
    expect(ioctl(one, fds[0]!, IOCTL.TIOCSCTTY, 0)).toBe(0);
    expect(ioctl(one, fds[0]!, IOCTL.TIOCSCTTY, 0)).toBe(0);
    expect(codeOf(() => ioctl(other, fds[1]!, IOCTL.TIOCSCTTY, 0))).toBe('EPERM');
    expect(ioctl(other, fds[1]!, IOCTL.TIOCSCTTY, 1)).toBe(0);
    expect(one.process.session.terminal).toBeNull();
    expect(codeOf(() => ioctl(one, fds[0]!, IOCTL.TIOCGPGRP))).toBe('ENOTTY');
  });

  it('TIOCNOTTY gives it up, for the leader with its session', () => {
    const { path } = openPty(shell);
    const fd = openAt(shell, path);
    const { session } = shell.process;
    const child = makeThread(linux.system, { parent: shell.process, session, group: shell.process.group });
    child.files.replace(fd, held(fileOf(shell, fd)), false);
    expect(ioctl(child, fd, IOCTL.TIOCNOTTY)).toBe(0);
    expect(codeOf(() => openAt(child, '/dev/tty'))).toBe('ENXIO');
    expect(codeOf(() => openAt(shell, '/dev/tty'))).toBe('ok');
    expect(ioctl(shell, fd, IOCTL.TIOCNOTTY)).toBe(0);
    expect([session.terminal, pendingOf(child)]).toEqual([null, [SIG.HUP, SIG.CONT]]);
    expect(codeOf(() => ioctl(shell, fd, IOCTL.TIOCNOTTY))).toBe('ENOTTY');
  });

  it('the size is that of both ends, and a change is a SIGWINCH in the foreground', () => {
    const { master, path } = openPty(shell);
    const fd = openAt(shell, path);
    shell.handlers.set(SIG.WINCH, { handler: 0x1000, flags: 0, restorer: 0, mask: 0n });
    shell.space.memory.write(MEMORY, Uint8Array.of(0, 1, 0, 2, 0, 3, 0, 4));
    ioctl(shell, master, IOCTL.TIOCSWINSZ);
    shell.space.memory.write(MEMORY, new Uint8Array(8));
    ioctl(shell, fd, IOCTL.TIOCGWINSZ);
    expect([...shell.space.memory.read(MEMORY, 8)]).toEqual([0, 1, 0, 2, 0, 3, 0, 4]);
    expect(pendingOf(shell)).toEqual([SIG.WINCH]);
    shell.process.pending.remove(-1n);
    ioctl(shell, master, IOCTL.TIOCSWINSZ);
    expect(pendingOf(shell)).toEqual([]);
  });

  function held(file: OpenFile): OpenFile {
    file.hold();
    return file;
  }
});

describe('job control', () => {
  let master: number;
  let fd: number;
  let job: Thread;

  beforeEach(() => {
    // The shell has a parent in another session, so that it is an orphan, and its jobs are not.
    ({ master } = openPty(shell));
    fd = openAt(shell, '/dev/pts/0', O.RDWR | O.NONBLOCK);
    const { session } = shell.process;
    job = makeThread(linux.system, { parent: shell.process, session });
    job.files.replace(fd, fileOf(shell, fd), false);
    fileOf(shell, fd).hold();
  });

  it('a read in the background stops the group, and begins again', () => {
    expect(read(job, fd)).toBe(RESTART.SYS);
    expect(pendingOf(job)).toEqual([SIG.TTIN]);
    expect(pendingOf(shell)).toEqual([]);
  });

  it('a read in the background is EIO if the group ignores or blocks SIGTTIN', () => {
    job.blocked = 1n << BigInt(SIG.TTIN - 1);
    expect(codeOf(() => read(job, fd))).toBe('EIO');
    job.blocked = 0n;
    job.handlers.set(SIG.TTIN, { handler: SIG_IGN, flags: 0, restorer: 0, mask: 0n });
    expect(codeOf(() => read(job, fd))).toBe('EIO');
  });

  it('a write in the background stops the group if TOSTOP is set', () => {
    expect(write(job, fd, 'x')).toBe(1);
    setLocal(shell, fd, LFLAG.TOSTOP, true);
    expect(write(job, fd, 'x')).toBe(RESTART.SYS);
    expect(pendingOf(job)).toEqual([SIG.TTOU]);
    job.handlers.set(SIG.TTOU, { handler: SIG_IGN, flags: 0, restorer: 0, mask: 0n });
    expect(write(job, fd, 'x')).toBe(1);
  });

  it.each([
    IOCTL.TCSETS,
    IOCTL.TCSETSW,
    IOCTL.TCSETS2,
    IOCTL.TCSBRK,
    IOCTL.TCFLSH,
    IOCTL.TCXONC,
    IOCTL.TIOCSPGRP,
  ])('command 0x%x in the background stops the group', (command) => {
    expect(ioctl(job, fd, command)).toBe(RESTART.SYS);
    expect(pendingOf(job)).toEqual([SIG.TTOU]);
  });

  it('an orphaned group is not stopped: it fails', () => {
    job.process.parent = null;
    expect(codeOf(() => read(job, fd))).toBe('EIO');
    expect(codeOf(() => ioctl(job, fd, IOCTL.TCSETS))).toBe('EIO');
    expect(codeOf(() => ioctl(job, fd, IOCTL.TIOCSPGRP))).toBe('ENOTTY');
  });

  it('TIOCSPGRP puts a group of the session into the foreground', () => {
    expect(setValue(shell, fd, IOCTL.TIOCSPGRP, job.process.group)).toBe(0);
    write(shell, master, 'x\n');
    expect(read(job, fd)).toBe('x\n');
    expect(read(shell, master)).toBe('x\r\n');
  });

  it('TIOCSPGRP fails for other groups', () => {
    const stranger = makeThread(linux.system);
    expect(codeOf(() => setValue(shell, fd, IOCTL.TIOCSPGRP, 9999))).toBe('ESRCH');
    expect(codeOf(() => setValue(shell, fd, IOCTL.TIOCSPGRP, 0x8000_0000))).toBe('EINVAL');
    expect(codeOf(() => setValue(shell, fd, IOCTL.TIOCSPGRP, stranger.process.group))).toBe('EPERM');
  });

  it.each([
    ['\x03', SIG.INT],
    ['\x1c', SIG.QUIT],
    ['\x1a', SIG.TSTP],
  ])('%j is signal %i for the group in the foreground', (key, signal) => {
    setValue(shell, fd, IOCTL.TIOCSPGRP, job.process.group);
    write(shell, master, key);
    expect([pendingOf(job), pendingOf(shell)]).toEqual([[signal], []]);
  });

  it('TIOCSIG of the master is a key that signals', () => {
    ioctl(shell, master, IOCTL.TIOCSIG, SIG.INT);
    expect(pendingOf(shell)).toEqual([SIG.INT]);
    expect(codeOf(() => ioctl(shell, master, IOCTL.TIOCSIG, SIG.KILL))).toBe('EINVAL');
  });

  it('the end of the leader is SIGHUP in the foreground, and frees the terminal', () => {
    const terminal = shell.process.session.terminal as Terminal;
    setValue(shell, fd, IOCTL.TIOCSPGRP, job.process.group);
    // The master stays open.
    fileOf(shell, master).hold();
    exitProcess(linux.system, shell, { value: 0, kind: 'exited' });
    expect(pendingOf(job)).toEqual([SIG.HUP]);
    expect([terminal.session, terminal.foreground]).toEqual([null, 0]);
  });

  it('the end of the leader hangs up jobs that are stopped', () => {
    job.process.stopSignal = SIG.TSTP;
    exitProcess(linux.system, shell, { value: 0, kind: 'exited' });
    expect(pendingOf(job)).toEqual([SIG.HUP, SIG.CONT]);
    expect(job.process.stopSignal).toBe(0);
  });

  it('closing the master is SIGHUP and SIGCONT for the leader', () => {
    call(shell, 'close', master);
    expect(pendingOf(shell)).toEqual([SIG.HUP, SIG.CONT]);
    expect(shell.process.session.terminal).toBeNull();
  });
});

describe('the terminal of a system', () => {
  let terminal: SystemTerminal;
  let shown: string;

  beforeEach(() => {
    shown = '';
    const take = (bytes: Uint8Array) => {
      shown += latin1(bytes);
    };
    terminal = linux.makeTerminal({ columns: 80, rows: 24, take });
    shell.files.replace(0, terminal.open(O.RDWR | O.NONBLOCK), false);
    terminal.terminal.control(shell.process.session, shell.process.group);
  });

  it('is /dev/console, and there is one', () => {
    expect(shell.files.get(0).dentry?.name).toBe('console');
    const fd = openAt(shell, '/dev/console');
    terminal.type(bytesOf('x\n'));
    expect(read(shell, fd)).toBe('x\n');
    expect(codeOf(() => linux.makeTerminal({ columns: 1, rows: 1, take: () => {} }))).toBe('EBUSY');
  });

  it('does not become the terminal of who opens /dev/console', () => {
    const other = makeThread(linux.system);
    terminal.terminal.release();
    openAt(other, '/dev/console');
    expect(other.process.session.terminal).toBeNull();
  });

  it('shows output and echo, and passes typed bytes', () => {
    terminal.type(bytesOf('hi\r'));
    write(shell, 0, 'out\n');
    expect([shown, read(shell, 0)]).toEqual(['hi\r\nout\r\n', 'hi\n']);
  });

  it('output waits while the screen is paused', () => {
    terminal.pause();
    expect(write(shell, 0, 'x')).toBe(-11);
    expect(shell.files.get(0).poll() & OUT).toBe(0);
    terminal.type(bytesOf('e'));
    expect(shown).toBe('');
    terminal.resume();
    expect([shown, write(shell, 0, 'x')]).toEqual(['e', 1]);
  });

  it('takes typed bytes as far as there is room', () => {
    terminal.type(bytesOf('line\n'));
    expect(terminal.type(new Uint8Array(20_000).fill(97))).toBe(4090 + 8192);
    expect([terminal.room, terminal.type(bytesOf('x'))]).toEqual([0, 0]);
    read(shell, 0);
    // No line is complete: what does not fit replaces the last byte.
    expect(terminal.room).toBe(8192);
  });

  it('a new size is SIGWINCH', () => {
    shell.handlers.set(SIG.WINCH, { handler: 0x1000, flags: 0, restorer: 0, mask: 0n });
    terminal.resize(100, 30);
    expect(pendingOf(shell)).toEqual([SIG.WINCH]);
    ioctl(shell, 0, IOCTL.TIOCGWINSZ);
    expect([...shell.space.memory.read(MEMORY, 4)]).toEqual([0, 30, 0, 100]);
  });

  it('hanging up is SIGHUP for the leader, the end of input, and EIO for output', () => {
    expect(terminal.isConnected).toBe(true);
    terminal.hangUp();
    expect([pendingOf(shell), read(shell, 0), terminal.isConnected]).toEqual([
      [SIG.HUP, SIG.CONT],
      '',
      false,
    ]);
    expect(codeOf(() => write(shell, 0, 'x'))).toBe('EIO');
    expect(codeOf(() => terminal.open())).toBe('EIO');
  });

  it('its files stay connected when the leader of its session ends', () => {
    const other = makeThread(linux.system, { session: new Session(999) });
    const fd = openAt(other, '/dev/console');
    exitProcess(linux.system, shell, { value: 0, kind: 'exited' });
    expect(write(other, fd, 'x')).toBe(1);
    expect(shown).toBe('x');
  });
});

it('wakes those who wait when something that is typed arrives, and not when there is no room for it', () => {
  const fd = openAt(shell, '/dev/ptmx');
  const file = fileOf(shell, fd);
  let woken = 0;
  file.queue.add({ wake: () => woken++ });
  const lines = bytesOf('a\n'.repeat(500));
  for (let n = 0; n < 100 && file.write(lines) !== null; n++);
  const before = woken;
  expect(before).toBeGreaterThan(0);
  expect([file.write(lines), woken]).toEqual([null, before]);
});
