/** The network of a guest, as `check.ts` uses it. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A port of this computer that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Commands that use the network, and what they print. */
export const NETWORK_COMMANDS: readonly (readonly [what: string, command: string, wanted: RegExp])[] = [
  ['an address by DHCP', 'udhcpc -n -q -i eth0 && ifconfig eth0', /inet addr:10\.0\.2\.15 /],
  ['`ping -c 3` of the gateway', 'ping -c 3 10.0.2.2', /3 packets received, 0% packet loss/],
  [
    'TCP to another host is refused',
    'time nc 1.2.3.4 80 </dev/null',
    /Connection refused[\s\S]*real\s+0m 0\.0/,
  ],
  ['`wget` from another host is refused', 'wget http://93.184.216.34/', /Connection refused/],
  [
    'a name server is not found',
    'time nslookup -timeout=5 example.org 10.0.2.2',
    /refused[\s\S]*real\s+0m 0\.0/,
  ],
];

/** Waits in the guest until somebody listens on port 7. */
export const LISTENING = 'until netstat -ltn | grep -q ":7 "; do sleep 0.1; done';

/** Sends bytes to a port of this computer, and waits until both ends are closed. @throws Error with a code */
export async function deliver(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
}
