/**
 * DIAGNOSE 0x308: resets of the machine after which a short PSW is loaded, and the parameters of an initial program load
 * (QEMU: handle_diag_308). The host recognizes subcodes 3 and 4, which load the machine again.
 */

import type { Vcpu, VirtualMachine } from '../host/index.ts';
import { PGM } from '../machine/index.ts';

const SUBCODE = { RESET_CLEAR: 0, RESET_NORMAL: 1, SET: 5, STORE: 6 } as const;

/** The response of SET and STORE in register r1 + 1. */
const RESPONSE = { DONE: 0x001n, NO_CONFIGURATION: 0x102n, INVALID: 0x402n } as const;

/** Maximum length of the parameter block: a page. Its first word is its length in bytes. */
const BLOCK_BYTES = 4096;
/** Offset of the kind of device that the block describes, and the minimum length of a block of each kind. */
const KIND_AT = 12;
const BLOCK_BYTES_MIN: ReadonlyMap<number, number> = new Map([
  [0x00, 384], // FCP
  [0x02, 200], // CCW
]);

/** Bits of a short PSW: bits 0 to 32, of which bit 12 is inverted in a long one, and the address. */
const SHORT_PSW_MASK = 0xffff_ffff_8000_0000n;
const SHORT_PSW_BIT = 1n << 51n;
const SHORT_PSW_ADDRESS = 0x7fff_ffffn;

/** The initial program load of a virtual machine. */
export class InitialProgramLoad {
  readonly #vm: VirtualMachine;
  readonly #resetDevices: () => void;
  #block: Uint8Array | null = null;

  /** @param resetDevices resets the devices, as a part of a subsystem reset */
  constructor(vm: VirtualMachine, resetDevices: () => void) {
    this.#vm = vm;
    this.#resetDevices = resetDevices;
  }

  /**
   * Executes DIAGNOSE 0x308 with the subcode in register r3.
   * Returns the code of the program interruption that rejects it, or 0.
   * @throws GuestMemoryFault if the process has no memory there; nothing has changed then
   */
  diagnose(vcpu: Vcpu, r1: number, r3: number): number {
    const subcode = vcpu.gr[r3] as bigint;
    switch (subcode) {
      case BigInt(SUBCODE.RESET_CLEAR):
      case BigInt(SUBCODE.RESET_NORMAL):
        this.#reset(vcpu, subcode === BigInt(SUBCODE.RESET_CLEAR));
        return 0;
      case BigInt(SUBCODE.SET):
      case BigInt(SUBCODE.STORE): {
        const address = vcpu.gr[r1] as bigint;
        if (r1 & 1 || address % BigInt(BLOCK_BYTES) !== 0n) return PGM.SPECIFICATION;
        if (!this.#vm.slots.at(address)) return PGM.ADDRESSING;
        const set = subcode === BigInt(SUBCODE.SET);
        vcpu.gr[r1 + 1] = set ? this.#set(address) : this.#store(address);
        return 0;
      }
      default:
        return PGM.SPECIFICATION;
    }
  }

  /** Resets all CPUs and the subsystem. This CPU loads the short PSW at absolute 0, the others are stopped. */
  #reset(vcpu: Vcpu, clear: boolean): void {
    const short = new DataView(this.#vm.readGuest(0n, 8).buffer).getBigUint64(0);
    this.#vm.resetSubsystem();
    this.#resetDevices();
    for (const each of this.#vm.vcpus) {
      each.reset(clear ? 'clear' : each === vcpu ? 'initial' : 'cpu');
      each.stopped = each !== vcpu;
    }
    vcpu.setPsw((short & SHORT_PSW_MASK) ^ SHORT_PSW_BIT, short & SHORT_PSW_ADDRESS);
  }

  #set(address: bigint): bigint {
    const page = this.#vm.readGuest(address, BLOCK_BYTES);
    const length = new DataView(page.buffer).getUint32(0);
    const least = BLOCK_BYTES_MIN.get(page[KIND_AT] as number) ?? Number.POSITIVE_INFINITY;
    if (length < least || length > BLOCK_BYTES) return RESPONSE.INVALID;
    this.#block = page.slice(0, length);
    return RESPONSE.DONE;
  }

  #store(address: bigint): bigint {
    if (this.#block === null) return RESPONSE.NO_CONFIGURATION;
    this.#vm.writeGuest(address, this.#block);
    return RESPONSE.DONE;
  }
}
