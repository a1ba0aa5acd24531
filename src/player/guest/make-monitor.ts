/** Makes the monitor of a guest: as at its start, or as it was at a checkpoint. */

import { StateError } from '../../devices/index.ts';
import type { Host, Mm } from '../../host/index.ts';
import { MIB } from '../../host/internal.ts';
import {
  type GuestConsole,
  type GuestState,
  type MemoryMap,
  Monitor,
  standardDevices,
} from '../../vmm/index.ts';
import { PlayerError } from '../positions.ts';
import { type Checkpoint, restoreCheckpoint } from './checkpoint.ts';
import type { Guest } from './guest.ts';

/** The seed of the entropy device. */
const SEED = 1;

/**
 * Makes the guest in a process of its own.
 * @param from the checkpoint to go on from, or null for the start
 * @throws ImageError if the image does not fit; PlayerError if the state does not; LinuxError as `Monitor`
 */
export function makeMonitor(
  host: Host,
  guest: Guest,
  console: GuestConsole,
  from: Checkpoint | null,
): Monitor {
  const { image, commandLine, initrd, cpus, maps, hasChannels, isLive, state } = guest;
  const mm = host.createMm();
  mapMemory(mm, maps);
  const monitor = new Monitor(host, mm, {
    ...{ image, maps, console, arguments: commandLine, initrd, cpus, input: isLive },
    ...(hasChannels ? { devices: standardDevices({ seed: SEED, disks: [], shares: [] }) } : {}),
  });
  if (from !== null) restoreCheckpoint(monitor, from);
  else if (state !== null) restoreState(monitor, state);
  return monitor;
}

function restoreState(monitor: Monitor, state: GuestState): void {
  try {
    monitor.restore(state);
  } catch (error) {
    if (error instanceof StateError) throw new PlayerError(`the state cannot be restored: ${error.message}`);
    throw error;
  }
}

/** Maps process memory for all ranges of the guest. Those of a saved guest may share memory. */
function mapMemory(mm: Mm, maps: readonly MemoryMap[]): void {
  const [first] = maps;
  if (first && maps.length === 1) {
    mm.mmap({ address: first.from, length: first.length });
    return;
  }
  for (const { from, length } of maps) {
    for (let at = from; at < from + length; at += MIB) {
      if (!mm.mappings.at(Number(at >> 12n))) mm.mmap({ address: at, length: MIB });
    }
  }
}
