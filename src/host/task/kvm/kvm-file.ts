/** /dev/kvm. */

import { LinuxError } from '../../errors.ts';
import { install } from '../calls/descriptors.ts';
import { OpenFile } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { KVM, KVM_API_VERSION, KVM_VM_S390_UCONTROL } from './abi.ts';
import { capability } from './capabilities.ts';
import { KvmMachine } from './machine.ts';
import { VmFile } from './vm-file.ts';

const PAGE = 4096;

/** An open file of /dev/kvm. */
export class KvmFile extends OpenFile {
  readonly #system: System;

  constructor(system: System, ...file: ConstructorParameters<typeof OpenFile>) {
    super(...file);
    this.#system = system;
  }

  override control(command: number, argument: number, thread: Thread): number {
    switch (command) {
      case KVM.GET_API_VERSION:
        demandNoArgument(argument);
        return KVM_API_VERSION;
      case KVM.CREATE_VM:
        return this.#createVm(argument, thread);
      case KVM.CHECK_EXTENSION:
        return capability(this.#system.host, argument);
      case KVM.GET_VCPU_MMAP_SIZE:
        demandNoArgument(argument);
        return PAGE;
      case KVM.S390_ENABLE_SIE:
        thread.space.mm.enableSie();
        return 0;
      default:
        throw new LinuxError('EINVAL', `/dev/kvm has no command 0x${command.toString(16)}`);
    }
  }

  #createVm(type: number, thread: Thread): number {
    const userControlled = type === KVM_VM_S390_UCONTROL;
    if (type !== 0 && !userControlled) throw new LinuxError('EINVAL', `type ${type} of a virtual machine`);
    if (userControlled && thread.credentials.euid !== 0)
      throw new LinuxError('EINVAL', 'only root may control a virtual machine');
    const machine = new KvmMachine(this.#system, thread.space.mm, userControlled);
    return install(thread, new VmFile(machine), true);
  }
}

function demandNoArgument(argument: number): void {
  if (argument !== 0) throw new LinuxError('EINVAL', `argument ${argument} must be 0`);
}
