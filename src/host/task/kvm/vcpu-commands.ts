/** The commands of a virtual CPU of /dev/kvm (Linux: kvm_vcpu_ioctl, kvm_arch_vcpu_ioctl). */

import type { CpuReset } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import { VCPU_STATISTICS, type VcpuStatistic } from '../../kvm/index.ts';
import { install } from '../calls/descriptors.ts';
import type { Blocking } from '../process/blocking.ts';
import type { Thread } from '../process/task.ts';
import { UNBLOCKABLE } from '../signals/signal-sets.ts';
import {
  CAP,
  ENABLE_CAP,
  FPU,
  KVM,
  MP_STATE,
  PSW_STRUCT,
  REGS_SIZE,
  RUN,
  SIGNAL_MASK,
  SREGS,
  STORE_STATUS,
  SYNC,
  UCAS_MAPPING,
} from './abi.ts';
import { setGuestDebug } from './debug.ts';
import { getIrqState, injectIrq, injectLocal, setIrqState } from './local-interrupts.ts';
import { logicalMemoryOperation } from './memory-operation.ts';
import { getOneRegister, setOneRegister } from './one-register.ts';
import { run } from './run.ts';
import { StatisticsFile } from './statistics-file.ts';
import { storeControlsAndClocks, storePsw, storeToken } from './synchronize.ts';
import type { KvmVcpu } from './vcpu.ts';

/** A command. */
export interface VcpuCommand {
  /** May throw GuestMemoryFault, which is EFAULT to the program. */
  readonly perform: (vcpu: KvmVcpu, argument: number, thread: Thread) => Blocking<number> | number;
  /** Whether it can be performed while another thread runs the guest. */
  readonly isAsynchronous: boolean;
}

const SIGNAL_SET_SIZE = 8;
const CONTROL_REGISTERS = 16;

/** The commands, by number. */
export const VCPU_COMMANDS: ReadonlyMap<number, VcpuCommand> = new Map<number, VcpuCommand>([
  [KVM.RUN, synchronous(run)],
  [KVM.GET_REGS, synchronous(getRegisters)],
  [KVM.SET_REGS, synchronous(setRegisters)],
  [KVM.GET_SREGS, synchronous(getSpecialRegisters)],
  [KVM.SET_SREGS, synchronous(setSpecialRegisters)],
  [KVM.GET_FPU, synchronous(getFloatingPoint)],
  [KVM.SET_FPU, synchronous(setFloatingPoint)],
  [KVM.GET_ONE_REG, synchronous(getOneRegister)],
  [KVM.SET_ONE_REG, synchronous(setOneRegister)],
  [KVM.GET_MP_STATE, synchronous(getMpState)],
  [KVM.SET_MP_STATE, synchronous(setMpState)],
  [KVM.SET_SIGNAL_MASK, synchronous(setSignalMask)],
  [KVM.ENABLE_CAP, synchronous(enableCapability)],
  [KVM.TRANSLATE, synchronous(translate)],
  [KVM.S390_STORE_STATUS, synchronous(storeStatus)],
  [KVM.SET_GUEST_DEBUG, synchronous(setGuestDebug)],
  [KVM.S390_IRQ, asynchronous(injectIrq)],
  [KVM.S390_INTERRUPT, asynchronous(injectLocal)],
  [KVM.S390_GET_IRQ_STATE, synchronous(getIrqState)],
  [KVM.S390_SET_IRQ_STATE, synchronous(setIrqState)],
  [KVM.GET_STATS_FD, synchronous(getStatistics)],
  [KVM.S390_MEM_OP, synchronous(logicalMemoryOperation)],
  [KVM.S390_NORMAL_RESET, synchronous((vcpu) => reset(vcpu, 'cpu'))],
  [KVM.S390_INITIAL_RESET, synchronous((vcpu) => reset(vcpu, 'initial'))],
  [KVM.S390_CLEAR_RESET, synchronous((vcpu) => reset(vcpu, 'clear'))],
  [KVM.S390_SET_INITIAL_PSW, synchronous(setInitialPsw)],
  [KVM.S390_UCAS_MAP, synchronous(mapUserAddressSpace)],
  [KVM.S390_UCAS_UNMAP, synchronous(unmapUserAddressSpace)],
  [KVM.S390_VCPU_FAULT, synchronous(fault)],
]);

function synchronous(perform: VcpuCommand['perform']): VcpuCommand {
  return { perform, isAsynchronous: false };
}

function asynchronous(perform: VcpuCommand['perform']): VcpuCommand {
  return { perform, isAsynchronous: true };
}

function getRegisters({ page }: KvmVcpu, at: number, { space }: Thread): number {
  space.memory.write(at, page.read(SYNC.GPRS, REGS_SIZE));
  return 0;
}

function setRegisters({ page }: KvmVcpu, at: number, { space }: Thread): number {
  page.write(SYNC.GPRS, space.memory.read(at, REGS_SIZE));
  return 0;
}

function getSpecialRegisters({ page, vcpu }: KvmVcpu, at: number, { space }: Thread): number {
  const bytes = new Uint8Array(SREGS.SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(page.read(SYNC.ACRS, SREGS.CRS), SREGS.ACRS);
  for (let n = 0; n < CONTROL_REGISTERS; n++) view.setBigUint64(SREGS.CRS + n * 8, vcpu.control(n));
  space.memory.write(at, bytes);
  return 0;
}

function setSpecialRegisters({ page, vcpu }: KvmVcpu, at: number, { space }: Thread): number {
  const sregs = space.memory.struct(at, SREGS.SIZE);
  page.write(SYNC.ACRS, new Uint8Array(sregs.buffer, sregs.byteOffset + SREGS.ACRS, SREGS.CRS));
  for (let n = 0; n < CONTROL_REGISTERS; n++) vcpu.setControl(n, sregs.getBigUint64(SREGS.CRS + n * 8));
  vcpu.forgetTranslations();
  return 0;
}

function getFloatingPoint({ page }: KvmVcpu, at: number, { space }: Thread): number {
  const bytes = new Uint8Array(FPU.SIZE);
  new DataView(bytes.buffer).setUint32(FPU.FPC, page.get32(SYNC.FPC));
  bytes.set(page.read(SYNC.FPRS, FPU.SIZE - FPU.FPRS), FPU.FPRS);
  space.memory.write(at, bytes);
  return 0;
}

function setFloatingPoint({ page }: KvmVcpu, at: number, { space }: Thread): number {
  const bytes = space.memory.read(at, FPU.SIZE);
  page.set32(SYNC.FPC, new DataView(bytes.buffer, bytes.byteOffset).getUint32(FPU.FPC));
  page.write(SYNC.FPRS, bytes.subarray(FPU.FPRS));
  return 0;
}

function getMpState({ vcpu }: KvmVcpu, at: number, { space }: Thread): number {
  space.memory.setU32(at, vcpu.stopped ? MP_STATE.STOPPED : MP_STATE.OPERATING);
  return 0;
}

/** From now on user space controls which virtual CPUs are stopped. */
function setMpState({ vcpu, machine }: KvmVcpu, at: number, { space }: Thread): number {
  const state = space.memory.u32(at);
  machine.leaveCpuStates();
  if (state !== MP_STATE.STOPPED && state !== MP_STATE.OPERATING)
    throw new LinuxError('ENXIO', `there is no state ${state} of a CPU`);
  vcpu.stopped = state === MP_STATE.STOPPED;
  return 0;
}

function setSignalMask(vcpu: KvmVcpu, at: number, { space }: Thread): number {
  if (at === 0) {
    vcpu.signalMask = null;
    return 0;
  }
  const length = space.memory.u32(at + SIGNAL_MASK.LEN);
  if (length !== SIGNAL_SET_SIZE) throw new LinuxError('EINVAL', `a set of signals of ${length} bytes`);
  const set = space.memory.struct(at + SIGNAL_MASK.SIZE, SIGNAL_SET_SIZE).getBigUint64(0);
  vcpu.signalMask = set & ~UNBLOCKABLE;
  return 0;
}

function enableCapability({ machine }: KvmVcpu, at: number, { space }: Thread): number {
  const cap = space.memory.struct(at, ENABLE_CAP.SIZE);
  const [number, flags] = [cap.getUint32(ENABLE_CAP.CAP), cap.getUint32(ENABLE_CAP.FLAGS)];
  if (flags !== 0 || number !== CAP.S390_CSS_SUPPORT)
    throw new LinuxError('EINVAL', `capability ${number} cannot be enabled with flags ${flags}`);
  machine.vm.enableChannelSubsystem();
  return 0;
}

function getStatistics({ vcpu, machine }: KvmVcpu, _: number, thread: Thread): number {
  const statistics = {
    names: VCPU_STATISTICS,
    value: (name: string) => vcpu.counts[name as VcpuStatistic],
  };
  machine.hold();
  const id = `kvm-${thread.process.pid}/vcpu-${vcpu.id}`;
  const { anonymous } = machine.system.files;
  const file = new StatisticsFile(anonymous, 'kvm-vcpu-stats', id, statistics, () => machine.release());
  return install(thread, file, true);
}

/** Linux on s390 does not have it. */
function translate(_: KvmVcpu, at: number, { space }: Thread): number {
  space.memory.read(at, 24);
  throw new LinuxError('EINVAL', 'KVM_TRANSLATE is not there on s390');
}

/** The registers that are kept in the page are reset there. */
function reset(target: KvmVcpu, kind: CpuReset): number {
  const { vcpu, page, machine } = target;
  page.loadRegisters(vcpu);
  vcpu.reset(kind);
  if (!machine.userCpuState) vcpu.stopped = true;
  page.storeRegisters(vcpu);
  storeToken(target);
  if (kind === 'cpu') return 0;
  storePsw(target);
  storeControlsAndClocks(target);
  return 0;
}

/** Real address of the architectural mode, and of the assigned status area. */
const ARCHITECTURE_MODE = 163;
const STATUS_AREA = 0x1200;
/** The register of the third argument of ioctl. */
const THIRD_ARGUMENT = 4;

/** Stores the status of the guest at an absolute address, or at an assigned place. */
function storeStatus({ vcpu, page }: KvmVcpu, argument: number, thread: Thread): number {
  page.loadRegisters(vcpu);
  // The addresses that stand for places are too high for an exact number.
  const place = thread.registers.signed(THIRD_ARGUMENT);
  const isPlace = place === STORE_STATUS.NOADDR || place === STORE_STATUS.PREFIXED;
  const base = place === STORE_STATUS.PREFIXED ? vcpu.block.prefix : 0;
  if (isPlace) vcpu.vm.writeGuest(BigInt(base + ARCHITECTURE_MODE), Uint8Array.of(1));
  vcpu.storeStatus(isPlace ? base + STATUS_AREA : argument);
  return 0;
}

function setInitialPsw({ vcpu, page }: KvmVcpu, at: number, { space }: Thread): number {
  const psw = space.memory.struct(at, PSW_STRUCT.SIZE);
  if (!vcpu.stopped) throw new LinuxError('EBUSY', 'the virtual CPU is not stopped');
  page.set64(RUN.PSW_MASK, psw.getBigUint64(PSW_STRUCT.MASK));
  page.set64(RUN.PSW_ADDR, psw.getBigUint64(PSW_STRUCT.ADDR));
  return 0;
}

function ucasMapping(at: number, { space }: Thread): { from: bigint; to: bigint; length: bigint } {
  const mapping = space.memory.struct(at, UCAS_MAPPING.SIZE);
  return {
    from: mapping.getBigUint64(UCAS_MAPPING.USER_ADDR),
    to: mapping.getBigUint64(UCAS_MAPPING.VCPU_ADDR),
    length: mapping.getBigUint64(UCAS_MAPPING.LENGTH),
  };
}

function demandUserControlled({ machine }: KvmVcpu): void {
  if (!machine.userControlled)
    throw new LinuxError('EINVAL', 'the virtual machine is not controlled by its user');
}

function mapUserAddressSpace(target: KvmVcpu, at: number, thread: Thread): number {
  const mapping = ucasMapping(at, thread);
  demandUserControlled(target);
  target.vcpu.vm.gmap.map(mapping);
  return 0;
}

function unmapUserAddressSpace(target: KvmVcpu, at: number, thread: Thread): number {
  const { to, length } = ucasMapping(at, thread);
  demandUserControlled(target);
  target.vcpu.vm.gmap.unmap({ address: to, length });
  return 0;
}

/** Makes the page at a guest address present. */
function fault({ vcpu }: KvmVcpu, address: number): number {
  const { gmap, mm } = vcpu.vm;
  mm.fault(gmap.fault(BigInt(address)), false);
  return 0;
}
