/** The state description of a virtual CPU, with every access checked. */

import { STATE_DESCRIPTION_SIZE, StateDescription, type Storage } from '../../machine/index.ts';
import { demandBigint, demandDoubleword, demandInteger } from '../arguments.ts';
import type { Life } from '../life.ts';

/**
 * A state description that checks every access. All accessors throw LinuxError: EBADF when the virtual CPU was destroyed,
 * EINVAL for a field or value that is out of range, and EBUSY for a store while a listener is called.
 */
export class CheckedStateDescription extends StateDescription {
  readonly #life: Life;

  /** @param life the life of the virtual CPU, which owns the storage */
  constructor(storage: Storage, origin: number, life: Life) {
    super(storage, origin);
    this.#life = life;
  }

  override get8(field: number): number {
    return super.get8(this.#checkedField(field, 1));
  }

  override set8(field: number, value: number): void {
    this.#life.demandQuiet();
    demandInteger('value', value, -0x80, 0xff);
    super.set8(this.#checkedField(field, 1), value);
  }

  override get16(field: number): number {
    return super.get16(this.#checkedField(field, 2));
  }

  override set16(field: number, value: number): void {
    this.#life.demandQuiet();
    demandInteger('value', value, -0x8000, 0xffff);
    super.set16(this.#checkedField(field, 2), value);
  }

  override get32(field: number): number {
    return super.get32(this.#checkedField(field, 4));
  }

  override set32(field: number, value: number): void {
    this.#life.demandQuiet();
    demandInteger('value', value, -0x8000_0000, 0xffff_ffff);
    super.set32(this.#checkedField(field, 4), value);
  }

  override get64(field: number): bigint {
    return super.get64(this.#checkedField(field, 8));
  }

  override set64(field: number, value: bigint): void {
    this.#life.demandQuiet();
    demandDoubleword('value', value);
    super.set64(this.#checkedField(field, 8), value);
  }

  override get pswAddress(): bigint {
    return super.pswAddress;
  }

  override set pswAddress(value: bigint) {
    demandBigint('address', value);
    super.pswAddress = value;
  }

  override set conditionCode(cc: number) {
    demandInteger('condition code', cc, 0, 3);
    super.conditionCode = cc;
  }

  override get prefix(): number {
    return super.prefix;
  }

  override set prefix(value: number) {
    demandInteger('prefix', value, 0, 0xffff_ffff);
    super.prefix = value;
  }

  override control(n: number): bigint {
    demandInteger('control register', n, 0, 15);
    return super.control(n);
  }

  override setControl(n: number, value: bigint): void {
    demandInteger('control register', n, 0, 15);
    super.setControl(n, value);
  }

  override advance(bytes: number): void {
    demandInteger('bytes', bytes, -6, 6);
    super.advance(bytes);
  }

  #checkedField(field: number, bytes: number): number {
    this.#life.demand();
    demandInteger('field', field, 0, STATE_DESCRIPTION_SIZE - bytes);
    return field;
  }
}
