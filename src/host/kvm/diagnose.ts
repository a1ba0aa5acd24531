/**
 * The DIAGNOSE codes that the host executes for a guest (Linux: arch/s390/kvm/diag.c). User space handles the others.
 */

import { type Cpu, PGM, PREFIX_AREA_SIZE, SIE } from '../../machine/index.ts';
import { GUEST_LIMIT, PAGE_BYTES } from '../units.ts';
import { accessGuest } from './guest-access.ts';
import { DONE, type Handled, USER_SPACE } from './handled.ts';
import { inject } from './inject.ts';
import { operandAddress, registerAddress } from './operand.ts';
import type { VcpuStatistic } from './statistics.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** Bytes of the prefix area. */
const PREFIX_BYTES = BigInt(PREFIX_AREA_SIZE);
/** Flags of KVM_EXIT_S390_RESET. */
const RESET = { CLEAR: 2, SUBSYSTEM: 4, CPU_INIT: 8, IPL: 16 } as const;

/** What counts a DIAGNOSE, by its code. */
const COUNTS: ReadonlyMap<number, VcpuStatistic> = new Map<number, VcpuStatistic>([
  [0x10, 'instruction_diagnose_10'],
  [0x44, 'instruction_diagnose_44'],
  [0x9c, 'instruction_diagnose_9c'],
  [0x258, 'instruction_diagnose_258'],
  [0x308, 'instruction_diagnose_308'],
  [0x500, 'instruction_diagnose_500'],
]);

/** Executes the intercepted DIAGNOSE. */
export function diagnose(vcpu: GuestCpu, cpu: Cpu): Handled {
  const code = Number(operandAddress(vcpu) & 0xffffn);
  const ipa = vcpu.block.get16(SIE.IPA);
  const r1 = (ipa >>> 4) & 15;
  const r3 = ipa & 15;
  vcpu.counts[COUNTS.get(code) ?? 'instruction_diagnose_other']++;
  switch (code) {
    case 0x10:
      return releasePages(vcpu, r1, r3);
    case 0x44:
    case 0x9c:
      // Whoever runs the guest knows the other CPUs that need a processor, also the one that 0x9c names.
      vcpu.gaveWay = true;
      return DONE;
    case 0x258:
      return pageReferenceServices(vcpu, cpu, r1, r3);
    case 0x308:
      return initialProgramLoad(Number((vcpu.gr[r3] as bigint) & 0xffffn));
    case 0x500:
      return notify(vcpu);
    default:
      return USER_SPACE;
  }
}

/** The function of DIAGNOSE 0x500 by which a guest notifies a virtio device. */
const VIRTIO_CCW_NOTIFY = 3n;

/** DIAGNOSE 0x500. Register 2 gets the cookie, unless user space handles the notification (Linux: __diag_virtio_hypercall). */
function notify({ vm, gr }: GuestCpu): Handled {
  if (!vm.channelSubsystem || gr[1] !== VIRTIO_CCW_NOTIFY) return USER_SPACE;
  const cookie = vm.onNotification?.(Number(gr[2]! & 0xffff_ffffn), gr[3]!, gr[4]!) ?? null;
  if (cookie === null) return USER_SPACE;
  gr[2] = cookie;
  return DONE;
}

/** DIAGNOSE 0x10: releases pages, whose contents become zeros. The prefix area is not released. */
function releasePages(vcpu: GuestCpu, first: number, last: number): Handled {
  const start = vcpu.gr[first] as bigint;
  const end = (vcpu.gr[last] as bigint) + PAGE_BYTES;
  if (start % PAGE_BYTES || end % PAGE_BYTES || start >= end || start < PREFIX_BYTES || end >= GUEST_LIMIT) {
    return inject(vcpu, PGM.SPECIFICATION);
  }
  const prefix = BigInt(vcpu.block.prefix);
  const { gmap } = vcpu.vm;
  if (end <= prefix || start >= prefix + PREFIX_BYTES) {
    gmap.discard({ address: start, length: end - start });
  } else {
    // The operands are real addresses: the prefix area stays, and the real addresses of it are absolute 0 to 8K.
    if (start < prefix) gmap.discard({ address: start, length: prefix - start });
    if (start <= prefix) gmap.discard({ address: 0n, length: PAGE_BYTES });
    if (end > prefix + PAGE_BYTES) gmap.discard({ address: PAGE_BYTES, length: PAGE_BYTES });
    if (end > prefix + PREFIX_BYTES)
      gmap.discard({ address: prefix + PREFIX_BYTES, length: end - (prefix + PREFIX_BYTES) });
  }
  return DONE;
}

/** The parameter block of DIAGNOSE 0x258. */
const SERVICE = {
  BYTES: 40,
  CODE: 0,
  SUBCODE: 2,
  /** In doublewords. */
  LENGTH: 4,
  VERSION: 6,
  TOKEN: 8,
  SELECT: 16,
  COMPARE: 24,
  ZARCH: 32,
} as const;

/**
 * DIAGNOSE 0x258: establishes or cancels the handshake by which a host notifies its guest of page faults that take
 * long. No fault takes long here, so the guest is never notified.
 */
function pageReferenceServices(vcpu: GuestCpu, cpu: Cpu, rx: number, ry: number): Handled {
  const address = registerAddress(vcpu, rx);
  if (address & 7n) return inject(vcpu, PGM.SPECIFICATION);
  const bytes = new Uint8Array(SERVICE.BYTES);
  const fetchBlock = (guest: Cpu, hi: number, lo: number) => guest.fetchBytes(hi, lo, SERVICE.BYTES, bytes);
  const done = accessGuest(vcpu, cpu, address, fetchBlock, rx);
  if (!done) return DONE;
  const block = new DataView(bytes.buffer);
  const known = block.getUint16(SERVICE.CODE) === 0x258 && block.getUint16(SERVICE.VERSION) === 2;
  if (!known || block.getUint16(SERVICE.LENGTH) < 5) return inject(vcpu, PGM.SPECIFICATION);
  switch (block.getUint16(SERVICE.SUBCODE)) {
    case 0:
      return establishHandshake(vcpu, block, ry);
    case 1:
      return cancelHandshake(vcpu, block, ry);
    default:
      return USER_SPACE;
  }
}

function establishHandshake(vcpu: GuestCpu, block: DataView, ry: number): Handled {
  if (vcpu.pageFaultToken !== null) {
    vcpu.gr[ry] = 8n;
    return DONE;
  }
  const token = block.getBigUint64(SERVICE.TOKEN);
  const compared = block.getBigUint64(SERVICE.COMPARE) & ~block.getBigUint64(SERVICE.SELECT);
  if (compared !== 0n || token & 7n || block.getBigUint64(SERVICE.ZARCH) !== 1n << 63n) {
    return inject(vcpu, PGM.SPECIFICATION);
  }
  if (!vcpu.vm.slots.at(token)) return inject(vcpu, PGM.ADDRESSING);
  vcpu.pageFaultToken = token;
  vcpu.gr[ry] = 0n;
  return DONE;
}

function cancelHandshake(vcpu: GuestCpu, block: DataView, ry: number): Handled {
  for (const field of [SERVICE.TOKEN, SERVICE.SELECT, SERVICE.COMPARE, SERVICE.ZARCH]) {
    if (block.getBigUint64(field) !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  }
  vcpu.gr[ry] = vcpu.pageFaultToken === null ? 4n : 0n;
  vcpu.pageFaultToken = null;
  return DONE;
}

/** DIAGNOSE 0x308: subcodes 3 and 4 reset the machine and load it anew. */
function initialProgramLoad(subcode: number): Handled {
  if (subcode !== 3 && subcode !== 4) return USER_SPACE;
  const flags = RESET.SUBSYSTEM | RESET.IPL | RESET.CPU_INIT | (subcode === 3 ? RESET.CLEAR : 0);
  return { kind: 'exit', exit: { reason: 'KVM_EXIT_S390_RESET', flags } };
}
