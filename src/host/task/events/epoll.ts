/** A set of files, and those of them that are ready: epoll(7). */

import { LinuxError } from '../../errors.ts';
import { EPOLL } from '../abi/events.ts';
import { O, POLL } from '../abi/files.ts';
import type { Inode, OpenFile } from '../files/index.ts';
import { ANY_EVENT, type Waiter } from '../wait-queue.ts';
import { AnonymousFile } from './anonymous.ts';

/** How the files of a watch are told: bits of its events that are no events. */
const MODES = EPOLL.EXCLUSIVE | EPOLL.WAKEUP | EPOLL.ONESHOT | EPOLL.ET;
/** What is told whether it was asked for or not. */
const ALWAYS = POLL.ERR | POLL.HUP;
/** Bits that may accompany `EPOLL.EXCLUSIVE`. */
const EXCLUSIVE_BITS = POLL.IN | POLL.OUT | ALWAYS | EPOLL.WAKEUP | EPOLL.ET | EPOLL.EXCLUSIVE;
/** Files that one epoll file can watch. */
const WATCHES_MAX = 65_536;
/** How deep epoll files can watch one another. Linux: EP_MAX_NESTS. */
const NESTS_MAX = 4;
/** Epoll files that one event may wake, one through the other. */
const PATHS_MAX = 500;

/** What a program asks for. */
export interface EpollEvent {
  /** Bits of `POLL` and `EPOLL`. */
  readonly events: number;
  /** What it gets back: 64 bits. */
  readonly data: bigint;
}

/** One file of an epoll file. */
class Watch implements Waiter {
  readonly epoll: Epoll;
  readonly file: OpenFile;
  readonly fd: number;
  events = 0;
  data = 0n;
  readonly atEnd = () => this.epoll.forget(this);

  constructor(epoll: Epoll, file: OpenFile, fd: number) {
    this.epoll = epoll;
    this.file = file;
    this.fd = fd;
  }

  /** What it waits for; nothing after it was told once with `EPOLL.ONESHOT`. */
  get wanted(): number {
    return this.events & ~MODES;
  }

  has(mode: number): boolean {
    return (this.events & mode) !== 0;
  }

  /** What the file is ready for. */
  ready(): number {
    return this.wanted === 0 ? 0 : this.file.poll() & this.wanted;
  }

  wake(events = ANY_EVENT): void {
    if ((events & this.wanted) !== 0) this.epoll.happened(this);
  }
}

/** An epoll file. */
export class Epoll extends AnonymousFile {
  readonly #watches = new Map<OpenFile, Map<number, Watch>>();
  #count = 0;
  /** The watches whose file something happened to, the oldest first. Those of files that are not ready any more leave when they are looked at. */
  readonly #ready = new Set<Watch>();
  /** The epoll files that watch it, and how often. */
  readonly #watchers = new Map<Epoll, number>();

  /** @param flags bits of `O` */
  constructor(inode: Inode, flags: number) {
    super(inode, '[eventpoll]', O.RDWR | flags);
  }

  /** Watches a file. @throws LinuxError EEXIST, ELOOP, EINVAL, ENOSPC */
  add(file: OpenFile, fd: number, event: EpollEvent): void {
    if (this.#find(file, fd) !== undefined) throw new LinuxError('EEXIST', `descriptor ${fd} is watched`);
    demandExclusive(file, event.events);
    if (file instanceof Epoll) this.#demandNoLoop(file);
    if (this.#count >= WATCHES_MAX) throw new LinuxError('ENOSPC', `${WATCHES_MAX} files are watched`);
    const watch = new Watch(this, file, fd);
    let ofFile = this.#watches.get(file);
    if (ofFile === undefined) this.#watches.set(file, (ofFile = new Map()));
    ofFile.set(fd, watch);
    this.#count++;
    file.whenClosed(watch.atEnd);
    file.queue.add(watch);
    if (file instanceof Epoll) file.#watched(this, 1);
    this.#set(watch, event);
  }

  /** Changes what is waited for. @throws LinuxError ENOENT, EINVAL */
  modify(file: OpenFile, fd: number, event: EpollEvent): void {
    const watch = this.#get(file, fd);
    if (watch.has(EPOLL.EXCLUSIVE) || (event.events & EPOLL.EXCLUSIVE) !== 0)
      throw new LinuxError('EINVAL', 'a watch with EPOLLEXCLUSIVE cannot be changed');
    this.#set(watch, event);
  }

  #set(watch: Watch, { events, data }: EpollEvent): void {
    watch.events = events | ALWAYS;
    watch.data = data;
    if (watch.ready() !== 0) this.happened(watch);
  }

  /** Ceases to watch a file. @throws LinuxError ENOENT */
  remove(file: OpenFile, fd: number): void {
    this.forget(this.#get(file, fd));
  }

  #find(file: OpenFile, fd: number): Watch | undefined {
    return this.#watches.get(file)?.get(fd);
  }

  #get(file: OpenFile, fd: number): Watch {
    const watch = this.#find(file, fd);
    if (watch === undefined) throw new LinuxError('ENOENT', `descriptor ${fd} is not watched`);
    return watch;
  }

  /** A watch ends. */
  forget(watch: Watch): void {
    const { file, fd } = watch;
    const ofFile = this.#watches.get(file);
    if (ofFile?.delete(fd) !== true) return;
    if (ofFile.size === 0) this.#watches.delete(file);
    this.#count--;
    this.#ready.delete(watch);
    file.queue.remove(watch);
    file.notWhenClosed(watch.atEnd);
    if (file instanceof Epoll) file.#watched(this, -1);
  }

  /** Something happened to a file. */
  happened(watch: Watch): void {
    this.#ready.add(watch);
    this.queue.wake(POLL.IN | POLL.RDNORM);
  }

  /** Returns what is ready, at most `most` events. */
  collect(most: number): EpollEvent[] {
    const found: EpollEvent[] = [];
    for (const watch of [...this.#ready]) {
      if (found.length >= most) break;
      this.#ready.delete(watch);
      const events = watch.ready();
      if (events === 0) continue;
      found.push({ events, data: watch.data });
      if (watch.has(EPOLL.ONESHOT)) watch.events &= MODES;
      else if (!watch.has(EPOLL.ET)) this.#ready.add(watch);
    }
    return found;
  }

  override poll(): number {
    for (const watch of this.#ready) {
      if (watch.ready() !== 0) return POLL.IN | POLL.RDNORM;
      this.#ready.delete(watch);
    }
    return 0;
  }

  protected override closed(): void {
    for (const ofFile of [...this.#watches.values()])
      for (const watch of [...ofFile.values()]) this.forget(watch);
  }

  /** @throws LinuxError ELOOP if the other one watches this one, or the files would be too deep; EINVAL for too many ways between them */
  #demandNoLoop(other: Epoll): void {
    if (other === this || other.#depth(this) + this.#height() > NESTS_MAX) {
      throw new LinuxError('ELOOP', 'epoll files would watch one another too deep, or in a circle');
    }
    other.#watched(this, 1);
    const isTooMuch = other.#mostWays() > PATHS_MAX;
    other.#watched(this, -1);
    if (isTooMuch) throw new LinuxError('EINVAL', 'too many epoll files would watch one another');
  }

  /** An epoll file watches it by so many descriptors more. */
  #watched(by: Epoll, more: number): void {
    const times = (this.#watchers.get(by) ?? 0) + more;
    if (times > 0) this.#watchers.set(by, times);
    else this.#watchers.delete(by);
  }

  /** How deep the epoll files are that it watches; Infinity if `searched` is among them. */
  #depth(searched: Epoll): number {
    let depth = 0;
    for (const inner of this.#watches.keys()) {
      if (inner === searched) return Infinity;
      if (inner instanceof Epoll) depth = Math.max(depth, 1 + inner.#depth(searched));
    }
    return depth;
  }

  /** How many levels of epoll files watch it, itself included. */
  #height(): number {
    let height = 0;
    for (const outer of this.#watchers.keys()) height = Math.max(height, outer.#height());
    return height + 1;
  }

  /** Ways from it to epoll files that watch it, up to the first number that is too many. */
  #ways(): number {
    let ways = 0;
    for (const [outer, times] of this.#watchers) {
      ways += times * (1 + outer.#ways());
      if (ways > PATHS_MAX) break;
    }
    return ways;
  }

  /** The most ways from it, or from an epoll file that it watches, to epoll files that watch them. */
  #mostWays(): number {
    let most = this.#ways();
    for (const inner of this.#watches.keys())
      if (inner instanceof Epoll) most = Math.max(most, inner.#mostWays());
    return most;
  }
}

/** @throws LinuxError EINVAL */
function demandExclusive(file: OpenFile, events: number): void {
  if ((events & EPOLL.EXCLUSIVE) === 0) return;
  if (file instanceof Epoll || (events & ~EXCLUSIVE_BITS) !== 0) {
    throw new LinuxError('EINVAL', 'EPOLLEXCLUSIVE does not go with these events, or with an epoll file');
  }
}
