/**
 * The frame on the stack that a signal handler gets, and that sigreturn reads. Linux: arch/s390/include/uapi/asm/{sigcontext,ucontext}.h;
 * the frames are those of a machine without vector registers.
 */

import { LinuxError } from '../../errors.ts';
import { SA, SIG, SS } from '../abi/signals.ts';
import { SIGRETURN_OFFSET } from '../exec/load.ts';
import type { Registers } from '../process/registers.ts';
import { NO_STACK, type Thread } from '../process/task.ts';
import type { SignalInfo } from './pending-signals.ts';
import type { SignalAction } from './signal-handlers.ts';
import { encodeSignalInfo } from './signal-info.ts';
import { type SignalSet, UNBLOCKABLE } from './signal-sets.ts';

/** The register save area that a called function may use: it comes first. */
const SAVE_AREA = 160;
/** Parts of the frame of a handler with SA_SIGINFO: siginfo and ucontext. */
const RT = { INFO: 168, CONTEXT: 296, SIZE: 808 } as const;
/** Parts of ucontext. */
const UC = { STACK: 16, REGISTERS: 40, MASK: 384 } as const;
/** Parts of the frame of other handlers: sigcontext, registers, the signal. */
const PLAIN = { CONTEXT: 160, REGISTERS: 176, SIGNAL: 520, SIZE: 528 } as const;
/** Parts of _sigregs. */
const REGS = { GENERAL: 16, ACCESS: 144, FPC: 208, FLOATING: 216, SIZE: 344 } as const;
/** Bits of the PSW mask that a program can set: address space, condition code, program mask, addressing mode. */
const USER_HI = 0x0000_ff01;
const USER_LO = 0x8000_0000;
const SPACE_HI = 0x0000_c000;
/** Signals whose handlers without SA_SIGINFO are told of the fault in registers. */
const FAULTS: ReadonlySet<number> = new Set([SIG.SEGV, SIG.BUS, SIG.ILL, SIG.TRAP, SIG.FPE]);

/** Makes a thread execute a handler. @throws LinuxError EFAULT if the frame cannot be stored */
export function enterHandler(thread: Thread, info: SignalInfo, action: SignalAction, mask: SignalSet): void {
  const { registers, space } = thread;
  const isRt = (action.flags & SA.SIGINFO) !== 0;
  const frame = frameAddress(thread, action, isRt ? RT.SIZE : PLAIN.SIZE);
  space.memory.write(frame, isRt ? rtFrame(thread, info, mask) : plainFrame(thread, info, mask, frame));
  const hasRestorer = (action.flags & SA.RESTORER) !== 0;
  const own = space.layout.trampoline + (isRt ? 0 : SIGRETURN_OFFSET);
  registers.set(14, hasRestorer ? action.restorer : own);
  registers.set(15, frame);
  registers.set(2, info.signal);
  registers.set(3, frame + (isRt ? RT.INFO : PLAIN.CONTEXT));
  if (isRt) registers.set(4, frame + RT.CONTEXT);
  else if (FAULTS.has(info.signal)) registers.set(5, info.address ?? 0);
  registers.maskHi = (registers.maskHi & ~SPACE_HI) | 1;
  registers.maskLo |= USER_LO;
  registers.maskLo >>>= 0;
  registers.address = action.handler;
  if ((thread.alternateStack.flags & SS.AUTODISARM) !== 0) thread.alternateStack = NO_STACK;
}

/** Whether an address is in the alternate stack of a thread. */
export function isOnAlternateStack(
  { alternateStack: { address, size, flags } }: Thread,
  at: number,
): boolean {
  return (flags & (SS.DISABLE | SS.AUTODISARM)) === 0 && at > address && at - address <= size;
}

function frameAddress(thread: Thread, { flags }: SignalAction, size: number): number {
  let top = thread.registers.unsigned(15);
  const { alternateStack } = thread;
  const isOn = isOnAlternateStack(thread, top);
  const hasStack = (alternateStack.flags & SS.DISABLE) === 0;
  if ((flags & SA.ONSTACK) !== 0 && hasStack && !isOn) top = alternateStack.address + alternateStack.size;
  const frame = top - size;
  const aligned = frame - (((frame % 8) + 8) % 8);
  if (aligned < 0 || (isOn && !isOnAlternateStack(thread, aligned))) {
    throw new LinuxError('EFAULT', 'the stack of the signal handler is too small');
  }
  return aligned;
}

function rtFrame(thread: Thread, info: SignalInfo, mask: SignalSet): Uint8Array {
  const bytes = new Uint8Array(RT.SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, thread.registers.big(15));
  view.setUint16(SAVE_AREA, 0x0aad);
  bytes.set(encodeSignalInfo(info), RT.INFO);
  const { address, size, flags } = thread.alternateStack;
  const stack = RT.CONTEXT + UC.STACK;
  view.setBigUint64(stack, BigInt(address));
  view.setUint32(
    stack + 8,
    flags | (isOnAlternateStack(thread, thread.registers.unsigned(15)) ? SS.ONSTACK : 0),
  );
  view.setBigUint64(stack + 16, BigInt(size));
  storeRegisters(view, RT.CONTEXT + UC.REGISTERS, thread.registers);
  view.setBigUint64(RT.CONTEXT + UC.MASK, mask);
  return bytes;
}

function plainFrame(thread: Thread, info: SignalInfo, mask: SignalSet, frame: number): Uint8Array {
  const bytes = new Uint8Array(PLAIN.SIZE);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, thread.registers.big(15));
  view.setBigUint64(PLAIN.CONTEXT, mask);
  view.setBigUint64(PLAIN.CONTEXT + 8, BigInt(frame + PLAIN.REGISTERS));
  storeRegisters(view, PLAIN.REGISTERS, thread.registers);
  view.setInt32(PLAIN.SIGNAL, info.signal);
  return bytes;
}

function storeRegisters(view: DataView, at: number, registers: Registers): void {
  view.setUint32(at, registers.maskHi);
  view.setUint32(at + 4, registers.maskLo);
  view.setUint32(at + 8, registers.addressHi);
  view.setUint32(at + 12, registers.addressLo);
  for (let r = 0; r < 16; r++) {
    view.setBigUint64(at + REGS.GENERAL + r * 8, registers.big(r));
    view.setUint32(at + REGS.ACCESS + r * 4, registers.ar[r]!);
    view.setBigUint64(at + REGS.FLOATING + r * 8, registers.fr[r]!);
  }
  view.setUint32(at + REGS.FPC, registers.fpc);
}

/** Restores the registers and the mask of signals from the frame of a handler. @throws LinuxError EFAULT */
export function leaveHandler(thread: Thread, isRt: boolean): void {
  const { registers, space } = thread;
  const frame = registers.unsigned(15);
  const view = space.memory.struct(frame, isRt ? RT.SIZE : PLAIN.SIZE);
  thread.blocked = view.getBigUint64(isRt ? RT.CONTEXT + UC.MASK : PLAIN.CONTEXT) & ~UNBLOCKABLE;
  if (isRt) restoreStack(thread, view, RT.CONTEXT + UC.STACK);
  restoreRegisters(view, isRt ? RT.CONTEXT + UC.REGISTERS : PLAIN.REGISTERS, registers);
}

function restoreStack(thread: Thread, view: DataView, at: number): void {
  const flags = view.getUint32(at + 8) & ~SS.ONSTACK;
  thread.alternateStack = {
    address: Number(view.getBigUint64(at)),
    size: Number(view.getBigUint64(at + 16)),
    flags,
  };
}

function restoreRegisters(view: DataView, at: number, registers: Registers): void {
  const [hi, lo] = [view.getUint32(at), view.getUint32(at + 4)];
  registers.maskHi = ((registers.maskHi & ~USER_HI) | (hi & USER_HI)) >>> 0;
  // The home space is the kernel's.
  if ((registers.maskHi & SPACE_HI) === SPACE_HI) registers.maskHi &= ~SPACE_HI;
  registers.maskLo = registers.maskHi & 1 ? USER_LO : (lo & USER_LO) >>> 0;
  registers.addressHi = view.getUint32(at + 8);
  registers.addressLo = view.getUint32(at + 12);
  for (let r = 0; r < 16; r++) {
    registers.setBig(r, view.getBigUint64(at + REGS.GENERAL + r * 8));
    registers.ar[r] = view.getUint32(at + REGS.ACCESS + r * 4);
    registers.fr[r] = view.getBigUint64(at + REGS.FLOATING + r * 8);
  }
  registers.fpc = view.getUint32(at + REGS.FPC);
}
