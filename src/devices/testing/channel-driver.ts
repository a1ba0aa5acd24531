/** A driver of subchannels for tests: builds operands in memory as Linux's common I/O layer does, and reads results. */

import type { ChannelSubsystem } from '../channel/channel-subsystem.ts';
import { SCHIB_BYTES } from '../channel/pmcw.ts';
import { TestDriverError } from './errors.ts';
import type { TestOwner } from './test-owner.ts';

/** A channel-command word of format 1. */
export interface TestCcw {
  readonly command: number;
  readonly flags?: number;
  readonly count?: number;
  readonly address?: number;
}

/** The fields of an interruption-response block that tests look at. */
export interface TestIrb {
  readonly flags: number;
  readonly control: number;
  readonly ccwAddress: number;
  readonly deviceStatus: number;
  readonly subchannelStatus: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Where the driver has its channel programs. */
export const PROGRAM = 0x1000;
/** Word 1 of an ORB as Linux has it: format 1, prefetch, all paths. */
export const ORB_FORMAT_1 = 0x00c0_ff00;

/** Returns the subsystem-identification word of a subchannel without image. */
export function subchannelId(number: number): number {
  return 0x0001_0000 | number;
}

/** Returns an operation-request block. */
export function makeOrb(program: number, word = ORB_FORMAT_1, parameter = 0x1234_5678): Uint8Array {
  const orb = new Uint8Array(32);
  const view = new DataView(orb.buffer);
  view.setUint32(0, parameter);
  view.setUint32(4, word);
  view.setUint32(8, program);
  return orb;
}

/** Decodes an interruption-response block. */
export function decodeIrb(bytes: Uint8Array): TestIrb {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    flags: view.getUint16(0),
    control: view.getUint16(2),
    ccwAddress: view.getUint32(4),
    deviceStatus: view.getUint8(8),
    subchannelStatus: view.getUint8(9),
    count: view.getUint16(10),
    bytes,
  };
}

/** A driver of one subchannel. */
export class ChannelDriver {
  readonly owner: TestOwner;
  /** The channel subsystem, which may be replaced by one that was restored. */
  subsystem: ChannelSubsystem;
  readonly id: number;

  /** @param number of the subchannel */
  constructor(owner: TestOwner, subsystem: ChannelSubsystem, number = 0) {
    this.owner = owner;
    this.subsystem = subsystem;
    this.id = subchannelId(number);
  }

  /** Returns the information block. */
  schib(): Uint8Array {
    const result = this.subsystem.storeSubchannel(this.id);
    if (!('schib' in result)) throw new TestDriverError('the subchannel is not operational');
    return result.schib;
  }

  /** Enables the subchannel. Returns the condition code of MODIFY SUBCHANNEL. @param change changes the block before */
  enable(isc = 3, change: (view: DataView) => void = () => {}): number {
    const schib = this.schib();
    const view = new DataView(schib.buffer, schib.byteOffset, SCHIB_BYTES);
    view.setUint16(4, (view.getUint16(4) & ~0x3800) | (isc << 11) | 0x80);
    change(view);
    return codeOf(this.subsystem.modifySubchannel(this.id, schib));
  }

  disable(): number {
    return this.enable(0, (view) => view.setUint16(4, view.getUint16(4) & ~0x3880));
  }

  /** Stores a channel program of format 1. */
  program(ccws: readonly TestCcw[], at = PROGRAM): void {
    const { view } = this.owner.memory;
    ccws.forEach(({ command, flags = 0, count = 0, address = 0 }, n) => {
      view.setUint8(at + n * 8, command);
      view.setUint8(at + n * 8 + 1, flags);
      view.setUint16(at + n * 8 + 2, count);
      view.setUint32(at + n * 8 + 4, address);
    });
  }

  /** Starts the program. Returns the condition code. */
  start(word = ORB_FORMAT_1, at = PROGRAM): number {
    return codeOf(this.subsystem.startSubchannel(this.id, makeOrb(at, word)));
  }

  /** Tests the subchannel. Returns the condition code and the block. */
  test(): { cc: number; irb: TestIrb | null } {
    let stored: Uint8Array | null = null;
    const result = this.subsystem.testSubchannel(this.id, (irb) => {
      stored = irb;
      return true;
    });
    return { cc: codeOf(result), irb: stored && decodeIrb(stored) };
  }

  /** Runs a program of format 1 to its end. Returns the block that tells of it. */
  run(ccws: readonly TestCcw[], word = ORB_FORMAT_1): TestIrb {
    this.program(ccws);
    const cc = this.start(word);
    if (cc !== 0) throw new TestDriverError(`START SUBCHANNEL ended with condition code ${cc}`);
    const { irb } = this.test();
    if (!irb) throw new TestDriverError('the subchannel is not operational');
    return irb;
  }
}

function codeOf(result: { readonly cc: number } | { readonly program: number } | null): number {
  if (result === null || 'program' in result)
    throw new TestDriverError(`no condition code: ${JSON.stringify(result)}`);
  return result.cc;
}
