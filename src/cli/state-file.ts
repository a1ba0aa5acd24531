/** Files with the state of a guest: a line that says so, then the state, compressed by gzip. */

import { renameSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { StateError } from '../devices/index.ts';
import { checkedState, decodeValue, encodeValue, type GuestState } from '../vmm/index.ts';
import { readLimited } from './files.ts';
import { UsageError } from './output.ts';
import { announced, ByteProgress } from './progress.ts';
import { reasonOf } from './reasons.ts';

/** The first line. The number is the version of the format. */
const FIRST_LINE = 'guesthouse state 1\n';
const ANY_VERSION = /^guesthouse state (\d+)\n/;
/** Maximum sizes in bytes: of a file, and of the state in it. */
const FILE_MAX = 0x7fff_ffff;
const STATE_MAX = 0xffff_ffff;
/** Bytes that are compressed at a time. */
const PART = 1 << 24;
/** Level of compression: most of the gain at a fraction of the time. */
const LEVEL = 1;

/**
 * Writes a state. A file that cannot be written whole is not begun. Returns its size in bytes. Shows progress on a terminal if this takes
 * more than a second.
 * @throws UsageError if it cannot be written
 */
export function writeState(path: string, state: () => GuestState): number {
  const bytes = Buffer.concat([Buffer.from(FIRST_LINE), ...compressed(path, state)]);
  const part = `${path}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, path);
  } catch (error) {
    throw new UsageError(`could not write the state to ${path}: ${reasonOf(error)}`);
  }
  return bytes.length;
}

/** Compresses a state in parts: gzip unpacks several streams in succession as one. */
function compressed(path: string, state: () => GuestState): Buffer[] {
  const progress = new ByteProgress(`saving the state to ${path}`);
  const whole = encodeValue(state());
  const parts: Buffer[] = [];
  for (let at = 0; at < whole.length; at += PART) {
    progress.at(at, whole.length);
    parts.push(gzipSync(whole.subarray(at, at + PART), { level: LEVEL }));
  }
  progress.end();
  return parts;
}

/** Reads a state. @throws UsageError if it is none */
export function readState(path: string): GuestState {
  const file = readLimited(path, FILE_MAX, (bytes) => demandState(path, bytes));
  try {
    const bytes = announced(`unpacking ${path}`, file.length, () =>
      unpacked(file.subarray(FIRST_LINE.length)),
    );
    return checkedState(decodeValue(bytes));
  } catch (error) {
    if (error instanceof StateError) throw new UsageError(`${path}: not a whole state: ${error.message}`);
    throw error;
  }
}

function demandState(path: string, bytes: Uint8Array): void {
  const text = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  if (text.startsWith(FIRST_LINE)) return;
  const version = ANY_VERSION.exec(text)?.[1];
  const problem =
    version === undefined
      ? 'not the state of a guest'
      : `a state of version ${version}; this program reads version 1`;
  throw new UsageError(`${path}: ${problem}`);
}

/** @throws StateError if the bytes are cut, changed or too many */
function unpacked(compressed: Uint8Array): Uint8Array {
  try {
    return gunzipSync(compressed, { maxOutputLength: STATE_MAX });
  } catch (error) {
    throw new StateError(reasonOf(error));
  }
}
