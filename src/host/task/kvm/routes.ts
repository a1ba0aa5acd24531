/**
 * Routes of interruptions: KVM_SET_GSI_ROUTING. A number (GSI) stands for an adapter with two bits in the guest's memory: a route sets them, and makes
 * the interruption pending if the summary bit was 0 (Linux: set_adapter_int, virt/kvm/irqchip.c; Documentation/virt/kvm/api.rst, 4.52).
 */

import { LinuxError } from '../../errors.ts';
import type { MemorySlots } from '../../kvm/index.ts';
import type { Mm } from '../../mm/index.ts';
import type { Thread } from '../process/task.ts';
import { ROUTE, ROUTE_S390_ADAPTER, ROUTES_MAX, ROUTING } from './abi.ts';
import type { Adapters } from './adapters.ts';

const PAGE = 4096n;
const PAGE_BITS = 32768n;

/** A bit in a page of the process. */
interface Indicator {
  /** The address of the page. */
  readonly page: bigint;
  /** Its number from the beginning of the page. */
  readonly bit: number;
}

/** Where an interruption goes. */
interface Route {
  readonly adapter: number;
  readonly indicator: Indicator;
  readonly summary: Indicator;
}

/** The routes of one virtual machine, by GSI. */
export class Routes {
  #routes: ReadonlyMap<number, Route> = new Map();
  readonly #mm: Mm;
  readonly #adapters: Adapters;

  constructor(mm: Mm, adapters: Adapters) {
    this.#mm = mm;
    this.#adapters = adapters;
  }

  /** KVM_SET_GSI_ROUTING: replaces all routes. @throws LinuxError EINVAL; EFAULT for memory that the guest does not have */
  set(slots: MemorySlots, at: number, { space }: Thread): number {
    const { memory } = space;
    const routing = memory.struct(at, ROUTING.SIZE);
    const count = routing.getUint32(ROUTING.NR);
    if (count > ROUTES_MAX) throw new LinuxError('EINVAL', `${count} routes`);
    if (routing.getUint32(ROUTING.FLAGS) !== 0) throw new LinuxError('EINVAL', 'flags of routes');
    const routes = new Map<number, Route>();
    for (let n = 0; n < count; n++) {
      const entry = memory.struct(at + ROUTING.SIZE + n * ROUTE.SIZE, ROUTE.SIZE);
      const gsi = entry.getUint32(ROUTE.GSI);
      if (gsi >= ROUTES_MAX || routes.has(gsi))
        throw new LinuxError('EINVAL', `GSI ${gsi} is too high, or has a route`);
      routes.set(gsi, routeOf(slots, entry));
    }
    this.#routes = routes;
    return 0;
  }

  /** An interruption comes by a route. Without a route, without memory for its bits, or if no more can be pending, it is lost. */
  signal(gsi: number): void {
    const route = this.#routes.get(gsi);
    if (route === undefined) return;
    try {
      const { swap, id } = this.#adapters.get(route.adapter);
      this.#setBit(route.indicator, swap);
      if (!this.#setBit(route.summary, swap) && !this.#adapters.isMasked(id)) this.#adapters.interrupt(id);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
    }
  }

  /** Sets a bit. Returns whether it was set before. @throws LinuxError EFAULT, ENOMEM */
  #setBit({ page, bit }: Indicator, swap: boolean): boolean {
    // Linux numbers the bits of a doubleword from the right; with `swap` they are numbered from the left.
    const number = swap ? bit : bit ^ 63;
    const address = page + BigInt(number >>> 3);
    const mask = 0x80 >> (number & 7);
    const [byte = 0] = this.#mm.read(address, 1);
    this.#mm.write(address, Uint8Array.of(byte | mask));
    return (byte & mask) !== 0;
  }
}

/** @throws LinuxError EINVAL, EFAULT as `Routes.set` */
function routeOf(slots: MemorySlots, entry: DataView): Route {
  const type = entry.getUint32(ROUTE.TYPE);
  if (type !== ROUTE_S390_ADAPTER || entry.getUint32(ROUTE.FLAGS) !== 0)
    throw new LinuxError('EINVAL', `a route of type ${type} with flags`);
  const [summary, indicator] = [entry.getBigUint64(ROUTE.SUMMARY_ADDR), entry.getBigUint64(ROUTE.IND_ADDR)];
  return {
    adapter: entry.getUint32(ROUTE.ADAPTER_ID),
    summary: indicatorAt(slots, summary, BigInt(entry.getUint32(ROUTE.SUMMARY_OFFSET))),
    indicator: indicatorAt(slots, indicator, entry.getBigUint64(ROUTE.IND_OFFSET)),
  };
}

/** Returns the bit `offset` behind a guest address. @throws LinuxError EFAULT; EINVAL for one that is not in the page of the address */
function indicatorAt(slots: MemorySlots, guest: bigint, offset: bigint): Indicator {
  const slot = slots.at(guest);
  if (slot === undefined) throw new LinuxError('EFAULT', `there is no slot at 0x${guest.toString(16)}`);
  const address = slot.userspaceAddr + guest - slot.guestPhysAddr;
  const bit = (address % PAGE) * 8n + offset;
  if (bit >= PAGE_BITS) throw new LinuxError('EINVAL', `bit ${offset} is not in the page of the address`);
  return { page: address - (address % PAGE), bit: Number(bit) };
}
