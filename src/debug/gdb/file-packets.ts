/** `vFile`: the files of the target, which a client can read (GDB manual, "Host I/O Packets"). */

import { bytesOf } from './hex.ts';
import { PACKET_MAX } from './packets.ts';
import { type RemoteFile, RemoteFileError, type RemoteFileErrorCode, type RemoteFiles } from './target.ts';

/** Files that a client may have open. */
const OPEN_MAX = 64;
/** Errors of the protocol (GDB manual, "Errno Values"), and the one for all others. */
const ERRNO: Readonly<Record<RemoteFileErrorCode, number>> = {
  ...{ EPERM: 1, ENOENT: 2, EIO: 5, EBADF: 9, EACCES: 13, EISDIR: 21, EINVAL: 22, EMFILE: 24, EROFS: 30 },
  ENAMETOOLONG: 91,
};
const STAT_SIZE = 64;
const READ_ONLY = 0;
const ACCESS_MODES = 3;

/** The open files of a client. */
export class FilePackets {
  readonly #files: RemoteFiles;
  readonly #open = new Map<number, RemoteFile>();

  constructor(files: RemoteFiles) {
    this.#files = files;
  }

  /** Performs a packet. Returns the reply, which is empty for an unknown one. */
  reply(data: string): string {
    const [, name = '', rest = ''] = /^vFile:(\w+):(.*)$/s.exec(data) ?? [];
    const words = rest.split(',');
    try {
      switch (name) {
        case 'setfs':
          return 'F0';
        case 'open':
          return this.#opened(words);
        case 'close':
          return this.#closed(words);
        case 'pread':
          return this.#read(words);
        case 'fstat':
          return this.#status(words);
        case 'readlink':
          return attached(this.#files.readLink(textOf(words[0])));
        default:
          return '';
      }
    } catch (error) {
      if (!(error instanceof RemoteFileError)) throw error;
      return `F-1,${ERRNO[error.code].toString(16)}`;
    }
  }

  #opened([name, flags]: readonly string[]): string {
    const path = textOf(name);
    if ((numberIn(flags) & ACCESS_MODES) !== READ_ONLY) throw new RemoteFileError('EROFS');
    let number = 1;
    while (this.#open.has(number)) number++;
    if (number > OPEN_MAX) throw new RemoteFileError('EMFILE');
    this.#open.set(number, this.#files.open(path));
    return `F${number.toString(16)}`;
  }

  #closed([number]: readonly string[]): string {
    this.#fileOf(number);
    this.#open.delete(numberIn(number));
    return 'F0';
  }

  #read([number, count, offset]: readonly string[]): string {
    const length = Math.min(numberIn(count), PACKET_MAX / 2);
    return attached(latin1(this.#fileOf(number).read(numberIn(offset), length)));
  }

  #status([number]: readonly string[]): string {
    const { size, mode, modified } = this.#fileOf(number);
    const bytes = new Uint8Array(STAT_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint32(8, mode);
    view.setUint32(12, 1);
    view.setBigUint64(28, BigInt(size));
    view.setBigUint64(36, 4096n);
    view.setBigUint64(44, BigInt(Math.ceil(size / 512)));
    for (const at of [52, 56, 60]) view.setUint32(at, modified >>> 0);
    return attached(latin1(bytes));
  }

  #fileOf(number: string | undefined): RemoteFile {
    const file = this.#open.get(numberIn(number));
    if (file === undefined) throw new RemoteFileError('EBADF');
    return file;
  }
}

/** A reply with data: how much there is, and the data. */
function attached(data: string): string {
  return `F${data.length.toString(16)};${data}`;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function textOf(word: string | undefined): string {
  const bytes = bytesOf(word ?? '');
  if (bytes === null) throw new RemoteFileError('EINVAL');
  return latin1(bytes);
}

/** Returns a number of up to 13 digits: exact. */
function numberIn(word: string | undefined): number {
  if (word === undefined || !/^[0-9a-fA-F]{1,13}$/.test(word)) throw new RemoteFileError('EINVAL');
  return Number.parseInt(word, 16);
}
