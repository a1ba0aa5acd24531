/**
 * A subchannel with its device: the start, halt and clear functions, and status. Principles of Operation, chapters 14 and 15.
 *
 * A channel program ends within START SUBCHANNEL, so a subchannel is never active when a CPU sees it: it is idle, suspended or
 * status pending.
 */

import type { DeviceOwner } from '../owner.ts';
import { SavedFields, StateError } from '../saved-state.ts';
import { ChannelProgram, type ProgramEnd } from './channel-program.ts';
import { type AddressLimit, ChannelStorage } from './channel-storage.ts';
import { executeBasic } from './control-unit.ts';
import type { ChannelDevice } from './device.ts';
import { decodeOrb, ORB_BYTES, type Orb } from './orb.ts';
import {
  decodeFields,
  hasConcurrentSense,
  isEnabled,
  limitModeOf,
  makeSchib,
  PATH,
  type ProgramFields,
  resetFields,
  SCHIB_BYTES,
  SCSW_OFFSET,
  subclassOf,
} from './pmcw.ts';
import {
  CONTROL,
  clearScsw,
  DEVICE_STATUS,
  decodeScsw,
  FLAGS,
  makeIrb,
  type Scsw,
  SENSE_BYTES,
  SUBCHANNEL_STATUS,
} from './status.ts';

const { START_FUNCTION, HALT_FUNCTION, CLEAR_FUNCTION, FUNCTIONS, SUSPENDED, ACTIVITY } = CONTROL;
const { PROGRAM_CONTROLLED_INTERRUPTION } = SUBCHANNEL_STATUS;
const { ALERT, INTERMEDIATE, PRIMARY, SECONDARY, PENDING, STATUS } = CONTROL;

/** Condition codes 0 to 3. */
export type ConditionCode = 0 | 1 | 2 | 3;

/** What a subchannel uses of the channel subsystem. */
export interface SubchannelOwner {
  readonly devices: DeviceOwner;
  /** The address limit: an absolute address, a multiple of 64 KiB. */
  readonly addressLimit: number;
  /** The subsystem-identification word of a subchannel, by its number. */
  wordOf(number: number): number;
}

/** A subchannel of which the device number is valid. */
export class Subchannel {
  /** Its number, 16 bits. */
  readonly number: number;
  /** 16 bits. */
  readonly deviceNumber: number;
  readonly device: ChannelDevice;
  readonly #owner: SubchannelOwner;
  #fields = resetFields();
  #scsw = clearScsw();
  #lastPath = 0;
  readonly #sense = new Uint8Array(SENSE_BYTES);
  /** The subsystem-identification word of the last interruption: another one is used once images have numbers. */
  #word = 0;
  /** The operation-request block of the last start function. */
  #orb: Uint8Array = new Uint8Array(ORB_BYTES);

  constructor(number: number, deviceNumber: number, device: ChannelDevice, owner: SubchannelOwner) {
    this.number = number;
    this.deviceNumber = deviceNumber;
    this.device = device;
    this.#owner = owner;
    device.connect({ owner: owner.devices, alert: () => this.#alert() });
  }

  get enabled(): boolean {
    return isEnabled(this.#fields);
  }

  /** The fields that a program may change. */
  get fields(): Readonly<ProgramFields> {
    return this.#fields;
  }

  get #pending(): boolean {
    return (this.#scsw.control & PENDING) !== 0;
  }

  /** STORE SUBCHANNEL: returns the subchannel-information block. */
  store(): Uint8Array {
    return makeSchib(this.#fields, this.deviceNumber, this.#lastPath, this.#scsw);
  }

  /** MODIFY SUBCHANNEL. @param fields as `decodeFields` returns them */
  modify(fields: ProgramFields): ConditionCode {
    if (this.#pending) return 1;
    if (this.#scsw.control & FUNCTIONS) return 2;
    const disabled = this.enabled && !isEnabled(fields);
    this.#fields = fields;
    if (disabled) this.device.disabled();
    return 0;
  }

  /** START SUBCHANNEL. @param bytes a valid operation-request block of 12 bytes */
  start(bytes: Uint8Array): ConditionCode {
    if (!this.enabled) return 3;
    if (this.#pending) return 1;
    if (this.#scsw.control & FUNCTIONS) return 2;
    this.#orb = bytes.slice(0, ORB_BYTES);
    const orb = this.#decodedOrb();
    this.#fields = { ...this.#fields, parameter: orb.parameter };
    this.#scsw = { ...clearScsw(), flags: orb.flags, control: START_FUNCTION };
    if (orb.paths & PATH & this.#fields.operational) this.#execute(orb, orb.program);
    else this.#present(ALERT, { flags: orb.flags | FLAGS.DEFERRED_CC });
    return 0;
  }

  /** RESUME SUBCHANNEL. */
  resume(): ConditionCode {
    if (!this.enabled) return 3;
    if (this.#pending) return 1;
    if ((this.#scsw.control & FUNCTIONS) !== START_FUNCTION || !(this.#scsw.control & SUSPENDED)) return 2;
    this.#scsw = { ...this.#scsw, control: START_FUNCTION };
    this.#execute(this.#decodedOrb(), this.#scsw.ccwAddress - 8);
    return 0;
  }

  /** CANCEL SUBCHANNEL. */
  cancel(): ConditionCode {
    if (!this.enabled) return 3;
    if (this.#pending) return 1;
    if ((this.#scsw.control & FUNCTIONS) !== START_FUNCTION) return 2;
    this.#scsw = clearScsw();
    return 0;
  }

  /** HALT SUBCHANNEL. */
  halt(): ConditionCode {
    if (!this.enabled) return 3;
    const { control } = this.#scsw;
    const status = control & STATUS;
    if (status === PENDING || status & (PRIMARY | SECONDARY | ALERT)) return 1;
    if (control & (HALT_FUNCTION | CLEAR_FUNCTION)) return 2;
    this.#scsw = { ...this.#scsw, control: HALT_FUNCTION, subchannelStatus: 0 };
    // An idle device ends the function at once, as in QEMU.
    this.#present(0, { deviceStatus: control & SUSPENDED ? 0 : DEVICE_STATUS.DEVICE_END });
    return 0;
  }

  /** CLEAR SUBCHANNEL. */
  clear(): ConditionCode {
    if (!this.enabled) return 3;
    this.#fields = { ...this.#fields, operational: 0xff };
    this.#sense.fill(0);
    this.#scsw = { ...clearScsw(), control: CLEAR_FUNCTION };
    this.#present(0, {});
    return 0;
  }

  /**
   * TEST SUBCHANNEL. Changes nothing if `store` returns false.
   * @param store stores the interruption-response block
   */
  test(store: (irb: Uint8Array) => boolean): ConditionCode | null {
    if (!this.enabled) return 3;
    const pending = this.#pending;
    const unitCheck = (this.#scsw.deviceStatus & DEVICE_STATUS.UNIT_CHECK) !== 0;
    const sense = pending && unitCheck && hasConcurrentSense(this.#fields) ? this.#sense.slice() : null;
    if (!store(makeIrb(this.#scsw, this.#lastPath, sense))) return null;
    if (!pending) return 1;
    this.#clearStatus();
    if (sense) this.#sense.fill(0);
    return 0;
  }

  /** Clears what TEST SUBCHANNEL has reported. A suspended program stays suspended, unless it was halted. */
  #clearStatus(): void {
    const { control } = this.#scsw;
    const suspended = (control & STATUS) === (INTERMEDIATE | PENDING) && control & SUSPENDED;
    this.#scsw = suspended
      ? { ...this.#scsw, control: control & ~STATUS }
      : { ...this.#scsw, control: control & ~(STATUS | FUNCTIONS | ACTIVITY) };
    this.#owner.devices.interruptions.withdraw(this.#word);
  }

  #decodedOrb(): Orb {
    return decodeOrb(this.#orb) as Orb;
  }

  #execute(orb: Orb, address: number): void {
    const limit: AddressLimit = { mode: limitModeOf(this.#fields), limit: this.#owner.addressLimit };
    const storage = new ChannelStorage(this.#owner.devices, orb, limit);
    const program = new ChannelProgram(address, orb, storage, (command, data) =>
      executeBasic(this.device, this.#sense, command, data),
    );
    this.#lastPath = PATH;
    this.#ended(orb, program.run());
  }

  #ended(orb: Orb, end: ProgramEnd): void {
    const { ccwAddress, deviceStatus, subchannelStatus, count, suspended, sense } = end;
    const result = { ccwAddress, deviceStatus, subchannelStatus, count };
    this.#sense.fill(0);
    this.#sense[0] = sense;
    if (suspended) {
      this.#scsw = { ...this.#scsw, ...result, control: this.#scsw.control | SUSPENDED };
      if (!orb.suppressSuspended || subchannelStatus) this.#present(INTERMEDIATE, {});
      return;
    }
    const check =
      subchannelStatus & ~PROGRAM_CONTROLLED_INTERRUPTION || deviceStatus & DEVICE_STATUS.UNIT_CHECK;
    const early = (subchannelStatus & PROGRAM_CONTROLLED_INTERRUPTION) !== 0 || orb.initialStatus;
    const flags = this.#scsw.flags | (orb.initialStatus ? FLAGS.ZERO_CC : 0);
    const status = PRIMARY | SECONDARY | (check ? ALERT : 0) | (early ? INTERMEDIATE : 0);
    this.#present(status, { ...result, flags });
  }

  /** Makes the subchannel status pending. @param status kinds of status besides */
  #present(status: number, changes: Partial<Scsw>): void {
    const control = (this.#scsw.control & ~STATUS) | status | PENDING;
    this.#scsw = { ...this.#scsw, ...changes, control };
    this.#lastPath = PATH;
    const { parameter } = this.#fields;
    const { interruptions } = this.#owner.devices;
    this.#word = this.#owner.wordOf(this.number);
    interruptions.request(this.#word, parameter, subclassOf(this.#fields));
  }

  #alert(): void {
    if (this.#pending || !this.enabled) return;
    // The results of the last function are not reported a second time.
    const idle = (this.#scsw.control & FUNCTIONS) === 0;
    this.#present(ALERT, idle ? clearScsw() : {});
  }

  /** Resets the subchannel and its device. */
  reset(): void {
    if (this.#pending) this.#owner.devices.interruptions.withdraw(this.#word);
    this.#fields = resetFields();
    this.#scsw = clearScsw();
    this.#lastPath = 0;
    this.#sense.fill(0);
    this.#orb.fill(0);
    this.device.reset();
  }

  /** Returns the state of the subchannel and its device: values that can be cloned. */
  save(): unknown {
    return {
      number: this.number,
      deviceNumber: this.deviceNumber,
      word: this.#word,
      lastPath: this.#lastPath,
      sense: this.#sense.slice(),
      orb: this.#orb.slice(),
      schib: this.store(),
      device: this.device.save(),
    };
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void {
    const name = `subchannel ${this.number}`;
    const saved = new SavedFields(name, state);
    const schib = saved.bytes('schib', SCHIB_BYTES);
    const fields = decodeFields(schib);
    const orb = saved.bytes('orb', ORB_BYTES);
    const same =
      saved.integer('number', 0xffff) === this.number &&
      saved.integer('deviceNumber', 0xffff) === this.deviceNumber;
    const scsw = decodeScsw(schib.subarray(SCSW_OFFSET));
    if (!same || !fields || !scsw || !decodeOrb(orb)) throw new StateError(`${name} is not valid`);
    const lastPath = saved.integer('lastPath', 0xff);
    const word = saved.integer('word', 0xffff_ffff);
    const sense = saved.bytes('sense', SENSE_BYTES);
    const restoreDevice = this.device.prepareRestore(saved.any('device'));
    return () => {
      this.#fields = fields;
      this.#scsw = scsw;
      this.#lastPath = lastPath;
      this.#word = word;
      this.#sense.set(sense);
      this.#orb = orb;
      restoreDevice();
    };
  }
}
