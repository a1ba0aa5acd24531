/** Files with the state of a guest: a line that says so, then the state, compressed by gzip. */

import { renameSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { StateError } from '../devices/index.ts';
import {
  checkedState,
  compressedState,
  decodeValue,
  encodeValue,
  type GuestState,
  STATE_FILE_LINE,
} from '../vmm/index.ts';
import { readLimited } from './files.ts';
import { gzipInParts } from './gzip.ts';
import { UsageError } from './output.ts';
import { announced, ByteProgress } from './progress.ts';
import { reasonOf } from './reasons.ts';

/** Maximum sizes in bytes: of a file, and of the state in it. */
const FILE_MAX = 0x7fff_ffff;
const STATE_MAX = 0xffff_ffff;

/**
 * Writes a state. A file that cannot be written whole is not begun. Returns its size in bytes. Shows progress on a terminal if this takes
 * more than a second.
 * @throws UsageError if it cannot be written
 */
export function writeState(path: string, state: () => GuestState): number {
  const bytes = Buffer.concat([Buffer.from(STATE_FILE_LINE), ...packed(path, state)]);
  const part = `${path}.part`;
  try {
    writeFileSync(part, bytes);
    renameSync(part, path);
  } catch (error) {
    throw new UsageError(`could not write the state to ${path}: ${reasonOf(error)}`);
  }
  return bytes.length;
}

/** Compresses a state. */
function packed(path: string, state: () => GuestState): Buffer[] {
  const progress = new ByteProgress(`saving the state to ${path}`);
  const whole = encodeValue(state());
  const parts = gzipInParts(whole, (count) => progress.at(count, whole.length));
  progress.end();
  return parts;
}

/** Reads a state. @throws UsageError if it is none */
export function readState(path: string): GuestState {
  const file = readLimited(path, FILE_MAX, (bytes) => demandState(path, bytes));
  try {
    const bytes = announced(`unpacking ${path}`, file.length, () => unpacked(compressedState(file)));
    return checkedState(decodeValue(bytes));
  } catch (error) {
    if (error instanceof StateError) throw new UsageError(`${path}: not a whole state: ${error.message}`);
    throw error;
  }
}

function demandState(path: string, bytes: Uint8Array): void {
  try {
    compressedState(bytes);
  } catch (error) {
    if (error instanceof StateError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** @throws StateError if the bytes are cut, changed or too many */
function unpacked(compressed: Uint8Array): Uint8Array {
  try {
    return gunzipSync(compressed, { maxOutputLength: STATE_MAX });
  } catch (error) {
    throw new StateError(reasonOf(error));
  }
}
