/** The initial RAM disk of `npm run linux`: busybox, and an init script that starts a shell on the console. */

import { archive, type Entry } from './archive.ts';

/** Applets of busybox that get a name of their own: /bin/sh and so on. */
const FIRST_APPLETS = ['sh', 'mount', 'mkdir'];

const INIT = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
busybox --install -s /bin
mkdir -p /dev/pts /tmp /root
mount -t devpts devpts /dev/pts
hostname guesthouse
for module in /modules/*.ko; do [ -e "$module" ] && insmod "$module"; done
[ -x /startup ] && . /startup
echo "Type poweroff to leave."
export HOME=/root PS1='guesthouse:\\w# ' TERM=vt220
cd /root
while :; do setsid cttyhack sh -i; done
`;

/** What busybox's DHCP client calls when it has an address, and where it looks for it. */
const DHCP_PATH = 'etc/udhcpc/default.script';
const DHCP = `#!/bin/sh
case "$1" in
  deconfig) ifconfig $interface 0.0.0.0 ;;
  bound|renew)
    ifconfig $interface $ip netmask $subnet
    for one in $router; do route add default gw $one dev $interface; done ;;
esac
`;

/** Kernel modules to load, in this order, and commands to run before the shell. */
export interface InitrdOptions {
  readonly modules?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** A shell script. If it ends with `poweroff -f`, there is no shell. */
  readonly startup?: string;
}

/** Returns the RAM disk with this busybox. */
export function initrd(busybox: Uint8Array, { modules = [], startup }: InitrdOptions = {}): Buffer {
  const directories = ['bin', 'dev', 'etc', 'etc/udhcpc', 'modules', 'mnt', 'proc', 'root', 'sys', 'tmp'];
  const entries: Entry[] = directories.map((path) => ({ path, kind: 'directory' }));
  entries.push({ path: 'dev/console', kind: 'character', major: 5, minor: 1 });
  entries.push({ path: 'bin/busybox', kind: 'file', bytes: busybox, executable: true });
  for (const name of FIRST_APPLETS) {
    entries.push({ path: `bin/${name}`, kind: 'link', target: 'busybox' });
  }
  entries.push({ path: 'init', kind: 'file', bytes: Buffer.from(INIT), executable: true });
  entries.push({ path: DHCP_PATH, kind: 'file', bytes: Buffer.from(DHCP), executable: true });
  modules.forEach(({ name, bytes }, i) => {
    entries.push({ path: `modules/${String(i).padStart(2, '0')}-${name}`, kind: 'file', bytes });
  });
  if (startup !== undefined) {
    entries.push({ path: 'startup', kind: 'file', bytes: Buffer.from(startup), executable: true });
  }
  return archive(entries);
}
