/** KVM_GET_ONE_REG and KVM_SET_ONE_REG. */

import { SIE } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import type { Thread } from '../process/task.ts';
import { ONE_REG, REG } from './abi.ts';
import { setToken, tokenOf } from './run-page.ts';
import type { KvmVcpu } from './vcpu.ts';

/** A register that user space can read and set. */
interface Register {
  readonly bytes: 4 | 8;
  get(vcpu: KvmVcpu): bigint;
  set(vcpu: KvmVcpu, value: bigint): void;
}

/** A doubleword of the state description. */
function field(offset: number): Register {
  return {
    bytes: 8,
    get: ({ vcpu }) => vcpu.block.get64(offset),
    set: ({ vcpu }, value) => vcpu.block.set64(offset, value),
  };
}

const REGISTERS: ReadonlyMap<bigint, Register> = new Map<bigint, Register>([
  [
    REG.TODPR,
    {
      bytes: 4,
      get: ({ vcpu }) => BigInt(vcpu.block.get32(SIE.TOD_PROGRAMMABLE)),
      set: ({ vcpu }, value) => vcpu.block.set32(SIE.TOD_PROGRAMMABLE, Number(value)),
    },
  ],
  [REG.EPOCHDIFF, field(SIE.EPOCH)],
  [
    REG.CPU_TIMER,
    {
      bytes: 8,
      get: ({ vcpu }) => vcpu.cpuTimer,
      set: ({ vcpu }, value) => {
        vcpu.cpuTimer = value;
      },
    },
  ],
  [REG.CLOCK_COMP, field(SIE.CLOCK_COMPARATOR)],
  [
    REG.PFTOKEN,
    { bytes: 8, get: ({ vcpu }) => tokenOf(vcpu), set: ({ vcpu }, value) => setToken(vcpu, value) },
  ],
  [
    REG.PFCOMPARE,
    {
      bytes: 8,
      get: (vcpu) => vcpu.pfaultCompare,
      set: (vcpu, value) => {
        vcpu.pfaultCompare = value;
      },
    },
  ],
  [
    REG.PFSELECT,
    {
      bytes: 8,
      get: (vcpu) => vcpu.pfaultSelect,
      set: (vcpu, value) => {
        vcpu.pfaultSelect = value;
      },
    },
  ],
  [REG.PP, field(SIE.PROGRAM_PARAMETER)],
  [REG.GBEA, field(SIE.BREAKING_EVENT_ADDRESS)],
]);

function request(at: number, { space }: Thread): { register: Register; address: number } {
  const one = space.memory.struct(at, ONE_REG.SIZE);
  const id = one.getBigUint64(ONE_REG.ID);
  const register = REGISTERS.get(id);
  if (register === undefined) throw new LinuxError('EINVAL', `there is no register 0x${id.toString(16)}`);
  return { register, address: Number(one.getBigUint64(ONE_REG.ADDR)) };
}

/** KVM_GET_ONE_REG. @throws LinuxError EINVAL for a register that there is not; EFAULT */
export function getOneRegister(vcpu: KvmVcpu, at: number, thread: Thread): number {
  const { register, address } = request(at, thread);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, register.get(vcpu));
  thread.space.memory.write(address, bytes.subarray(8 - register.bytes));
  return 0;
}

/** KVM_SET_ONE_REG. @throws LinuxError as `getOneRegister` */
export function setOneRegister(vcpu: KvmVcpu, at: number, thread: Thread): number {
  const { register, address } = request(at, thread);
  const bytes = new Uint8Array(8);
  bytes.set(thread.space.memory.read(address, register.bytes), 8 - register.bytes);
  register.set(vcpu, new DataView(bytes.buffer).getBigUint64(0));
  return 0;
}
