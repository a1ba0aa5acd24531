/** KVM_S390_GET_CMMA_BITS and KVM_S390_SET_CMMA_BITS: the usage states of a guest's pages. */

import { LinuxError } from '../../errors.ts';
import type { CollaborativeMemory } from '../../kvm/index.ts';
import type { Thread } from '../process/task.ts';
import { CMMA_LOG, CMMA_PEEK } from './abi.ts';
import type { KvmMachine } from './machine.ts';

/** The most states that are set at once (Linux: KVM_S390_CMMA_SIZE_MAX). */
const MOST = 1 << 20;
/** Bits of a state in the mask: those of a PGSTE. */
const MASK_SHIFT = 24n;

function memoryOf({ userControlled, vm }: KvmMachine): CollaborativeMemory {
  if (userControlled || !vm.cmma.enabled) throw new LinuxError('ENXIO', 'CMMA is not enabled');
  return vm.cmma;
}

/** KVM_S390_GET_CMMA_BITS. @throws LinuxError as `CollaborativeMemory.getStates`; EFAULT */
export function getUsageStates(machine: KvmMachine, at: number, { space }: Thread): number {
  const { memory } = space;
  const log = memory.struct(at, CMMA_LOG.SIZE);
  const cmma = memoryOf(machine);
  const flags = log.getUint32(CMMA_LOG.FLAGS);
  if ((flags & ~CMMA_PEEK) !== 0) throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)}`);
  const { startFrame, values, remaining } = cmma.getStates({
    startFrame: Number(log.getBigUint64(CMMA_LOG.START_GFN)),
    count: log.getUint32(CMMA_LOG.COUNT),
    peek: (flags & CMMA_PEEK) !== 0,
  });
  const valuesAt = log.getBigUint64(CMMA_LOG.VALUES);
  memory.write(Number(valuesAt), values);
  const bytes = new Uint8Array(CMMA_LOG.SIZE);
  const answer = new DataView(bytes.buffer);
  // Linux clears it all if it has nothing to tell.
  if (values.length > 0) {
    answer.setBigUint64(CMMA_LOG.START_GFN, BigInt(startFrame));
    answer.setUint32(CMMA_LOG.COUNT, values.length);
    answer.setUint32(CMMA_LOG.FLAGS, flags);
    answer.setBigUint64(CMMA_LOG.REMAINING, BigInt(remaining));
    answer.setBigUint64(CMMA_LOG.VALUES, valuesAt);
  }
  memory.write(at, bytes);
  return 0;
}

/** KVM_S390_SET_CMMA_BITS. @throws LinuxError as `CollaborativeMemory.setStates`; EFAULT */
export function setUsageStates(machine: KvmMachine, at: number, { space }: Thread): number {
  const log = space.memory.struct(at, CMMA_LOG.SIZE);
  const cmma = memoryOf(machine);
  const [count, flags] = [log.getUint32(CMMA_LOG.COUNT), log.getUint32(CMMA_LOG.FLAGS)];
  if (flags !== 0 || count > MOST) throw new LinuxError('EINVAL', `${count} states, with flags ${flags}`);
  if (count === 0) return 0;
  const values = space.memory.read(Number(log.getBigUint64(CMMA_LOG.VALUES)), count);
  const mask = Number((log.getBigUint64(CMMA_LOG.MASK) >> MASK_SHIFT) & 0xffn);
  cmma.setStates(Number(log.getBigUint64(CMMA_LOG.START_GFN)), values, mask);
  return 0;
}
