/** What a virtual CPU of /dev/kvm is (Linux: struct kvm_vcpu): the state that its file's commands act on. */

import { SIE } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import type { Vcpu, VirtualMachine } from '../../kvm/index.ts';
import { type FileBacking, MemoryFile } from '../../mm/index.ts';
import type { SignalSet } from '../signals/signal-sets.ts';
import { WaitQueue } from '../wait-queue.ts';
import type { KvmMachine } from './machine.ts';
import { RunPage } from './run-page.ts';

/** What stands behind the pages that a process can map. */
const DEVICE: FileBacking = { claim: () => {}, unclaim: () => {}, isDevice: true };
/** Linux: KVM_MAX_VCPU_IDS. */
const MAX_IDS = 255;

/** What a virtual CPU consists of. */
interface VcpuParts {
  readonly machine: KvmMachine;
  readonly vcpu: Vcpu;
  /** Its own virtual machine, if its user controls it. */
  readonly ownVm: VirtualMachine | null;
  /** The pages that the process can map. */
  readonly contents: MemoryFile;
}

/** A virtual CPU of a process. */
export class KvmVcpu {
  readonly machine: KvmMachine;
  readonly vcpu: Vcpu;
  /** The pages that the process can map: struct kvm_run, and the state description if its user controls it. */
  readonly contents: MemoryFile;
  readonly page: RunPage;
  /** What the guest has asked to be notified of for page faults: kept for user space. */
  pfaultSelect = 0n;
  pfaultCompare = 0n;
  /** The control-program name code and version that the guest has set by DIAGNOSE 0x318: kept for user space. */
  diag318 = 0n;
  /** The signals that are blocked while the guest runs, or null for those of the thread. */
  signalMask: SignalSet | null = null;
  /** The thread waits here for an interruption of the guest. */
  readonly idle = new WaitQueue();
  readonly #ownVm: VirtualMachine | null;

  constructor({ machine, vcpu, ownVm, contents }: VcpuParts) {
    this.machine = machine;
    this.vcpu = vcpu;
    this.contents = contents;
    this.#ownVm = ownVm;
    this.page = new RunPage(machine.system.host.kernel, contents.frames.get(0)!);
    this.page.storeRegisters(vcpu);
    machine.hold();
  }

  /** Whether the guest can go on. */
  get runnable(): boolean {
    return this.vcpu.runnable;
  }

  /** The file was closed. The virtual CPU is there until its virtual machine ends. */
  closed(): void {
    this.#ownVm?.destroy();
    this.contents.close();
    this.machine.release();
  }
}

/**
 * KVM_CREATE_VCPU: makes a virtual CPU, which is stopped.
 * @throws LinuxError EINVAL for a CPU address that is too high; EEXIST if there is such a virtual CPU; ENOMEM
 */
export function makeVcpu(machine: KvmMachine, id: number): KvmVcpu {
  if (id >= MAX_IDS) throw new LinuxError('EINVAL', `CPU address ${id} is not 0 to ${MAX_IDS - 1}`);
  if (machine.vcpus.has(id)) throw new LinuxError('EEXIST', `there is a virtual CPU ${id}`);
  const { userControlled } = machine;
  const { kernel, common } = machine.system.host;
  const contents = new MemoryFile(kernel, common, userControlled ? 2 : 1, DEVICE);
  let ownVm: VirtualMachine | null = null;
  try {
    contents.reserve(0, contents.pages);
    ownVm = userControlled ? machine.makeVmOfVcpu() : null;
    const description = contents.frames.get(1);
    const vcpu = (ownVm ?? machine.vm).createVcpu(description === undefined ? { id } : { id, description });
    vcpu.stopped = true;
    vcpu.block.set64(SIE.EPOCH, machine.epoch);
    machine.vcpus.add(id);
    return new KvmVcpu({ machine, vcpu, ownVm, contents });
  } catch (error) {
    ownVm?.destroy();
    contents.close();
    throw error;
  }
}
