/** ioctl of terminals: ioctl_tty(2). Linux: drivers/tty/tty_io.c, tty_ioctl.c, tty_jobctrl.c. */

import { LinuxError } from '../../errors.ts';
import { IOCTL } from '../abi/ioctls.ts';
import { SIG } from '../abi/signals.ts';
import { CC, FLOW, FLUSH } from '../abi/terminals.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import type { Thread } from '../process/task.ts';
import {
  controls,
  demandControl,
  demandForeground,
  leaveTerminal,
  setForeground,
  takeTerminal,
} from './job-control.ts';
import type { Terminal, WindowSize } from './terminal.ts';
import { decodeTermios, encodeTermios, TERMIOS_SIZE, TERMIOS2_SIZE } from './termios.ts';

/** An open file of a terminal, or the master of one. */
export interface ControlledFile {
  readonly terminal: Terminal;
  readonly isHungUp: boolean;
  readonly readable: boolean;
  /** Whether it is the other end of the terminal: job control does not apply to it. */
  readonly isMaster: boolean;
}

const WINDOW_SIZE = 8;
/** The only line discipline. */
const N_TTY = 0;

/** Performs a command. @throws LinuxError ENOTTY for a command that terminals do not have */
export function controlTerminal(
  file: ControlledFile,
  command: number,
  argument: number,
  thread: Thread,
): number {
  if (file.isHungUp) {
    throw new LinuxError(command === IOCTL.TIOCSPGRP ? 'ENOTTY' : 'EIO', 'the terminal was hung up');
  }
  const perform =
    modeCommand(command) ?? jobCommand(command) ?? flowCommand(command) ?? otherCommand(command);
  if (perform === null) throw new LinuxError('ENOTTY', `no command 0x${command.toString(16)}`);
  return perform(file, argument, thread);
}

type Command = (file: ControlledFile, argument: number, thread: Thread) => number;

/** Performs a command that a background process may not. */
function changing(command: Command): Command {
  return (file, argument, thread) => {
    const code = file.isMaster ? 0 : demandForeground(file.terminal, thread, SIG.TTOU);
    return code === 0 ? command(file, argument, thread) : code;
  };
}

/** Performs a command that returns 0. */
function done(command: (file: ControlledFile, argument: number, thread: Thread) => void): Command {
  return (file, argument, thread) => {
    command(file, argument, thread);
    return 0;
  };
}

function modeCommand(command: number): Command | null {
  switch (command) {
    case IOCTL.TCGETS:
      return getModes(TERMIOS_SIZE);
    case IOCTL.TCGETS2:
      return getModes(TERMIOS2_SIZE);
    case IOCTL.TCSETS:
    case IOCTL.TCSETSW:
    case IOCTL.TCSETSF:
      return setModes(TERMIOS_SIZE, command === IOCTL.TCSETSF);
    case IOCTL.TCSETS2:
    case IOCTL.TCSETSW2:
    case IOCTL.TCSETSF2:
      return setModes(TERMIOS2_SIZE, command === IOCTL.TCSETSF2);
    case IOCTL.TIOCGWINSZ:
      return done(({ terminal }, at, { space }) => storeSize(space.memory, at, terminal.size));
    case IOCTL.TIOCSWINSZ:
      return done(({ terminal }, at, { space }) => terminal.resize(sizeAt(space.memory, at)));
    default:
      return null;
  }
}

function getModes(size: number): Command {
  return done(({ terminal }, at, { space }) =>
    space.memory.write(at, encodeTermios(terminal.line.modes, size)),
  );
}

/** Output needs no time: nothing is waited for before the modes change. */
function setModes(size: number, flush: boolean): Command {
  return changing(
    done(({ terminal }, at, { space }) => {
      const modes = decodeTermios(space.memory.struct(at, size));
      if (flush) terminal.line.flush(FLUSH.INPUT);
      terminal.line.setModes(modes);
      terminal.changed();
    }),
  );
}

function storeSize(memory: UserMemory, at: number, { rows, columns, width, height }: WindowSize): void {
  const view = new DataView(new ArrayBuffer(WINDOW_SIZE));
  for (const [i, value] of [rows, columns, width, height].entries()) view.setUint16(i * 2, value);
  memory.write(at, new Uint8Array(view.buffer));
}

function sizeAt(memory: UserMemory, at: number): WindowSize {
  const view = memory.struct(at, WINDOW_SIZE);
  const [rows, columns, width, height] = [0, 2, 4, 6].map((offset) => view.getUint16(offset));
  return { rows: rows!, columns: columns!, width: width!, height: height! };
}

function jobCommand(command: number): Command | null {
  switch (command) {
    case IOCTL.TIOCSCTTY:
      return done(({ terminal, readable, isMaster }, argument, thread) => {
        if (isMaster) throw new LinuxError('EIO', 'a master controls nobody');
        takeTerminal(terminal, thread, argument, readable);
      });
    case IOCTL.TIOCNOTTY:
      return done(({ terminal }, _, thread) => leaveTerminal(terminal, thread));
    case IOCTL.TIOCGPGRP:
      return done((file, at, { process, space }) => {
        if (!file.isMaster) demandControl(file.terminal, process);
        space.memory.setU32(at, file.terminal.foreground);
      });
    case IOCTL.TIOCSPGRP:
      return ({ terminal }, at, thread) => setForeground(terminal, thread, thread.space.memory.u32(at) | 0);
    case IOCTL.TIOCGSID:
      return done((file, at, { process, space }) => {
        const { terminal } = file;
        if ((!file.isMaster && !controls(terminal, process)) || terminal.session === null) {
          throw new LinuxError('ENOTTY', 'the terminal controls no session of the caller');
        }
        space.memory.setU32(at, terminal.session.id);
      });
    case IOCTL.TIOCVHANGUP:
      return done(({ terminal }, _, { credentials }) => {
        if (credentials.euid !== 0) throw new LinuxError('EPERM', 'only root hangs a terminal up');
        terminal.hangUp();
      });
    default:
      return null;
  }
}

function flowCommand(command: number): Command | null {
  switch (command) {
    case IOCTL.TCSBRK:
    case IOCTL.TCSBRKP:
      // There is no line to break, and all output is sent.
      return changing(() => 0);
    case IOCTL.TCFLSH:
      return changing(
        done(({ terminal }, what) => {
          if (what > FLUSH.BOTH) throw new LinuxError('EINVAL', `TCFLSH of ${what}`);
          terminal.line.flush(what);
          terminal.changed();
        }),
      );
    case IOCTL.TCXONC:
      return changing(done(({ terminal }, what) => flow(terminal, what)));
    default:
      return null;
  }
}

/** @throws LinuxError EINVAL */
function flow(terminal: Terminal, what: number): void {
  const { line } = terminal;
  switch (what) {
    case FLOW.OUTPUT_OFF:
      line.stop();
      return;
    case FLOW.OUTPUT_ON:
      line.start();
      terminal.changed();
      return;
    case FLOW.INPUT_OFF:
    case FLOW.INPUT_ON: {
      const byte = line.modes.cc[what === FLOW.INPUT_OFF ? CC.STOP : CC.START]!;
      if (byte !== 0) line.output.write(Uint8Array.of(byte));
      return;
    }
    default:
      throw new LinuxError('EINVAL', `TCXONC of ${what}`);
  }
}

function otherCommand(command: number): Command | null {
  switch (command) {
    case IOCTL.TIOCEXCL:
    case IOCTL.TIOCNXCL:
      return done(({ terminal }) => {
        terminal.isExclusive = command === IOCTL.TIOCEXCL;
      });
    case IOCTL.TIOCGEXCL:
      return done(({ terminal }, at, { space }) => space.memory.setU32(at, terminal.isExclusive ? 1 : 0));
    case IOCTL.TIOCOUTQ:
      return done((_, at, { space }) => space.memory.setU32(at, 0));
    case IOCTL.TIOCGETD:
      return done((_, at, { space }) => space.memory.setU32(at, N_TTY));
    case IOCTL.TIOCSETD:
      return changing(
        done((_, at, { space }) => {
          const wanted = space.memory.u32(at);
          if (wanted !== N_TTY) throw new LinuxError('EINVAL', `there is no line discipline ${wanted}`);
        }),
      );
    case IOCTL.TIOCSTI:
      throw new LinuxError('EIO', 'TIOCSTI is refused');
    case IOCTL.TIOCGDEV:
      return done(({ terminal }, at, { space }) => space.memory.setU32(at, terminal.device));
    default:
      return null;
  }
}
