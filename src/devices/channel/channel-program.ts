/**
 * Executes channel programs. Principles of Operation, chapter 15, "Execution of I/O Operations".
 *
 * A channel program is executed at once, by START SUBCHANNEL itself. A real channel may take any time, even until HALT
 * SUBCHANNEL; here a program of more than 4,096 CCWs ends with a program check.
 */

import { CCW_BYTES, CCW_FLAG, type Ccw, decodeCcw, isTransfer, TIC } from './ccw.ts';
import type { ChannelStorage } from './channel-storage.ts';
import { ChannelCheck } from './check.ts';
import { ChannelData } from './data.ts';
import { DataArea } from './data-area.ts';
import type { Orb } from './orb.ts';
import { DEVICE_STATUS, SUBCHANNEL_STATUS } from './status.ts';

/** Maximum number of CCWs of a channel program, transfers in channel included. */
export const CCWS_MAX = 4096;
/** Maximum number of CCWs in succession that transfer no data. Principles of Operation, chapter 16, "Program Check". */
const CCWS_WITHOUT_DATA_MAX = 255;

/** Executes a command at the device. Returns 0, or the first byte of the sense data for a unit check. */
export type ExecuteCommand = (command: number, data: ChannelData) => number;

/** How a channel program ended. */
export interface ProgramEnd {
  /** Address of the last CCW used + 8; if it is suspended, that of the suspending CCW + 8. */
  readonly ccwAddress: number;
  readonly deviceStatus: number;
  readonly subchannelStatus: number;
  /** Residual count. */
  readonly count: number;
  readonly suspended: boolean;
  /** First byte of the sense data, if there is a unit check. */
  readonly sense: number;
}

/** A channel program while it is executed. */
export class ChannelProgram {
  readonly #storage: ChannelStorage;
  readonly #orb: Orb;
  readonly #execute: ExecuteCommand;
  /** Address of the next CCW. */
  #next: number;
  /** Address of the CCW used last, which the status word reports, + 8. */
  #reported: number;
  #fetched = 0;
  #withoutData = 0;
  #interrupt = 0;

  /** @param start absolute address of its first CCW */
  constructor(start: number, orb: Orb, storage: ChannelStorage, execute: ExecuteCommand) {
    this.#next = start;
    this.#reported = start + CCW_BYTES;
    this.#orb = orb;
    this.#storage = storage;
    this.#execute = execute;
  }

  /** Executes the program until it ends or is suspended. */
  run(): ProgramEnd {
    try {
      for (;;) {
        const end = this.#command();
        if (end) return end;
      }
    } catch (error) {
      if (!(error instanceof ChannelCheck)) throw error;
      return this.#end(0, error.status, 0, 0);
    }
  }

  /** Executes a command. Returns the end of the program, or null if another command is chained to it. */
  #command(): ProgramEnd | null {
    const ccw = this.#fetchCommand();
    if (ccw.flags & CCW_FLAG.SUSPEND) {
      if (!this.#orb.suspendControl) throw programCheck();
      return { ...this.#end(0, 0, 0, 0), suspended: true };
    }
    // A transfer in channel has been followed: what is left of its code is not valid, either.
    if ((ccw.command & 0x0f) === 0 || (ccw.command & 0x0f) === TIC) throw programCheck();
    this.#demandValid(ccw, false);
    this.#noteInterrupt(ccw);
    const area = new DataArea(ccw, this.#storage, this.#orb);
    const data = new ChannelData(area, () => this.#chainData());
    const sense = this.#execute(ccw.command, data);
    this.#countData(data);
    const last = data.ccw;
    const incorrect = sense === 0 && this.#incorrect(data) ? SUBCHANNEL_STATUS.INCORRECT_LENGTH : 0;
    const suppressed = (last.flags & CCW_FLAG.SUPPRESS_LENGTH) !== 0 && !(last.flags & CCW_FLAG.CHAIN_DATA);
    const length = suppressed ? 0 : incorrect;
    const chained = (last.flags & (CCW_FLAG.CHAIN_COMMAND | CCW_FLAG.CHAIN_DATA)) === CCW_FLAG.CHAIN_COMMAND;
    if (sense === 0 && length === 0 && chained) return null;
    const status = DEVICE_STATUS.CHANNEL_END | DEVICE_STATUS.DEVICE_END;
    return this.#end(sense ? status | DEVICE_STATUS.UNIT_CHECK : status, length, data.residual, sense);
  }

  /** A command without data, such as a no-operation, has the wrong length only in format 1, and only if this is asked for. */
  #incorrect(data: ChannelData): boolean {
    if (data.touched) return data.incorrect;
    return this.#orb.format1 && !this.#orb.suppressLength && data.incorrect;
  }

  #countData(data: ChannelData): void {
    this.#withoutData = data.touched ? 0 : this.#withoutData + 1;
    if (this.#withoutData > CCWS_WITHOUT_DATA_MAX) throw programCheck();
  }

  /** Fetches the CCW to which the data of the last one is chained. */
  #chainData(): DataArea {
    const ccw = this.#fetchCommand();
    if (ccw.flags & CCW_FLAG.SUSPEND) throw programCheck();
    this.#demandValid(ccw, true);
    this.#noteInterrupt(ccw);
    return new DataArea(ccw, this.#storage, this.#orb);
  }

  #noteInterrupt(ccw: Ccw): void {
    if (ccw.flags & CCW_FLAG.INTERRUPT) this.#interrupt = SUBCHANNEL_STATUS.PROGRAM_CONTROLLED_INTERRUPTION;
  }

  /** @throws ChannelCheck if a count, a flag or an address is not valid */
  #demandValid(ccw: Ccw, chained: boolean): void {
    const chains = chained || (ccw.flags & CCW_FLAG.CHAIN_DATA) !== 0;
    if (ccw.count === 0 && (!this.#orb.format1 || chains)) throw programCheck();
    if (ccw.flags & CCW_FLAG.MODIFIED_INDIRECT) throw programCheck();
    if (ccw.address >= this.#storage.addressEnd) throw programCheck();
  }

  /** Fetches the next CCW that is not a transfer in channel. Two of these in succession are not valid, nor is one at the start. */
  #fetchCommand(): Ccw {
    const first = this.#fetched === 0;
    const ccw = this.#fetch();
    if (!isTransfer(ccw, this.#orb.format1)) return ccw;
    const { format1 } = this.#orb;
    if (first || (format1 && (ccw.flags !== 0 || ccw.count !== 0))) throw programCheck();
    // If there is no CCW at the new address, the status word reports the address of the transfer.
    const reported = this.#reported;
    this.#next = ccw.address;
    const target = this.#fetch(reported);
    if (isTransfer(target, format1)) throw programCheck();
    return target;
  }

  /** Fetches the CCW at the next address. @param reported what the status word reports if there is none */
  #fetch(reported = this.#next + CCW_BYTES): Ccw {
    this.#reported = reported;
    const address = this.#next;
    if (++this.#fetched > CCWS_MAX) throw programCheck();
    if (address % CCW_BYTES !== 0 || address >= this.#storage.addressEnd) throw programCheck();
    const ccw = decodeCcw(this.#storage.fetchControl(address, CCW_BYTES), this.#orb.format1);
    this.#next = address + CCW_BYTES;
    this.#reported = this.#next;
    return ccw;
  }

  #end(deviceStatus: number, subchannelStatus: number, count: number, sense: number): ProgramEnd {
    return {
      ccwAddress: this.#reported,
      deviceStatus,
      subchannelStatus: subchannelStatus | this.#interrupt,
      count,
      suspended: false,
      sense,
    };
  }
}

function programCheck(): ChannelCheck {
  return new ChannelCheck(SUBCHANNEL_STATUS.PROGRAM_CHECK);
}
