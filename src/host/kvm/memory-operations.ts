/**
 * Accesses of user space to guest storage: KVM_S390_MEM_OP. Absolute addresses belong to the virtual machine, logical ones to
 * a virtual CPU, which translates them by its PSW, control registers and access registers (Linux: arch/s390/kvm/gaccess.c).
 *
 * Operations return 0, or the code of the program interruption that the access would cause. User space may have it injected.
 */

import {
  asGuest,
  type Cpu,
  FETCH,
  FRAME_SIZE,
  fetchOverridden,
  type GuestProblem,
  InternalError,
  keyAllowsFetch,
  keyAllowsStore,
  logicalPage,
  PGM,
  SPACE,
  STORE,
  TEID_FETCH,
  TEID_KEY,
  TEID_PAGE,
  TEID_REASON,
  TEID_STORE,
} from '../../machine/index.ts';
import { demandBytes, demandDoubleword, demandFlag, demandInteger, demandObject } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import { PendingFault } from '../mm/index.ts';
import { PAGE_BYTES } from '../units.ts';
import { GuestMemoryFault } from './guest-memory.ts';
import type { GuestCpu, GuestMachine } from './vcpu-context.ts';

/** The number of bytes that one operation may access (Linux: MEM_OP_MAX_SIZE). */
export const MEM_OP_MAX_SIZE = 0x1_0000;
/** The number of bytes that one compare and exchange may access. */
const EXCHANGE_MAX = 16;
/** Host faults of one translation: it fetches at most five table entries, and some more for an access register. */
const FAULTS_MAX = 32;
/** Position of the address-space control, bits 16 and 17, in a PSW. */
const SPACE_SHIFT = 46n;

/** How a logical access is made. */
export interface LogicalOptions {
  /** The access register of the operand, 0 to 15, for a guest in the access-register mode; default 0. */
  readonly register?: number;
  /** The access key, 0 to 15; default 0, which every storage key permits. */
  readonly key?: number;
  /** Whether an exception is made pending as the guest's program interruption; default no. */
  readonly inject?: boolean;
}

/** An access exception of the guest. */
export type AccessException = Omit<GuestProblem, 'kind'>;

/** The result of a compare and exchange. */
export interface ExchangeResult {
  /** 0, or the code of a program interruption: then nothing was compared. */
  readonly code: number;
  /** Whether the value was exchanged. */
  readonly exchanged: boolean;
  /** The value before; empty after a program interruption. */
  readonly old: Uint8Array;
}

/** The absolute storage of a virtual machine, as KVM_S390_MEM_OP accesses it. Protection by storage keys has no overrides here. */
export class AbsoluteMemory {
  readonly #vm: GuestMachine;

  constructor(vm: GuestMachine) {
    this.#vm = vm;
  }

  /**
   * KVM_S390_MEMOP_ABSOLUTE_READ: reads guest absolute storage into `into`. Returns 0, or a program-interruption code: addressing
   * if a page is in no slot, protection if its storage key or the process forbids the access. The pages before are read then.
   * @throws LinuxError EINVAL for no bytes, an address that is not 64 bits, or a key that is not 0 to 15; E2BIG for more than
   *   64 KiB; ENOMEM
   */
  read(address: bigint, into: Uint8Array, key = 0): number {
    demandBytes(into);
    return this.#access(address, into.length, false, key, (at, done, count) => {
      into.set(this.#vm.readGuest(at, count), done);
    });
  }

  /** KVM_S390_MEMOP_ABSOLUTE_WRITE: stores bytes. Returns and throws as `read`; the pages before the exception are stored. */
  write(address: bigint, bytes: Uint8Array, key = 0): number {
    demandBytes(bytes);
    return this.#access(address, bytes.length, true, key, (at, done, count) => {
      this.#vm.writeGuest(at, bytes.subarray(done, done + count));
    });
  }

  /**
   * KVM_S390_MEMOP_F_CHECK_ONLY: checks an access without making it. With key 0, only the slot of the first byte is checked
   * (Linux: check_gpa_range). Returns as `read`.
   * @throws LinuxError as `read`; EFAULT if a key is needed of a page that the process has not mapped
   */
  check(address: bigint, length: number, write: boolean, key = 0): number {
    demandRange(address, length, key);
    demandFlag('write', write);
    return this.#vm.life.operation(() => {
      if (!this.#vm.slots.at(address)) return PGM.ADDRESSING;
      if (key === 0) return 0;
      for (const [at] of parts(address, length)) {
        if (!this.#vm.slots.at(at)) return PGM.ADDRESSING;
        if (!this.#permits(at, write, key)) return PGM.PROTECTION;
      }
      return 0;
    });
  }

  /**
   * KVM_S390_MEMOP_ABSOLUTE_CMPXCHG: replaces a value by another if it is the expected one. The access is a store for the key.
   * @param expected 1, 2, 4, 8 or 16 bytes; `replacement` has as many
   * @throws LinuxError EINVAL for another number of bytes, an address that is not 64 bits or not a multiple of their number,
   *   or a key that is not 0 to 15; E2BIG as `read`; ENOMEM
   */
  compareAndExchange(
    address: bigint,
    expected: Uint8Array,
    replacement: Uint8Array,
    key = 0,
  ): ExchangeResult {
    demandBytes(expected);
    demandBytes(replacement);
    const { length } = expected;
    demandRange(address, length, key);
    if (length > EXCHANGE_MAX || replacement.length !== length)
      throw new LinuxError('EINVAL', `${length} and ${replacement.length} bytes cannot be exchanged`);
    const failed = (code: number) => ({ code, exchanged: false, old: new Uint8Array() });
    return this.#vm.life.operation(() => {
      if (!this.#vm.slots.at(address)) return failed(PGM.ADDRESSING);
      if ((length & (length - 1)) !== 0 || address % BigInt(length) !== 0n)
        throw new LinuxError('EINVAL', `${length} bytes at 0x${address.toString(16)} cannot be exchanged`);
      try {
        if (!this.#permits(address, true, key)) return failed(PGM.PROTECTION);
        this.#vm.faultIn(address, true);
        const old = this.#vm.readGuest(address, length);
        const exchanged = old.every((byte, i) => byte === expected[i]);
        if (exchanged) this.#vm.writeGuest(address, replacement);
        return { code: 0, exchanged, old };
      } catch (error) {
        if (isUnmapped(error)) return failed(PGM.PROTECTION);
        throw error;
      }
    });
  }

  #access(
    address: bigint,
    length: number,
    write: boolean,
    key: number,
    transfer: (at: bigint, done: number, count: number) => void,
  ): number {
    demandRange(address, length, key);
    return this.#vm.life.operation(() => {
      for (const [at, done, count] of parts(address, length)) {
        if (!this.#vm.slots.at(at)) return PGM.ADDRESSING;
        const accessed = attempt(() => {
          if (!this.#permits(at, write, key)) return false;
          transfer(at, done, count);
          return true;
        });
        if (!accessed) return PGM.PROTECTION;
      }
      return 0;
    });
  }

  /** Whether the storage key of a page permits an access. @throws LinuxError EFAULT if the process has not mapped the page */
  #permits(address: bigint, write: boolean, key: number): boolean {
    if (key === 0) return true;
    const storageKey = this.#vm.getKey(address);
    return write ? keyAllowsStore(0, key, storageKey) : keyAllowsFetch(0, key, storageKey);
  }
}

/** A logical access: of which range, and how. */
export interface LogicalAccess {
  readonly address: bigint;
  readonly length: number;
  readonly write: boolean;
  readonly register: number;
  readonly key: number;
}

/** @throws LinuxError EINVAL, E2BIG as `Vcpu.readLogical` */
export function logicalAccess(
  address: bigint,
  length: number,
  write: boolean,
  options: LogicalOptions,
): LogicalAccess {
  demandObject('options', options);
  const { register = 0, key = 0, inject } = options;
  demandRange(address, length, key);
  demandInteger('register', register, 0, 15);
  demandFlag('write', write);
  demandFlag('inject', inject);
  return { address, length, write, register, key };
}

/** A part of a logical range that lies in one page. */
interface Part {
  /** Effective address. */
  readonly address: bigint;
  /** Guest absolute address. */
  readonly absolute: bigint;
  /** Bytes of the range before it, and its own. */
  readonly done: number;
  readonly count: number;
  /** Whether the ASCE that translated the address has the private-space control on. */
  readonly privateSpace: boolean;
}

/** An exception that has no identification: an access outside the guest's storage. */
const OUTSIDE: AccessException = { code: PGM.ADDRESSING, teid: 0n, exceptionAccess: 0 };

/**
 * Accesses guest storage at logical addresses (Linux: access_guest_with_key). All pages are translated first, then accessed in
 * order. Returns null, or the exception. If the key of a page other than the first forbids a store, the pages before it are
 * stored, and the identification says that the instruction was terminated.
 * Preconditions: the processor holds the guest's access registers and address space.
 * @param bytes what is stored, or where what is fetched goes
 * @throws LinuxError EFAULT if the process has not mapped a table of the guest; ENOMEM
 */
export function accessLogical(
  vcpu: GuestCpu,
  cpu: Cpu,
  access: LogicalAccess,
  bytes: Uint8Array,
): AccessException | null {
  const translated: Part[] = [];
  for (let done = 0; done < access.length; ) {
    const part = translatePart(vcpu, cpu, access, done);
    if ('code' in part) return part;
    translated.push(part);
    done += part.count;
  }
  for (const part of translated) {
    const accessed = attempt(() => {
      if (!keyPermits(vcpu, part, access)) return false;
      transferPart(vcpu, part, access.write, bytes);
      return true;
    });
    if (!accessed) return keyException(vcpu, part, access, access.write && part.done > 0);
  }
  return null;
}

/**
 * Checks a logical access without making it (Linux: check_gva_range). Returns null, or the exception.
 * Preconditions: as `accessLogical`
 * @throws LinuxError as `accessLogical`, and EFAULT if a key is needed of a page that the process has not mapped
 */
export function checkLogical(vcpu: GuestCpu, cpu: Cpu, access: LogicalAccess): AccessException | null {
  for (let done = 0; done < access.length; ) {
    const part = translatePart(vcpu, cpu, access, done);
    if ('code' in part) return part;
    if (!keyPermits(vcpu, part, access)) return keyException(vcpu, part, access, false);
    done += part.count;
  }
  return null;
}

/** Translates the part of an access that begins `done` bytes after its start. Returns the part, or the guest's exception. */
function translatePart(
  vcpu: GuestCpu,
  cpu: Cpu,
  access: LogicalAccess,
  done: number,
): Part | AccessException {
  const { vm, block } = vcpu;
  const address = BigInt.asUintN(block.addressBits, access.address + BigInt(done));
  const offset = Number(address % PAGE_BYTES);
  const page = logicalPage(Number(address / PAGE_BYTES));
  let [absolutePage, privateSpace] = [0, false];
  const translate = (guest: Cpu) => {
    absolutePage = guest.guestAbsolute(page, offset, access.write ? STORE : FETCH);
    privateSpace = guest.privateSpace;
  };
  for (let faults = 0; faults < FAULTS_MAX; faults++) {
    const problem = asGuest(cpu, block.origin, translate, address, access.register);
    if (problem === null) {
      const absolute = BigInt(absolutePage) * PAGE_BYTES + BigInt(offset);
      if (!vm.slots.at(absolute)) return OUTSIDE;
      const count = Math.min(access.length - done, FRAME_SIZE - offset);
      return { address, absolute, done, count, privateSpace };
    }
    if (problem.kind === 'guest') return problem;
    const table = problem.teid & TEID_PAGE;
    if (!vm.slots.at(table)) return OUTSIDE;
    faultInTable(vcpu, table);
  }
  throw new InternalError(`the translation of guest 0x${address.toString(16)} faults again and again`);
}

/** Makes a page with tables of the guest accessible. @throws LinuxError EFAULT, ENOMEM */
function faultInTable(vcpu: GuestCpu, address: bigint): void {
  try {
    vcpu.vm.faultIn(address, false);
  } catch (error) {
    if (error instanceof GuestMemoryFault) throw new LinuxError('EFAULT', error.message);
    throw error;
  }
}

function transferPart(vcpu: GuestCpu, part: Part, write: boolean, bytes: Uint8Array): void {
  const { absolute, done, count } = part;
  if (write) vcpu.vm.writeGuest(absolute, bytes.subarray(done, done + count));
  else bytes.set(vcpu.vm.readGuest(absolute, count), done);
}

/** Whether key-controlled protection permits an access to a part. @throws LinuxError EFAULT if the process has not mapped it */
function keyPermits(vcpu: GuestCpu, part: Part, { key, write }: LogicalAccess): boolean {
  if (key === 0) return true;
  const cr0 = Number(vcpu.control(0) & 0xffff_ffffn);
  const storageKey = vcpu.vm.getKey(part.absolute);
  if (write) return keyAllowsStore(cr0, key, storageKey);
  const last = Number(part.address % PAGE_BYTES) + part.count - 1;
  const page = Number(part.address / PAGE_BYTES);
  return keyAllowsFetch(cr0, key, storageKey) || fetchOverridden(cr0, page, last, part.privateSpace);
}

/** Returns the exception of key-controlled protection. @param terminated whether it has terminated a store that had begun */
function keyException(
  { block }: GuestCpu,
  part: Part,
  { write, register }: LogicalAccess,
  terminated: boolean,
): AccessException {
  const space = Number((block.pswMask >> SPACE_SHIFT) & 3n);
  const teid = (part.address & TEID_PAGE) | (write ? TEID_STORE : TEID_FETCH) | TEID_KEY | BigInt(space);
  return {
    code: PGM.PROTECTION,
    teid: terminated ? teid & ~TEID_REASON : teid,
    exceptionAccess: space === SPACE.ACCESS_REGISTER ? register : 0,
  };
}

/** Returns what an access returns, or false if the process has not mapped the memory, or not for this kind of access. */
function attempt(access: () => boolean): boolean {
  try {
    return access();
  } catch (error) {
    if (isUnmapped(error)) return false;
    throw error;
  }
}

function isUnmapped(error: unknown): boolean {
  if (error instanceof PendingFault) return false;
  return error instanceof GuestMemoryFault || (error instanceof LinuxError && error.code === 'EFAULT');
}

/** Yields the parts of a range that lie in one page each: address, bytes before, bytes. */
function* parts(address: bigint, length: number): Generator<[at: bigint, done: number, count: number]> {
  for (let done = 0; done < length; ) {
    const at = address + BigInt(done);
    const count = Math.min(length - done, FRAME_SIZE - Number(at % PAGE_BYTES));
    yield [at, done, count];
    done += count;
  }
}

/** @throws LinuxError EINVAL, E2BIG as `AbsoluteMemory.read` */
function demandRange(address: bigint, length: number, key: number): void {
  demandDoubleword('address', address);
  demandInteger('length', length, 1);
  if (length > MEM_OP_MAX_SIZE)
    throw new LinuxError('E2BIG', `${length} bytes are more than ${MEM_OP_MAX_SIZE}`);
  demandInteger('key', key, 0, 15);
}
