/** Uses every entry point of the package. `npm run test:package` compiles it against the packed package and runs it. */

import { readFileSync } from 'node:fs';
import { Checker } from 'guesthouse/check';
import { Host, LinuxError } from 'guesthouse/host';
import type { Gmap } from 'guesthouse/host/gmap';
import type { Mm } from 'guesthouse/host/mm';
import { type ExitStatus, Linux } from 'guesthouse/host/task';
import { extentsOf } from 'guesthouse/inspect';
import { Machine } from 'guesthouse/machine';
import { Player } from 'guesthouse/player';
import { parseLine } from 'guesthouse/scenario';
import type { TraceEvent } from 'guesthouse/trace';
import { Monitor, parseElf } from 'guesthouse/vmm';

const host: Host = new Host(new Machine());
const checker = Checker.attach(host);
const events: TraceEvent[] = [];
const unsubscribe: () => void = host.machine.trace.subscribe((event) => void events.push(event));
const mm: Mm = host.createMm();
mm.mmap({ address: 256n << 20n, length: 64n << 20n });
const gmap: Gmap = host.createGmap(mm);
gmap.map({ from: 256n << 20n, to: 1n << 40n, length: 1n << 20n });
host.writeAsGuest(gmap, host.machine.cpu(0), 1n << 40n, Uint8Array.of(1, 2, 3));
const bytes: Uint8Array = host.readAsProcess(mm, host.machine.cpu(0), 256n << 20n, 3);
if (bytes.join() !== '1,2,3' || !events.some(({ type }) => type === 'link')) throw new Error('no link');
if (extentsOf(gmap, 10).extents.length !== 1) throw new Error('extents');
unsubscribe();
try {
  gmap.map({ from: 1n, to: 0n, length: 1n });
  throw new Error('EINVAL was expected');
} catch (error) {
  if (!(error instanceof LinuxError) || error.code !== 'EINVAL') throw error;
}
gmap.free();
const image = parseElf(readFileSync('node_modules/guesthouse/examples/images/hello.elf'));
const maps = [{ from: 256n << 20n, to: 0n, length: 64n << 20n }];
const monitor = new Monitor(host, mm, {
  image,
  maps,
  console: { write: (text) => process.stdout.write(text) },
});
if (monitor.run().kind !== 'disabled-wait') throw new Error('the guest did not end');
const player = new Player({ kind: 'scenario', text: 'mmap 0 1M' }, { injectedFault: null, check: true });
player.record(1);
if (parseLine('stats')?.verb !== 'stats' || player.answers.length !== 1) throw new Error('scenario');
const linux = new Linux(new Host(new Machine()), {
  files: { '/bin/hello': readFileSync('node_modules/guesthouse/examples/programs/images/hello.elf') },
});
let said = 0;
const hello = linux.spawn({ path: '/bin/hello', stdout: (part: Uint8Array) => void (said += part.length) });
const status: ExitStatus = linux.wait(hello);
if (status.value !== 0 || said === 0) throw new Error('the program did not end');
if (typeof checker !== 'object') throw new Error('checker');
