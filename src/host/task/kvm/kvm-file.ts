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

/** Performs a command. */
type Command = (system: System, argument: number, thread: Thread) => number;

/** The commands of /dev/kvm, by number. */
export const SYSTEM_COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [KVM.GET_API_VERSION, (_, argument) => withoutArgument(argument, KVM_API_VERSION)],
  [KVM.CREATE_VM, createVm],
  [KVM.CHECK_EXTENSION, ({ host }, argument) => capability(host, argument)],
  [KVM.GET_VCPU_MMAP_SIZE, (_, argument) => withoutArgument(argument, PAGE)],
  [KVM.S390_ENABLE_SIE, enableSie],
]);

/** An open file of /dev/kvm. */
export class KvmFile extends OpenFile {
  readonly #system: System;

  constructor(system: System, ...file: ConstructorParameters<typeof OpenFile>) {
    super(...file);
    this.#system = system;
  }

  override control(command: number, argument: number, thread: Thread): number {
    const perform = SYSTEM_COMMANDS.get(command);
    if (perform === undefined)
      throw new LinuxError('EINVAL', `/dev/kvm has no command 0x${command.toString(16)}`);
    return perform(this.#system, argument, thread);
  }
}

function createVm(system: System, type: number, thread: Thread): number {
  const userControlled = type === KVM_VM_S390_UCONTROL;
  if (type !== 0 && !userControlled) throw new LinuxError('EINVAL', `type ${type} of a virtual machine`);
  if (userControlled && thread.credentials.euid !== 0)
    throw new LinuxError('EINVAL', 'only root may control a virtual machine');
  const machine = new KvmMachine(system, thread.space.mm, userControlled);
  return install(thread, new VmFile(machine), true);
}

function enableSie(_: System, __: number, { space }: Thread): number {
  space.mm.enableSie();
  return 0;
}

/** Returns the answer of a command that has no argument. @throws LinuxError EINVAL if there is one */
function withoutArgument(argument: number, answer: number): number {
  if (argument !== 0) throw new LinuxError('EINVAL', `argument ${argument} must be 0`);
  return answer;
}
