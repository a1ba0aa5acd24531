/** A client of the 9P protocol for tests. */

import { ERRNO } from '../../files/index.ts';
import { MessageReader } from '../virtio/9p/message-reader.ts';
import { MessageWriter } from '../virtio/9p/message-writer.ts';
import { HEADER_BYTES, MESSAGE, NO_FID, RLERROR, VERSION_NAME } from '../virtio/9p/protocol.ts';
import { TestDriverError } from './errors.ts';

/** Maximum size of a test's message in bytes. */
const SIZE = 0x1_0000;

/** Writes the body of a message. */
export type Body = (message: MessageWriter) => unknown;

/** What was read of a folder. */
export interface TestEntry {
  readonly qidType: number;
  readonly id: bigint;
  /** The number of the next entry. */
  readonly offset: bigint;
  readonly type: number;
  readonly name: string;
}

/** An error that the server answered: its message is the name of the error. */
export class RemoteError extends Error {}

/** Returns a message. */
export function message9p(type: number, body: Body = () => {}, tag = 1): Uint8Array {
  const message = new MessageWriter(SIZE * 16).u32(0).u8(type).u16(tag);
  body(message);
  message.setU32(0, message.length);
  return message.finish();
}

/** A client. */
export class Client9p {
  readonly #send: (message: Uint8Array) => Uint8Array;

  /** @param send sends a message, and returns the reply */
  constructor(send: (message: Uint8Array) => Uint8Array) {
    this.#send = send;
  }

  /** Sends a message. Returns the body of the reply. @throws RemoteError if that is an error */
  ask(type: number, body: Body = () => {}, tag = 7): MessageReader {
    const reply = this.#send(message9p(type, body, tag));
    const header = new MessageReader(reply, 0);
    const [size, answered, sameTag] = [header.u32(), header.u8(), header.u16()];
    if (size !== reply.length || sameTag !== tag)
      throw new TestDriverError(`a reply of ${reply.length} bytes`);
    const fields = new MessageReader(reply, HEADER_BYTES);
    if (answered === type + 1) return fields;
    if (answered !== RLERROR) throw new TestDriverError(`message ${answered} as the reply to ${type}`);
    const number = fields.u32();
    throw new RemoteError(Object.entries(ERRNO).find(([, errno]) => errno === number)?.[0]);
  }

  /** Agrees on a version. Returns what the server chose. */
  version(size = SIZE, name: string = VERSION_NAME): { size: number; name: string } {
    const reply = this.ask(MESSAGE.VERSION, (m) => m.u32(size).text(name), 0xffff);
    return { size: reply.u32(), name: reply.text() };
  }

  /** Makes a fid for the root. */
  attach(fid = 0, tree = ''): void {
    this.ask(MESSAGE.ATTACH, (m) => m.u32(fid).u32(NO_FID).text('root').text(tree).u32(0));
  }

  /** Makes a fid. Returns the types of the files on the way. */
  walk(fid: number, wanted: number, ...names: string[]): number[] {
    const reply = this.ask(MESSAGE.WALK, (m) => {
      m.u32(fid).u32(wanted).u16(names.length);
      for (const name of names) m.text(name);
    });
    return Array.from({ length: reply.u16() }, () => qid(reply).type);
  }

  open(fid: number, flags = 0): void {
    this.ask(MESSAGE.LOPEN, (m) => m.u32(fid).u32(flags));
  }

  create(fid: number, name: string, flags = 2, mode = 0o644): void {
    this.ask(MESSAGE.LCREATE, (m) => m.u32(fid).text(name).u32(flags).u32(mode).u32(0));
  }

  read(fid: number, offset = 0n, length = 1000): string {
    const reply = this.ask(MESSAGE.READ, (m) => m.u32(fid).u64(offset).u32(length));
    return String.fromCharCode(...reply.bytes(reply.u32()));
  }

  write(fid: number, text: string, offset = 0n): number {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return this.ask(MESSAGE.WRITE, (m) => m.u32(fid).u64(offset).u32(bytes.length).bytes(bytes)).u32();
  }

  /** Returns the entries of an open folder from an offset on. */
  entries(fid: number, offset = 0n, length = 4000): TestEntry[] {
    const reply = this.ask(MESSAGE.READDIR, (m) => m.u32(fid).u64(offset).u32(length));
    const bytes = reply.bytes(reply.u32()).slice();
    const entries: TestEntry[] = [];
    const reader = new MessageReader(bytes, 0);
    for (let at = 0; at < bytes.length; ) {
      const { type: qidType, id } = qid(reader);
      const entry = { qidType, id, offset: reader.u64(), type: reader.u8(), name: reader.text() };
      entries.push(entry);
      at += 24 + entry.name.length;
    }
    return entries;
  }

  attributes(fid: number) {
    const reply = this.ask(MESSAGE.GETATTR, (m) => m.u32(fid).u64(0x7ffn));
    reply.u64();
    const { id } = qid(reply);
    const [mode, uid, gid, links] = [reply.u32(), reply.u32(), reply.u32(), reply.u64()];
    const [device, size] = [reply.u64(), reply.u64()];
    reply.bytes(16);
    const [accessed, modified] = [
      reply.u64() * 10n ** 9n + reply.u64(),
      reply.u64() * 10n ** 9n + reply.u64(),
    ];
    return { id, mode, uid, gid, links, device, size, accessed, modified };
  }

  /** Sets attributes. @param valid which of them */
  change(
    fid: number,
    valid: number,
    { mode = 0, owner = 0, size = 0n, time = 0n, nanoseconds = 0n } = {},
  ): void {
    this.ask(MESSAGE.SETATTR, (m) => {
      m.u32(fid).u32(valid).u32(mode).u32(owner).u32(owner).u64(size);
      m.u64(time).u64(nanoseconds).u64(time).u64(nanoseconds);
    });
  }

  makeFolder(fid: number, name: string, mode = 0o755): void {
    this.ask(MESSAGE.MKDIR, (m) => m.u32(fid).text(name).u32(mode).u32(0));
  }

  makeLink(fid: number, name: string, target: string): void {
    this.ask(MESSAGE.SYMLINK, (m) => m.u32(fid).text(name).text(target).u32(0));
  }

  readLink(fid: number): string {
    return this.ask(MESSAGE.READLINK, (m) => m.u32(fid)).text();
  }

  link(folder: number, fid: number, name: string): void {
    this.ask(MESSAGE.LINK, (m) => m.u32(folder).u32(fid).text(name));
  }

  rename(folder: number, from: string, target: number, to: string): void {
    this.ask(MESSAGE.RENAMEAT, (m) => m.u32(folder).text(from).u32(target).text(to));
  }

  unlink(folder: number, name: string, flags = 0): void {
    this.ask(MESSAGE.UNLINKAT, (m) => m.u32(folder).text(name).u32(flags));
  }

  clunk(fid: number): void {
    this.ask(MESSAGE.CLUNK, (m) => m.u32(fid));
  }
}

function qid(reply: MessageReader): { type: number; id: bigint } {
  const type = reply.u8();
  reply.u32();
  return { type, id: reply.u64() };
}
