/** File systems for tests. Only tests import this file. */

import type { Host } from '../../../host.ts';
import { makeHost } from '../../../testing/index.ts';
import { O } from '../../abi/files.ts';
import {
  Devices,
  FileHost,
  lookup,
  type OpenDirectory,
  type OpenFile,
  open,
  type PathContext,
  registerMemoryDevices,
  Tmpfs,
  type TmpfsOptions,
} from '../index.ts';

/** A tmpfs as root directory, and root as user. */
export interface TestFiles {
  readonly host: Host;
  readonly files: FileHost;
  readonly devices: Devices;
  readonly context: PathContext;
  /** The time, in nanoseconds since 1970, which a test sets. */
  readonly clock: { now: bigint };
  /** Number of frames that files and processes have. */
  frames(): number;
}

/** Makes a tmpfs in a host of, by default, 32 MiB. Its time is 1 at first. */
export function testFiles(options: TmpfsOptions = {}, storageSize = 32 << 20): TestFiles {
  const { host } = makeHost({ storageSize });
  const clock = { now: 1n };
  const files = new FileHost(host.kernel, host.common, () => clock.now);
  const devices = new Devices();
  registerMemoryDevices(devices, (into) => into.fill(42));
  const { root } = new Tmpfs(files, { devices, ...options });
  const context = { root, start: root, credentials: { fsuid: 0, fsgid: 0, groups: [] } };
  return { host, files, devices, context, clock, frames: () => host.kernel.frames.count('page') };
}

/** Returns bytes of text, a byte for each character. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Returns text of bytes, a character for each byte. */
export function textOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Returns what the next read of a file returns: text, or null if it would have to wait. */
export function readText(file: OpenFile, length = 1000): string | null {
  const into = new Uint8Array(length);
  const count = file.read(into);
  return count === null ? null : textOf(into.subarray(0, count));
}

/** Stores a file that has this text. */
export function put(context: PathContext, path: string, text: string): void {
  const file = open(context, path, O.WRONLY | O.CREAT | O.TRUNC, 0o644);
  file.write(bytesOf(text));
  file.release();
}

/** Returns the text of a file. */
export function get(context: PathContext, path: string): string {
  const file = open(context, path, O.RDONLY);
  const text = readText(file, file.inode.size) as string;
  file.release();
  return text;
}

/** Returns the names that are read from a directory at its position, at most `most`. */
export function namesFrom(directory: OpenDirectory, most = Infinity): string[] {
  const names: string[] = [];
  while (names.length < most) {
    const entry = directory.entry();
    if (entry === null) break;
    names.push(entry.name);
    directory.position = entry.next;
  }
  return names;
}

/** Returns all names of a directory. */
export function namesIn(context: PathContext, path: string): string[] {
  const directory = open(context, path, O.DIRECTORY) as OpenDirectory;
  const names = namesFrom(directory);
  directory.release();
  return names;
}

/** Whether there is something at a path. */
export function isThere(context: PathContext, path: string): boolean {
  try {
    lookup(context, path, { follow: false });
    return true;
  } catch {
    return false;
  }
}
