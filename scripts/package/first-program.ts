/** What a user writes first, from the documents alone. `npm run test:package` compiles it against the packed package and runs it. */

import { readFileSync } from 'node:fs';
import { describeEnd, Host, LinuxError, Machine, Monitor, parseElf, type TraceEvent } from 'guesthouse';

const host = new Host(new Machine({ storageSize: 64 << 20 }));
const counts = new Map<TraceEvent['type'], number>();
host.machine.trace.subscribe(({ type }) => {
  counts.set(type, (counts.get(type) ?? 0) + 1);
});

const mm = host.createMm();
const address = mm.mmap({ length: 32n << 20n });
try {
  mm.munmap({ address: address + 1n, length: 4096n });
} catch (error) {
  if (!(error instanceof LinuxError)) throw error;
  console.log(error.code, error.message);
}

const image = parseElf(readFileSync('node_modules/guesthouse/examples/images/primes.elf'));
const monitor = new Monitor(host, mm, {
  image,
  maps: [{ from: address, to: 0n, length: 16n << 20n }],
  console: { write: (text) => process.stdout.write(text) },
});
const end = monitor.run();
console.log(`${counts.get('link')} segments linked, ${counts.get('gmap-fault')} faults`);
console.log(describeEnd(end));
