/**
 * I/O adapters of a virtual machine, which have interruptions but no subchannels, and the suppression of their interruptions (Linux:
 * arch/s390/kvm/interrupt.c; Documentation/virt/kvm/devices/s390_flic.rst).
 */

import { LinuxError } from '../../errors.ts';
import { adapterInterruption, type FloatingInterrupt } from '../../kvm/index.ts';
import { AIS_MODE } from './abi.ts';

/** The number of adapters (Linux: MAX_S390_IO_ADAPTERS). */
const ADAPTERS = 64;
const SUBCLASSES = 8;

/** An adapter, as user space registers it. */
export interface Adapter {
  /** 0 to 63. */
  readonly id: number;
  /** Its I/O-interruption subclass. */
  readonly isc: number;
  /** Whether its interruptions can be turned off. */
  readonly maskable: boolean;
  /** Whether the bits of its indicators are numbered from the left of a doubleword, and not from the right. */
  readonly swap: boolean;
  /** Whether its interruptions are suppressed as the mode of the subclass says. */
  readonly suppressible: boolean;
}

/** The suppression of adapter interruptions of all subclasses: 8 bits each, that of subclass 0 leftmost. */
export interface SuppressionModes {
  /** The subclasses of which one interruption is allowed (simm). */
  readonly single: number;
  /** The subclasses of which none is allowed (nimm). */
  readonly none: number;
}

/** The adapters of one virtual machine. */
export class Adapters {
  readonly #adapters = new Map<number, Adapter>();
  /** The adapters whose interruptions are turned off. */
  readonly #masked = new Set<number>();
  #modes: SuppressionModes = { single: 0, none: 0 };
  readonly #inject: (request: FloatingInterrupt) => void;
  readonly #hasSuppression: () => boolean;

  /**
   * @param inject makes a floating interruption pending
   * @param hasSuppression whether the guest has suppression of adapter interruptions
   */
  constructor(inject: (request: FloatingInterrupt) => void, hasSuppression: () => boolean) {
    this.#inject = inject;
    this.#hasSuppression = hasSuppression;
  }

  /** @throws LinuxError EINVAL if the number is too high, or there is such an adapter */
  register(adapter: Adapter): void {
    const { id } = adapter;
    if (id >= ADAPTERS) throw new LinuxError('EINVAL', `adapter ${id} is not 0 to ${ADAPTERS - 1}`);
    if (this.#adapters.has(id)) throw new LinuxError('EINVAL', `there is an adapter ${id}`);
    this.#adapters.set(id, adapter);
  }

  /** @throws LinuxError EINVAL if there is no such adapter */
  get(id: number): Adapter {
    const adapter = this.#adapters.get(id);
    if (adapter === undefined) throw new LinuxError('EINVAL', `there is no adapter ${id}`);
    return adapter;
  }

  /** Turns the interruptions of an adapter off or on. @throws LinuxError EINVAL if there is no such adapter, or they cannot be turned off */
  mask(id: number, isMasked: boolean): void {
    if (!this.get(id).maskable) throw new LinuxError('EINVAL', `adapter ${id} cannot be masked`);
    if (isMasked) this.#masked.add(id);
    else this.#masked.delete(id);
  }

  /** Whether the interruptions of an adapter are turned off. They are for those that come by a route. */
  isMasked(id: number): boolean {
    return this.#masked.has(id);
  }

  /** Makes the interruption of an adapter pending, unless it is suppressed. @throws LinuxError EINVAL if there is no such adapter */
  interrupt(id: number): void {
    const { isc, suppressible } = this.get(id);
    const isSubject = suppressible && this.#hasSuppression();
    if (isSubject && (this.#modes.none & bitOf(isc)) !== 0) return;
    this.#inject({ type: 'io', adapter: true, ...adapterInterruption(isc % SUBCLASSES) });
    const { single, none } = this.#modes;
    if (isSubject) this.#modes = { single, none: none | (single & bitOf(isc)) };
  }

  /** The modes of all subclasses. @throws LinuxError EOPNOTSUPP if the guest has no suppression */
  get modes(): SuppressionModes {
    this.demandSuppression();
    return this.#modes;
  }

  set modes(modes: SuppressionModes) {
    this.demandSuppression();
    this.#modes = modes;
  }

  /** Sets the mode of a subclass. @throws LinuxError EOPNOTSUPP; EINVAL for a subclass or mode that there is not */
  setMode(isc: number, mode: number): void {
    const { single, none } = this.modes;
    if (isc >= SUBCLASSES) throw new LinuxError('EINVAL', `subclass ${isc} is not 0 to ${SUBCLASSES - 1}`);
    const bit = bitOf(isc);
    if (mode === AIS_MODE.ALL) this.#modes = { single: single & ~bit, none: none & ~bit };
    else if (mode === AIS_MODE.SINGLE) this.#modes = { single: single | bit, none: none & ~bit };
    else throw new LinuxError('EINVAL', `there is no mode ${mode}`);
  }

  /** @throws LinuxError EOPNOTSUPP if the guest has no suppression */
  demandSuppression(): void {
    if (!this.#hasSuppression())
      throw new LinuxError('EOPNOTSUPP', 'the guest has no suppression of adapter interruptions');
  }
}

/** Returns the bit of a subclass in `SuppressionModes`. */
function bitOf(isc: number): number {
  return 0x80 >> isc;
}
