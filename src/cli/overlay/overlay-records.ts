/**
 * What an overlay knows of its files beyond the files themselves: names of the root that were removed, and attributes that the real file
 * system does not take. Both are lists with a line for each file, in order of their paths.
 */

import { isPath, type TreePath } from '../../files/index.ts';
import { majorOf, makeDevice, minorOf } from '../../host/task/internal.ts';

/** Attributes as a program sees them. */
export interface RecordedAttributes {
  /** Type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** The device that a device node is for, as Linux encodes it; otherwise 0. */
  readonly device: number;
}

/** A path of which something is known, or that leads to one. */
class Place {
  isRemoved = false;
  attributes: RecordedAttributes | null = null;
  readonly inside = new Map<string, Place>();
}

const ID_MAX = 0xffff_ffff;

/** A tree of what is known. */
export class OverlayRecords {
  readonly #root = new Place();

  /** Whether the root's file at a path was removed: by its own name, or by that of a directory on the way. */
  isRemoved(path: TreePath): boolean {
    let at: Place | undefined = this.#root;
    for (const name of namesOf(path)) {
      at = at.inside.get(name);
      if (at === undefined) return false;
      if (at.isRemoved) return true;
    }
    return false;
  }

  /** The root's file at a path was removed, with all that is in it. What was known of it is forgotten. */
  remove(path: TreePath): void {
    const place = this.#at(path);
    place.isRemoved = true;
    this.forget(path);
  }

  /** What the overlay has at a path, and in it, is gone. */
  forget(path: TreePath): void {
    const place = this.#at(path);
    place.attributes = null;
    place.inside.clear();
  }

  attributesOf(path: TreePath): RecordedAttributes | null {
    let at: Place | undefined = this.#root;
    for (const name of namesOf(path)) at = at?.inside.get(name);
    return at?.attributes ?? null;
  }

  setAttributes(path: TreePath, attributes: RecordedAttributes | null): void {
    this.#at(path).attributes = attributes;
  }

  #at(path: TreePath): Place {
    let at = this.#root;
    for (const name of namesOf(path)) {
      let next = at.inside.get(name);
      if (next === undefined) {
        next = new Place();
        at.inside.set(name, next);
      }
      at = next;
    }
    return at;
  }

  /** The list of removed files; its characters are bytes. */
  removedText(): string {
    return this.#lines((path, { isRemoved }) => (isRemoved ? pathText(path) : null));
  }

  /** The list of attributes; its characters are bytes. */
  attributesText(): string {
    return this.#lines((path, { attributes }) => {
      if (attributes === null) return null;
      const { mode, uid, gid, device } = attributes;
      return `0${mode.toString(8)} ${uid} ${gid} ${majorOf(device)}:${minorOf(device)} ${pathText(path)}`;
    });
  }

  #lines(lineOf: (path: TreePath, place: Place) => string | null): string {
    const lines: string[] = [];
    const visit = (path: TreePath, place: Place) => {
      const line = lineOf(path, place);
      if (line !== null) lines.push(`${line}\n`);
      const names = [...place.inside.keys()].sort();
      for (const name of names)
        visit(path === '' ? name : `${path}/${name}`, place.inside.get(name) as Place);
    };
    visit('', this.#root);
    return lines.join('');
  }

  /** Reads a list of removed files. @throws RangeError that names the line */
  readRemoved(text: string): void {
    eachLine(text, (line) => {
      const path = pathOf(line);
      if (path === null || path === '') return false;
      this.remove(path);
      return true;
    });
  }

  /** Reads a list of attributes. Call after `readRemoved`. @throws RangeError that names the line */
  readAttributes(text: string): void {
    eachLine(text, (line) => {
      const [all, ...numbers] = /^0([0-7]{1,6}) (\d{1,10}) (\d{1,10}) (\d{1,4}):(\d{1,7}) /.exec(line) ?? [];
      const path = all === undefined ? null : pathOf(line.slice(all.length));
      if (path === null) return false;
      const [mode, uid, gid, major, minor] = numbers.map((one, index) =>
        Number.parseInt(one, index === 0 ? 8 : 10),
      ) as [number, number, number, number, number];
      if (uid > ID_MAX || gid > ID_MAX) return false;
      this.setAttributes(path, { mode, uid, gid, device: makeDevice(major, minor) });
      return true;
    });
  }
}

function namesOf(path: TreePath): string[] {
  return path === '' ? [] : path.split('/');
}

/** A path in a list: absolute, with control characters and backslashes in octal, as in /proc/mounts. */
export function pathText(path: TreePath): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names may have them.
  const escaped = path.replace(/[\x00-\x1f\x7f\\]/g, (one) => {
    return `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`;
  });
  return `/${escaped}`;
}

/** The opposite of `pathText`, or null if it is none. */
function pathOf(text: string): TreePath | null {
  if (!text.startsWith('/')) return null;
  const path = text
    .slice(1)
    .replace(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
  return isPath(path) ? path : null;
}

function eachLine(text: string, read: (line: string) => boolean): void {
  for (const [index, line] of text.split('\n').entries()) {
    if (line !== '' && !read(line)) throw new RangeError(`line ${index + 1} is not as it should be`);
  }
}
