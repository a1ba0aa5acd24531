/**
 * An initial RAM disk: a cpio archive in the format "newc", which the kernel unpacks into its first root file system (Linux:
 * Documentation/driver-api/early-userspace/buffer-format.rst).
 */

const MAGIC = '070701';
const TYPE = { DIRECTORY: 0o040000, FILE: 0o100000, LINK: 0o120000, CHARACTER: 0o020000 } as const;
const TRAILER = 'TRAILER!!!';

/** A file of the archive. */
export type Entry =
  | { readonly path: string; readonly kind: 'directory' }
  | {
      readonly path: string;
      readonly kind: 'file';
      readonly bytes: Uint8Array;
      readonly executable?: boolean;
    }
  | { readonly path: string; readonly kind: 'link'; readonly target: string }
  | { readonly path: string; readonly kind: 'character'; readonly major: number; readonly minor: number };

/** Returns the archive. */
export function archive(entries: readonly Entry[]): Buffer {
  const parts = entries.map((entry, i) => member(entry, i + 1));
  parts.push(header(TRAILER, 0, 0, 0, [0, 0]));
  return Buffer.concat(parts);
}

function member(entry: Entry, inode: number): Buffer {
  switch (entry.kind) {
    case 'directory':
      return header(entry.path, inode, TYPE.DIRECTORY | 0o755, 0, [0, 0]);
    case 'character':
      return header(entry.path, inode, TYPE.CHARACTER | 0o600, 0, [entry.major, entry.minor]);
    case 'link':
      return withContents(entry.path, inode, TYPE.LINK | 0o777, Buffer.from(entry.target));
    default:
      return withContents(entry.path, inode, TYPE.FILE | (entry.executable ? 0o755 : 0o644), entry.bytes);
  }
}

function withContents(path: string, inode: number, mode: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([header(path, inode, mode, bytes.length, [0, 0]), padded(bytes)]);
}

function header(path: string, inode: number, mode: number, size: number, device: readonly number[]): Buffer {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  const [owner, group, time, check] = [0, 0, 0, 0];
  const fields = [inode, mode, owner, group, links, time, size, 0, 0, ...device, name.length, check];
  const text = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return padded(Buffer.concat([Buffer.from(text), name]));
}

/** Returns bytes with zeros up to the next multiple of 4. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
