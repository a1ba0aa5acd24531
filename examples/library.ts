/** Guesthouse as a library: creates a gmap, then runs a guest image on a virtual machine. */
import { readFileSync } from 'node:fs';
import { describeEnd, Host, Machine, Monitor, parseElf } from 'guesthouse';

const host = new Host(new Machine());
const linux = host.createMm();
linux.mmap({ address: 0x1000_0000n, length: 64n << 20n });

// A guest address space: one segment of the process, mapped at 1 TiB.
const gmap = host.createGmap(linux);
gmap.map({ from: 0x1000_0000n, to: 1n << 40n, length: 1n << 20n });
const cpu = host.machine.cpu(0);
host.writeAsGuest(gmap, cpu, 1n << 40n, Uint8Array.of(0xc0, 0xff, 0xee));
console.log('the process reads', host.readAsProcess(linux, cpu, 0x1000_0000n, 3));
for (const { guest, process, linked } of gmap.segments()) {
  console.log(`guest 0x${guest.toString(16)} is process 0x${process.toString(16)}, linked: ${linked}`);
}
gmap.free();

// A guest program on the same memory.
const monitor = new Monitor(host, linux, {
  image: parseElf(readFileSync('examples/images/hello.elf')),
  maps: [{ from: 0x1000_0000n, to: 0n, length: 64n << 20n }],
  console: { write: (text) => process.stdout.write(text) },
  arguments: 'library',
});
console.log(describeEnd(monitor.run()));
