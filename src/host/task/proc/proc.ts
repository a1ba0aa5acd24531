/** /proc. Linux: Documentation/filesystems/proc.rst. */

import { type CpuModel, FRAME_SIZE, MACHINE_TYPE } from '../../../machine/index.ts';
import { RELEASE, VERSION } from '../abi/system-names.ts';
import { hardwareCapabilities } from '../exec/hardware-capabilities.ts';
import { type Dentry, type FileHost, FileSystem, MAGIC, rootOf } from '../files/index.ts';
import type { System } from '../system.ts';
import { ComputedLink, MadeDirectory, type Maker, NumberedDirectory, textFile } from './computed.ts';
import { mounts, processDirectory } from './process-files.ts';

const SECOND = 1_000_000_000;
const KIB = 1024;

/** Returns the root of /proc of a system. */
export function makeProc(host: FileHost, system: System): Dentry {
  const fs = new FileSystem(host, 'proc', MAGIC.PROC);
  const rest = new MadeDirectory(fs, {
    ...{ self: self(system), 'thread-self': threadSelf(system) },
    ...systemFiles(system),
    sys: sys(system),
  });
  const numbers = () => [...system.processes.keys()];
  return rootOf(new NumberedDirectory(fs, numbers, (pid) => processDirectory(system, fs, pid), rest));
}

function self(system: System): Maker {
  return (fs) => new ComputedLink(fs, () => String(system.current?.process.pid ?? 1));
}

function threadSelf(system: System): Maker {
  return (fs) =>
    new ComputedLink(fs, () => `${system.current?.process.pid ?? 1}/task/${system.current?.tid ?? 1}`);
}

function systemFiles(system: System): Record<string, Maker> {
  const text =
    (make: () => string): Maker =>
    (fs) =>
      textFile(fs, make);
  return {
    cpuinfo: text(() => cpuinfo(system)),
    filesystems: text(() => 'nodev\tproc\nnodev\ttmpfs\nnodev\tdevtmpfs\nnodev\tpipefs\n'),
    loadavg: text(() => `0.00 0.00 0.00 1/${system.threads.size} ${Math.max(...system.threads.keys(), 1)}\n`),
    meminfo: text(() => meminfo(system)),
    mounts: text(() => mounts(system)),
    stat: text(() => stat(system)),
    uptime: text(() => {
      const seconds = (system.time.now() / SECOND).toFixed(2);
      return `${seconds} ${seconds}\n`;
    }),
    version: text(() => `Linux version ${RELEASE} ${VERSION}\n`),
  };
}

/** The features that Linux names, by bit of AT_HWCAP. */
const FEATURES = [
  ...['esan3', 'zarch', 'stfle', 'msa', 'ldisp', 'eimm', 'dfp', 'edat', 'etf3eh', 'highgprs', 'te', 'vx'],
  ...['vxd', 'vxe', 'gs'],
];

function cpuinfo({ host }: System): string {
  const { cpus, facilities, cpuModel } = host.machine;
  const bits = hardwareCapabilities(facilities);
  const features = FEATURES.filter((_, bit) => (bits & (1 << bit)) !== 0).join(' ');
  const list = facilityNumbers(facilities).join(' ');
  const lines = [
    'vendor_id       : IBM/S390',
    `# processors    : ${cpus.length}`,
    'bogomips per cpu: 1000.00',
    'max thread id   : 0',
    `features\t: ${features} `,
    `facilities      : ${list} `,
    ...cpus.map(({ address }) => processor(address, cpuModel)),
    '',
  ];
  return lines.join('\n');
}

function processor(address: number, model: CpuModel): string {
  const machine = MACHINE_TYPE[model].toString(16).toUpperCase();
  const version = 'FF';
  const identification = address.toString(16).toUpperCase().padStart(6, '0');
  return `processor ${address}: version = ${version},  identification = ${identification},  machine = ${machine}`;
}

function facilityNumbers(list: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let bit = 0; bit < list.length * 8; bit++) {
    if ((list[bit >>> 3]! & (0x80 >>> (bit & 7))) !== 0) numbers.push(bit);
  }
  return numbers;
}

function meminfo({ host }: System): string {
  const { machine, kernel } = host;
  const total = machine.storage.size / KIB;
  const free = (kernel.frames.available * FRAME_SIZE) / KIB;
  const rows: (readonly [string, number])[] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', free],
    ['Buffers', 0],
    ['Cached', 0],
    ['SwapCached', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Shmem', 0],
  ];
  return rows.map(([name, kib]) => `${`${name}:`.padEnd(15)} ${String(kib).padStart(8)} kB\n`).join('');
}

function stat(system: System): string {
  const ticks = Math.floor(system.time.now() / 10_000_000);
  const numbers = `${ticks} 0 0 0 0 0 0 0 0 0`;
  const cpus = system.host.machine.cpus.map(({ address }) => `cpu${address} ${numbers}\n`).join('');
  const since = system.time.realtime() / BigInt(SECOND) - BigInt(Math.floor(system.time.now() / SECOND));
  return `cpu  ${numbers}\n${cpus}intr 0\nctxt 0\nbtime ${since}\nprocesses ${system.threads.size}\nprocs_running 1\nprocs_blocked 0\n`;
}

function sys(system: System): Maker {
  const value =
    (make: () => string): Maker =>
    (fs) =>
      textFile(fs, () => `${make()}\n`);
  const directory =
    (makers: Record<string, Maker>): Maker =>
    (fs) =>
      new MadeDirectory(fs, makers);
  const uuid = () => {
    const hex = [...system.random.fill(new Uint8Array(16))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  return directory({
    kernel: directory({
      cap_last_cap: value(() => '40'),
      domainname: value(() => system.domainname),
      hostname: value(() => system.hostname),
      ngroups_max: value(() => '65536'),
      osrelease: value(() => RELEASE),
      ostype: value(() => 'Linux'),
      overflowgid: value(() => '65534'),
      overflowuid: value(() => '65534'),
      pid_max: value(() => '4194304'),
      random: directory({
        entropy_avail: value(() => '256'),
        uuid: value(uuid),
      }),
      'threads-max': value(() => String(system.limits.threads)),
      version: value(() => VERSION),
    }),
    vm: directory({
      max_map_count: value(() => '65530'),
      overcommit_memory: value(() => '0'),
    }),
    fs: directory({
      'file-max': value(() => '9223372036854775807'),
      nr_open: value(() => '1048576'),
      'pipe-max-size': value(() => '1048576'),
    }),
  });
}
