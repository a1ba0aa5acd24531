/**
 * Detects the kind of a file from its contents.
 */

import { traceKindOf } from '../../../../analysis/index.ts';
import { isLinuxProgram } from '../../../../host/task/internal.ts';
import type { Source } from '../../../../player/index.ts';
import { foreignKernel } from '../../../../vmm/index.ts';
import { COMMAND_LINE, isKernel, isState } from './kernel-files.ts';

/** Maximum size of a file, in bytes. */
export const LARGEST_FILE = 256 << 20;
/** Maximum size of a scenario, in bytes: the editor has to hold it. */
const LARGEST_SCENARIO = 16 << 20;
const ELF = [0x7f, 0x45, 0x4c, 0x46];

/** A file that cannot be played. The message is a sentence for the reader. */
export class FileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FileError';
  }
}

/**
 * Returns the source in a file: a Linux program, the ELF image of a guest, a Linux kernel, a saved state, a trace (of Guesthouse or of a Linux host), or else a
 * scenario.
 * @throws FileError for a file that is none of these
 */
export function sourceOf(name: string, bytes: Uint8Array): Source {
  if (bytes.length === 0) throw new FileError(`${name} is empty.`);
  if (ELF.every((byte, at) => bytes[at] === byte)) {
    return { kind: isLinuxProgram(bytes) ? 'program' : 'guest', name, image: bytes };
  }
  if (isKernel(bytes)) return { kind: 'guest', name, image: bytes, arguments: COMMAND_LINE };
  if (isState(bytes)) return { kind: 'guest', name, image: bytes };
  const foreign = foreignKernel(bytes);
  if (foreign !== null) throw new FileError(`${name} is ${foreign}.`);
  const text = textOf(name, bytes);
  if (traceKindOf(text) !== null) return { kind: 'trace', name, text };
  if (/^\s*[{[]/.test(text)) {
    throw new FileError(`${name} looks like JSON, but its first line is not an event of a trace.`);
  }
  if (bytes.length > LARGEST_SCENARIO)
    throw new FileError(`${name} is not a trace, and too long for a scenario.`);
  return { kind: 'scenario', text };
}

function textOf(name: string, bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FileError(`${name} is neither text nor the image of a guest for s390x.`);
  }
  if (text.includes('\0')) throw new FileError(`${name} is neither text nor the image of a guest for s390x.`);
  return text;
}
