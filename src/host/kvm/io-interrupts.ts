/**
 * Pending I/O interruptions of a virtual machine, which any of its CPUs may take (Linux: KVM_S390_INT_IO). Principles of
 * Operation, chapter 16, "I/O Interruptions".
 */

import { demandInteger } from '../arguments.ts';
import type { Life } from '../life.ts';

/** The number of I/O-interruption subclasses. Subclass 0 has the highest priority. */
const SUBCLASSES = 8;
/** Bits of the interruption-identification word: the subclass, and that it is an adapter interruption. */
const SUBCLASS_SHIFT = 27;
const ADAPTER = 0x8000_0000;

/** The interruption code of an I/O interruption: the words at real 184 to 195. Each has 32 bits. */
export interface IoInterruption {
  /** The subsystem-identification word, or 0 for an adapter interruption. */
  readonly subchannel: number;
  /** The interruption parameter. */
  readonly parameter: number;
  /** The interruption-identification word. */
  readonly identification: number;
}

/** Returns the adapter interruption of a subclass. */
export function adapterInterruption(isc: number): IoInterruption {
  return { subchannel: 0, parameter: 0, identification: (ADAPTER | (isc << SUBCLASS_SHIFT)) >>> 0 };
}

/** Returns the three words of an interruption code, as they are stored. */
export function ioCode({ subchannel, parameter, identification }: IoInterruption): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, subchannel);
  view.setUint32(4, parameter);
  view.setUint32(8, identification);
  return bytes;
}

/** Returns the bit of an interruption subclass in control register 6 (bits 32 to 39). */
export function subclassMask(isc: number): number {
  return (0x8000_0000 >>> isc) >>> 0;
}

/** Returns the bits of the interruption subclasses that a virtual CPU has enabled in control register 6. */
export function ioSubclasses(vcpu: { control(n: number): bigint }): number {
  return (Number((vcpu.control(6) >> 24n) & 0xffn) << 24) >>> 0;
}

/** Whether an interruption is that of an adapter. */
export function isAdapter({ identification }: IoInterruption): boolean {
  return (identification & ADAPTER) !== 0;
}

/** Returns the interruption subclass of an interruption. */
export function subclassOf({ identification }: IoInterruption): number {
  return (identification >>> SUBCLASS_SHIFT) & 7;
}

/**
 * The pending I/O interruptions of a virtual machine. Methods that change them throw LinuxError EBADF if it was destroyed,
 * and EBUSY while a listener is called.
 */
export class IoInterrupts {
  /** Those of subchannels, for each subclass in the order in which they were made pending. */
  readonly #subchannels: IoInterruption[][] = Array.from({ length: SUBCLASSES }, () => []);
  /** The bits of the subclasses with a pending adapter interruption, and of all with a pending interruption. */
  #adapters = 0;
  #pending = 0;
  readonly #life: Life;

  /** @param life the life of the virtual machine */
  constructor(life: Life) {
    this.#life = life;
  }

  /** The bits, as in control register 6, of the subclasses that have a pending interruption. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Makes the interruption of a subchannel pending. If it is pending already, nothing changes.
   * @param subchannel its subsystem-identification word, 32 bits, not 0
   * @param parameter 32 bits
   * @param isc its interruption subclass, 0 to 7
   * @throws LinuxError EINVAL for a value out of range
   */
  request(subchannel: number, parameter: number, isc: number): void {
    this.#life.demandQuiet();
    demandInteger('subchannel', subchannel, 1, 0xffff_ffff);
    demandInteger('parameter', parameter, 0, 0xffff_ffff);
    demandInteger('isc', isc, 0, SUBCLASSES - 1);
    if (this.#subchannels.some((list) => list.some((one) => one.subchannel === subchannel))) return;
    const identification = isc << SUBCLASS_SHIFT;
    (this.#subchannels[isc] as IoInterruption[]).push({ subchannel, parameter, identification });
    this.#update();
  }

  /**
   * Makes an adapter interruption of a subclass pending. If there is one already, nothing changes.
   * @throws LinuxError EINVAL for a subclass that is not 0 to 7
   */
  requestAdapter(isc: number): void {
    this.#life.demandQuiet();
    demandInteger('isc', isc, 0, SUBCLASSES - 1);
    this.#adapters = (this.#adapters | subclassMask(isc)) >>> 0;
    this.#update();
  }

  /**
   * Makes an interruption pending, as user space gives it: also a second one of a subchannel. Those of adapters are pending once for each
   * subclass. Preconditions: the words have 32 bits.
   */
  inject(interruption: IoInterruption, adapter: boolean): void {
    const isc = subclassOf(interruption);
    if (adapter) {
      this.requestAdapter(isc);
      return;
    }
    this.#life.demandQuiet();
    const { subchannel, parameter } = interruption;
    const identification = (interruption.identification & ~ADAPTER) >>> 0;
    (this.#subchannels[isc] as IoInterruption[]).push({ subchannel, parameter, identification });
    this.#update();
  }

  /** The number of pending interruptions of subchannels. */
  get count(): number {
    return this.#subchannels.reduce((sum, list) => sum + list.length, 0);
  }

  /** Removes the interruption of a subchannel. Returns it, or null if there is none. */
  withdraw(subchannel: number): IoInterruption | null {
    this.#life.demandQuiet();
    for (const list of this.#subchannels) {
      const at = list.findIndex((one) => one.subchannel === subchannel);
      if (at < 0) continue;
      const [found] = list.splice(at, 1);
      this.#update();
      return found as IoInterruption;
    }
    return null;
  }

  /** Returns the interruption of the highest priority in some subclasses, given by their bits, or null. */
  first(subclasses: number): IoInterruption | null {
    const isc = Math.clz32(this.#pending & subclasses);
    if (isc >= SUBCLASSES) return null;
    return this.#subchannels[isc]?.[0] ?? adapterInterruption(isc);
  }

  /** Removes an interruption that `first` returned. */
  remove(interruption: IoInterruption): void {
    this.#life.demandQuiet();
    const isc = subclassOf(interruption);
    if (isAdapter(interruption)) this.#adapters = (this.#adapters & ~subclassMask(isc)) >>> 0;
    else this.#subchannels[isc]?.shift();
    this.#update();
  }

  /** All that is pending, in the order in which it would be taken if all subclasses were enabled. */
  get all(): readonly IoInterruption[] {
    const all: IoInterruption[] = [];
    this.#subchannels.forEach((list, isc) => {
      all.push(...list);
      if (this.#adapters & subclassMask(isc)) all.push(adapterInterruption(isc));
    });
    return all;
  }

  /** Makes one of `all` pending again. */
  add(interruption: IoInterruption): void {
    const { subchannel, parameter } = interruption;
    const isc = subclassOf(interruption);
    if (isAdapter(interruption)) this.requestAdapter(isc);
    else this.request(subchannel, parameter, isc);
  }

  /** Clears all that is pending. */
  clear(): void {
    this.#life.demandQuiet();
    for (const list of this.#subchannels) list.length = 0;
    this.#adapters = 0;
    this.#pending = 0;
  }

  #update(): void {
    this.#pending = this.#adapters;
    this.#subchannels.forEach((list, isc) => {
      if (list.length > 0) this.#pending = (this.#pending | subclassMask(isc)) >>> 0;
    });
  }
}
