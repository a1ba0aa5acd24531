/**
 * The channel subsystem of a machine: what its I/O instructions do. Principles of Operation, chapter 14.
 *
 * The caller executes the instructions: it fetches and stores their operands, checks that their addresses are aligned and the
 * CPU is in the supervisor state, and sets the condition code. Subchannels are named by the low 32 bits of general register 1.
 */

import { GuestAddressError } from '../memory.ts';
import { readGuest, writeGuest } from '../memory-access.ts';
import type { DeviceOwner } from '../owner.ts';
import { SavedFields, StateError } from '../saved-state.ts';
import { ChannelReports, RECOVERY, SOURCE } from './channel-reports.ts';
import { performChsc } from './chsc.ts';
import type { ChannelDevice } from './device.ts';
import { decodeOrb } from './orb.ts';
import { CHPID, decodeFields, hasOwnMeasurementBlock, isMeasured, PATH, SCHIB_BYTES } from './pmcw.ts';
import { type ConditionCode, Subchannel } from './subchannel.ts';
import { CSS_ID, decodeSubchannelId, type SubchannelId, subchannelWord } from './subchannel-id.ts';

/** The result of an I/O instruction: a condition code, or a program-interruption code (0x15, operand exception). */
export type IoResult = { readonly cc: ConditionCode } | IoProgramInterruption;

/** A program interruption instead of a condition code. */
export interface IoProgramInterruption {
  readonly program: 0x15;
}

/** The result of `storeSubchannel`. The block is stored if the condition code is 0. */
export type StoreSubchannelResult =
  | { readonly cc: 0; readonly schib: Uint8Array }
  | { readonly cc: 3 }
  | IoProgramInterruption;

/** The result of `channelSubsystemCall`: what is stored at an offset from the start of the block. */
export type ChannelSubsystemCallResult =
  | { readonly cc: 0; readonly offset: number; readonly response: Uint8Array }
  | IoProgramInterruption;

/**
 * Stores the operand of an instruction. Returns false if it could not, in which case the instruction has an access exception
 * and changes nothing.
 */
export type StoreOperand = (bytes: Uint8Array) => boolean;

const OPERAND_EXCEPTION: IoProgramInterruption = { program: 0x15 };
const SUBCHANNELS_MAX = 0x1_0000;
/** The results of the hypercall: success, and -EINVAL as Linux encodes it. */
const NOTIFIED = 0n;
const NOT_NOTIFIED = BigInt.asUintN(64, -22n);

/** A channel subsystem with its devices. */
export class ChannelSubsystem {
  readonly #owner: DeviceOwner;
  readonly #subchannels: Subchannel[] = [];
  readonly #reports: ChannelReports;
  /** Whether the program has enabled images with numbers, and subchannel sets. */
  #images = false;
  #sets = false;
  #addressLimit = 0;
  /** Absolute address of the measurement blocks of all subchannels, or null if measurement is off. */
  #measurement: bigint | null = null;

  constructor(owner: DeviceOwner) {
    this.#owner = owner;
    this.#reports = new ChannelReports(() => owner.interruptions.requestChannelReport());
  }

  /**
   * Attaches a device before the machine starts. Subchannel numbers are given in the order of calls, from 0.
   * @param deviceNumber 0 to 0xffff; Linux shows it as `0.0.` and four digits
   * @throws RangeError if the number is out of range, or another device has it
   */
  attach(device: ChannelDevice, deviceNumber: number): void {
    if (!Number.isInteger(deviceNumber) || deviceNumber < 0 || deviceNumber > 0xffff) {
      throw new RangeError(`device number ${deviceNumber} is not 0 to 65535`);
    }
    if (this.#subchannels.some((one) => one.deviceNumber === deviceNumber)) {
      throw new RangeError(`device number 0x${deviceNumber.toString(16)} is in use`);
    }
    const owner = this.#owner;
    const self = this;
    const subchannelOwner = {
      devices: owner,
      get addressLimit() {
        return self.#addressLimit;
      },
      wordOf: (number: number) => subchannelWord(number, this.#images),
    };
    this.#subchannels.push(new Subchannel(this.#subchannels.length, deviceNumber, device, subchannelOwner));
  }

  /** Attaches a device while the machine runs: like `attach`, and a channel report tells the program. */
  plug(device: ChannelDevice, deviceNumber: number): void {
    this.attach(device, deviceNumber);
    const chained = this.#images || this.#sets;
    const number = this.#subchannels.length - 1;
    this.#reports.add(SOURCE.SUBCHANNEL, RECOVERY.PARAMETERS_INITIALIZED, number, chained);
    if (!chained) return;
    // The second word has the numbers of image and set.
    const place = this.#images ? CSS_ID << 8 : 0;
    this.#reports.add(SOURCE.SUBCHANNEL, RECOVERY.PARAMETERS_INITIALIZED, place, false);
  }

  /** START SUBCHANNEL. Executes the channel program. @param orb at least 12 bytes */
  startSubchannel(id: number, orb: Uint8Array): IoResult {
    if (!decodeOrb(orb)) return OPERAND_EXCEPTION;
    return this.#perform(id, (subchannel) => {
      const cc = subchannel.start(orb);
      if (cc === 0) this.#measure(subchannel);
      return cc;
    });
  }

  /**
   * TEST SUBCHANNEL. Stores an interruption-response block of 64 bytes if the condition code is 0 or 1. Returns null if it
   * could not be stored.
   */
  testSubchannel(id: number, store: StoreOperand): IoResult | null {
    const decoded = decodeSubchannelId(id);
    if (!decoded) return OPERAND_EXCEPTION;
    const cc = this.#find(decoded)?.test(store);
    if (cc === null) return null;
    return { cc: cc ?? 3 };
  }

  /** STORE SUBCHANNEL. */
  storeSubchannel(id: number): StoreSubchannelResult {
    const decoded = decodeSubchannelId(id);
    if (!decoded) return OPERAND_EXCEPTION;
    const subchannel = this.#find(decoded);
    return subchannel ? { cc: 0, schib: subchannel.store() } : { cc: 3 };
  }

  /** MODIFY SUBCHANNEL. @param schib 52 bytes */
  modifySubchannel(id: number, schib: Uint8Array): IoResult {
    const fields = schib.length >= SCHIB_BYTES ? decodeFields(schib) : null;
    if (!fields) return OPERAND_EXCEPTION;
    return this.#perform(id, (subchannel) => subchannel.modify(fields));
  }

  /** CLEAR SUBCHANNEL. */
  clearSubchannel(id: number): IoResult {
    return this.#perform(id, (subchannel) => subchannel.clear());
  }

  /** HALT SUBCHANNEL. */
  haltSubchannel(id: number): IoResult {
    return this.#perform(id, (subchannel) => subchannel.halt());
  }

  /** CANCEL SUBCHANNEL. */
  cancelSubchannel(id: number): IoResult {
    return this.#perform(id, (subchannel) => subchannel.cancel());
  }

  /** RESUME SUBCHANNEL. */
  resumeSubchannel(id: number): IoResult {
    return this.#perform(id, (subchannel) => {
      const cc = subchannel.resume();
      if (cc === 0) this.#measure(subchannel);
      return cc;
    });
  }

  /**
   * STORE CHANNEL REPORT WORD. Returns condition code 0, or 1 if zeros were stored because no report is pending, or null if
   * the four bytes could not be stored.
   */
  storeChannelReportWord(store: StoreOperand): { readonly cc: 0 | 1 } | null {
    const cc = this.#reports.take((word) => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, word);
      return store(bytes);
    });
    return cc === null ? null : { cc };
  }

  /** Whether a channel report is pending. */
  get reportPending(): boolean {
    return this.#reports.pending;
  }

  /**
   * SET ADDRESS LIMIT. Returns condition code 0 to say that it is done; the instruction sets none.
   * @param gr1 the low 32 bits of general register 1: the limit, a multiple of 64 KiB below 2 GiB
   */
  setAddressLimit(gr1: number): IoResult {
    if (gr1 & 0x8000_ffff) return OPERAND_EXCEPTION;
    this.#addressLimit = gr1;
    return { cc: 0 };
  }

  /** RESET CHANNEL PATH. @param gr1 the low 32 bits of general register 1: image and path identifier */
  resetChannelPath(gr1: number): IoResult {
    const image = (gr1 >>> 16) & 0xff;
    const valid = this.#images ? image === CSS_ID : image === 0;
    if (gr1 & 0xff00_ff00 || !valid) return OPERAND_EXCEPTION;
    if ((gr1 & 0xff) !== CHPID) return { cc: 3 };
    this.#reports.add(SOURCE.CHANNEL_PATH, RECOVERY.INITIALIZED, CHPID, this.#images);
    if (this.#images) this.#reports.add(SOURCE.CHANNEL_PATH, RECOVERY.INITIALIZED, CSS_ID << 8, false);
    return { cc: 0 };
  }

  /**
   * SET CHANNEL MONITOR. Counts START SUBCHANNEL and RESUME SUBCHANNEL in measurement blocks; there are no times. Returns
   * condition code 0 to say that it is done; the instruction sets none.
   * @param gr1 the low 32 bits of general register 1
   * @param gr2 all of general register 2: the address of the blocks
   */
  setChannelMonitor(gr1: number, gr2: bigint): IoResult {
    const on = (gr1 & 2) !== 0;
    if (gr1 & 0x0fff_fffc || (on && gr2 & 0x1fn)) return OPERAND_EXCEPTION;
    this.#measurement = on ? gr2 : null;
    return { cc: 0 };
  }

  /** STORE CHANNEL PATH STATUS. Returns 32 bytes, which say that no channel path is active. */
  storeChannelPathStatus(): Uint8Array {
    return new Uint8Array(32);
  }

  /** CHANNEL SUBSYSTEM CALL. @param block the 4,096 bytes of the block */
  channelSubsystemCall(block: Uint8Array): ChannelSubsystemCallResult {
    const owner = {
      enableImages: () => void (this.#images = true),
      enableSets: () => void (this.#sets = true),
      describe: (number: number) => {
        const subchannel = this.#subchannels[number];
        return subchannel ? { deviceNumber: subchannel.deviceNumber, paths: PATH } : null;
      },
    };
    const result = performChsc(owner, block);
    return result ? { cc: 0, offset: result.offset, response: result.bytes } : OPERAND_EXCEPTION;
  }

  /**
   * The notification of a virtio device: DIAGNOSE 0x500 with subcode 3.
   * @param id the low 32 bits of general register 2
   * @param queue all of general register 3
   * @returns what general register 2 becomes: 0, or -22 if there is no such device or queue
   */
  notify(id: number, queue: bigint): bigint {
    const decoded = decodeSubchannelId(id);
    const subchannel = decoded && this.#find(decoded);
    if (!subchannel || queue > 0xffffn) return NOT_NOTIFIED;
    return subchannel.device.notify(Number(queue)) ? NOTIFIED : NOT_NOTIFIED;
  }

  /** Resets the channel subsystem and its devices. */
  reset(): void {
    for (const subchannel of this.#subchannels) subchannel.reset();
    this.#reports.clear();
    this.#images = false;
    this.#sets = false;
    this.#addressLimit = 0;
    this.#measurement = null;
  }

  /** Returns the state of the channel subsystem and all its devices: values that can be cloned. Guest memory is not part of it. */
  save(): unknown {
    return {
      ...{ images: this.#images, sets: this.#sets, addressLimit: this.#addressLimit },
      ...{ measurement: this.#measurement ?? 0n, measuring: this.#measurement !== null },
      reports: this.#reports.save(),
      subchannels: this.#subchannels.map((subchannel) => subchannel.save()),
    };
  }

  /**
   * Restores a state that `save` returned. The same devices with the same device numbers must be attached, in the same order.
   * @throws StateError if it is not such a state; nothing has changed then
   */
  restore(state: unknown): void {
    const saved = new SavedFields('channel subsystem', state);
    const [images, sets, measuring] = [saved.flag('images'), saved.flag('sets'), saved.flag('measuring')];
    const addressLimit = saved.integer('addressLimit', 0x7fff_0000);
    const measurement = saved.bigint('measurement');
    const restoreReports = this.#reports.prepareRestore(saved.any('reports'));
    const states = saved.list('subchannels', SUBCHANNELS_MAX, (one) => one);
    if (states.length !== this.#subchannels.length) {
      throw new StateError(`${states.length} devices are saved, and ${this.#subchannels.length} attached`);
    }
    const restores = this.#subchannels.map((subchannel, n) => subchannel.prepareRestore(states[n]));
    this.#images = images;
    this.#sets = sets;
    this.#addressLimit = addressLimit;
    this.#measurement = measuring ? measurement : null;
    restoreReports();
    for (const restore of restores) restore();
  }

  #perform(id: number, action: (subchannel: Subchannel) => ConditionCode): IoResult {
    const decoded = decodeSubchannelId(id);
    if (!decoded) return OPERAND_EXCEPTION;
    const subchannel = this.#find(decoded);
    return { cc: subchannel ? action(subchannel) : 3 };
  }

  #find({ css, set, number }: SubchannelId): Subchannel | null {
    if (set !== 0 || (css !== null && !(css === CSS_ID && this.#images))) return null;
    return this.#subchannels[number] ?? null;
  }

  /** Counts a start in the measurement block of a subchannel. Without storage there, nothing is counted. */
  #measure({ fields }: Subchannel): void {
    if (this.#measurement === null || !isMeasured(fields)) return;
    const own = hasOwnMeasurementBlock(fields);
    const bytes = own ? 4 : 2;
    const address = own ? fields.measurementBlock : this.#measurement + BigInt(fields.measurementIndex) * 32n;
    const { memory } = this.#owner;
    try {
      const count = readGuest(memory, address, bytes);
      for (let n = bytes - 1; n >= 0; n--) {
        count[n] = ((count[n] as number) + 1) & 0xff;
        if (count[n] !== 0) break;
      }
      writeGuest(memory, address, count);
    } catch (error) {
      if (!(error instanceof GuestAddressError)) throw error;
    }
  }
}
