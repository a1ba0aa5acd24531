/** System calls that tell of the system: uname(2), sysinfo(2), getrandom(2) and the like. */

import { FRAME_SIZE } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import { RELEASE, VERSION } from '../abi/system-names.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { call } from './line.ts';
import { threadOf } from './processors.ts';

const UTS_LENGTH = 65;
const SYSINFO_SIZE = 112;
const RANDOM_MOST = 1 << 20;

function uname({ hostname, domainname }: System, { space }: Thread, at: number): number {
  const bytes = new Uint8Array(UTS_LENGTH * 6);
  ['Linux', hostname, RELEASE, VERSION, 's390x', domainname].forEach((text, i) => {
    for (let n = 0; n < text.length; n++) bytes[i * UTS_LENGTH + n] = text.charCodeAt(n);
  });
  space.memory.write(at, bytes);
  return 0;
}

function setName(thread: Thread, at: number, length: number): string {
  if (thread.credentials.euid !== 0) throw new LinuxError('EPERM', 'only root sets names');
  if (length < 0 || length >= UTS_LENGTH) throw new LinuxError('EINVAL', `a name of ${length} bytes`);
  return String.fromCharCode(...thread.space.memory.read(at, length));
}

function sysinfo(system: System, { space }: Thread, at: number): number {
  const { machine, kernel } = system.host;
  const view = new DataView(new ArrayBuffer(SYSINFO_SIZE));
  view.setBigInt64(0, BigInt(Math.floor(system.time.now() / 1_000_000_000)));
  view.setBigUint64(32, BigInt(machine.storage.size));
  view.setBigUint64(40, BigInt(kernel.frames.available * FRAME_SIZE));
  view.setUint16(80, system.threads.size);
  view.setUint32(104, 1);
  space.memory.write(at, new Uint8Array(view.buffer));
  return 0;
}

function getrandom({ random }: System, { space }: Thread, at: number, length: number, flags: number): number {
  if ((flags & ~7) !== 0 || (flags & 6) === 6) throw new LinuxError('EINVAL', `flags ${flags} of getrandom`);
  const count = Math.min(length, RANDOM_MOST);
  space.memory.write(at, random.fill(new Uint8Array(count)));
  return count;
}

const POLICY = { OTHER: 0, FIFO: 1, RR: 2, BATCH: 3, IDLE: 5 } as const;

function priorityRange(policy: number, ofReal: number): number {
  if (policy === POLICY.FIFO || policy === POLICY.RR) return ofReal;
  if (policy === POLICY.OTHER || policy === POLICY.BATCH || policy === POLICY.IDLE) return 0;
  throw new LinuxError('EINVAL', `policy ${policy}`);
}

function setscheduler(system: System, thread: Thread, pid: number, policy: number, at: number): number {
  threadOf(system, thread, pid);
  const priority = thread.space.memory.u32(at) | 0;
  if (priority !== priorityRange(policy & ~0x4000_0000, priority))
    throw new LinuxError('EINVAL', `priority ${priority}`);
  if (priority !== 0) throw new LinuxError('EPERM', 'real-time priorities are not implemented');
  return 0;
}

const PER_LINUX = 0;
const ASK = 0xffff_ffff;

function personality(_: System, _thread: Thread, wanted: number): number {
  if (wanted !== ASK && (wanted & 0xff) !== PER_LINUX)
    throw new LinuxError('EINVAL', `personality ${wanted}`);
  return PER_LINUX;
}

/** Commands of membarrier that do nothing here: each store is seen by all processors at once. */
const MEMBARRIER = { QUERY: 0, ALL: 0x1f } as const;

function membarrier(_: System, _thread: Thread, command: number, flags: number): number {
  if (flags !== 0) throw new LinuxError('EINVAL', `flags ${flags} of membarrier`);
  if (command === MEMBARRIER.QUERY) return MEMBARRIER.ALL;
  if ((command & ~MEMBARRIER.ALL) !== 0) throw new LinuxError('EINVAL', `command ${command} of membarrier`);
  return 0;
}

function capget(_: System, { space, credentials }: Thread, headerAt: number, dataAt: number): number {
  const VERSION_3 = 0x2008_0522;
  const version = space.memory.u32(headerAt);
  if (version !== VERSION_3) {
    space.memory.setU32(headerAt, VERSION_3);
    if (dataAt === 0) return 0;
    throw new LinuxError('EINVAL', `version ${version} of capabilities`);
  }
  if (dataAt === 0) return 0;
  const all = credentials.euid === 0;
  const view = new DataView(new ArrayBuffer(24));
  for (const at of [0, 4]) view.setUint32(at, all ? 0xffff_ffff : 0);
  for (const at of [12, 16]) view.setUint32(at, all ? 0x1ff : 0);
  space.memory.write(dataAt, new Uint8Array(view.buffer));
  return 0;
}

/** The system calls that tell of the system. */
export const SYSTEM_INFO_CALLS = [
  call('uname', 'addr', uname),
  call('sethostname', 'addr int', (system, thread, at, length) => {
    system.hostname = setName(thread, at!, length!);
    return 0;
  }),
  call('setdomainname', 'addr int', (system, thread, at, length) => {
    system.domainname = setName(thread, at!, length!);
    return 0;
  }),
  call('sysinfo', 'addr', sysinfo),
  call('getrandom', 'addr size uint', getrandom),
  call('sched_yield', '', (_, thread) => {
    thread.yields = true;
    return 0;
  }),
  call('sched_getscheduler', 'int', (system, thread, pid) => {
    threadOf(system, thread, pid!);
    return POLICY.OTHER;
  }),
  call('sched_setscheduler', 'int int addr', setscheduler, 'real-time policies'),
  call('sched_getparam', 'int addr', (system, thread, pid, at) => {
    threadOf(system, thread, pid!);
    thread.space.memory.setU32(at!, 0);
    return 0;
  }),
  call('sched_setparam', 'int addr', (system, thread, pid, at) => setscheduler(system, thread, pid!, 0, at!)),
  call('sched_get_priority_max', 'int', (_, _thread, policy) => priorityRange(policy!, 99)),
  call('sched_get_priority_min', 'int', (_, _thread, policy) => priorityRange(policy!, 1)),
  call('getpriority', 'int int', () => 20),
  call('setpriority', 'int int int', () => 0, 'changes nothing'),
  call('nice', 'int', () => 0, 'changes nothing'),
  call('personality', 'uint', personality),
  call('membarrier', 'int int int', membarrier),
  call('capget', 'addr addr', capget),
];
