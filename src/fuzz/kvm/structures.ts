/** What commands of /dev/kvm are passed. A command without a line here gets a struct of the size that its number says. */

import { KVM, KVM_CAP, KVM_REG } from '../../host/task/internal.ts';
import { FD as CALLS_FD } from '../calls/layout.ts';
import type { Hex, Item, Value } from '../calls/steps.ts';
import { type Drawing, hex } from '../calls/structures.ts';
import { AT, FD, VCPUS } from './layout.ts';

const MIB = 0x10_0000;
const PAGE = 0x1000;

/** Draws the argument of a command. */
type Draw = (drawing: Drawing) => Value;

/** Two values of 4 bytes. */
function halves(high: number, low: number): Hex {
  return hex((BigInt.asUintN(32, BigInt(high)) << 32n) | BigInt.asUintN(32, BigInt(low)));
}

/** Makes a struct's drawing that of a pointer to it. */
function struct(draw: (drawing: Drawing) => readonly Item[]): Draw {
  return (drawing) => ({ data: draw(drawing) });
}

const nothing: Draw = ({ random, number }) => (random.oneIn(8) ? number() : '0x0');

function word({ random, number }: Drawing, usual: readonly number[]): number {
  return random.oneIn(8) ? Number(BigInt.asUintN(32, BigInt(number()))) : random.pick(usual);
}

/** The descriptor of an eventfd. */
const EVENT = CALLS_FD.EVENT;

/** A guest address: whole pages and MiB, their ends, and any. */
export function guestAddress({ random, number }: Drawing): Hex {
  if (random.oneIn(6)) return number();
  const start = random.pick([0, 0, PAGE, 0x2000, 0x4000, MIB, MIB, 2 * MIB, 3 * MIB, 2 ** 31, 2 ** 42]);
  return hex(start + (random.oneIn(3) ? random.pick([8, 0x80, 0x7f8, 0xff8, 0xfff, PAGE - 1, MIB - 8]) : 0));
}

function length({ random, size }: Drawing): Hex {
  return random.oneIn(4) ? size() : hex(random.pick([0, MIB, MIB, 2 * MIB, 2 * MIB, 3 * MIB, PAGE, 2 ** 42]));
}

/** Memory of the process that can be behind a guest. */
function behind({ random, pointer }: Drawing): Hex {
  return random.oneIn(8) ? pointer() : hex(AT.GUEST + random.below(3) * (random.oneIn(4) ? PAGE : MIB));
}

function slot({ random }: Drawing): number {
  return random.pick([0, 0, 0, 1, 1, 2, 31, 32_766, 32_767, 0x1_0000, -1]);
}

/** A key and an operation on it. */
function keyOperation(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const key = random.below(256).toString(16).padStart(2, '0');
  return [guestAddress(drawing), { bytes: `${key}0${random.below(5)}000000000000` }];
}

function region(drawing: Drawing): readonly Item[] {
  const flags = word(drawing, [0, 0, 0, 1, 1, 2, 3, 4]);
  return [halves(slot(drawing), flags), guestAddress(drawing), length(drawing), behind(drawing)];
}

/** Bytes to transfer, or where to. */
function buffer(drawing: Drawing): Item {
  return drawing.random.oneIn(2) ? drawing.pointer() : { data: words(drawing, 8) };
}

function words({ random, number }: Drawing, count: number): Hex[] {
  return Array.from({ length: count }, () => (random.oneIn(2) ? '0x0' : number()));
}

/** Values for registers, control registers and clocks. */
function registers(count: number): Draw {
  return struct((drawing) =>
    Array.from({ length: count }, () =>
      drawing.random.pick([drawing.number(), guestAddress(drawing), '0x0' as Hex]),
    ),
  );
}

const CAPABILITIES = Object.values(KVM_CAP);

function capability(drawing: Drawing): readonly Item[] {
  return [halves(word(drawing, CAPABILITIES), drawing.random.pick([0, 0, 0, 1])), ...words(drawing, 12)];
}

/** Groups and attributes of virtual machines and of the device of floating interruptions. */
function attribute(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  const attr = random.oneIn(8) ? number() : hex(random.below(8));
  const value = random.pick<Item>([{ data: words(drawing, 4) }, { data: ['0x0'] }, drawing.pointer()]);
  return [
    halves(random.pick([0, 0, 0, 0, 1]), word(drawing, [0, 0, 1, 2, 3, 4, 5, 6, 8, 9, 10])),
    attr,
    value,
  ];
}

/** Identifications of adapters. */
const ADAPTERS = [1, 1, 1, 1, 1, 0, 63, 64] as const;
/** A guest page that has indicators of adapters. */
const INDICATORS = 0x7000;

/** Attributes of the floating interrupt controller: groups, with lengths or adapters, and what they are passed. */
function flicAttribute(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  const attr = random.oneIn(8)
    ? number()
    : hex(random.pick([1, 1, 1, 0, 2, 4, 72, 144, 144, 72 * 20, 1 << 20]));
  const value = random.pick<Item>([
    { data: [...longInterruption(drawing), ...longInterruption(drawing)] },
    { data: [halves(random.pick(ADAPTERS), random.next())] },
    { data: [halves(random.pick(ADAPTERS), random.below(4) << 24), ...words(drawing, 1)] },
    { data: [hex(BigInt(random.next()) << 32n)] },
    drawing.pointer(),
  ]);
  return [halves(0, word(drawing, [1, 1, 2, 2, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10, 10, 10, 11])), attr, value];
}

/** struct kvm_irq_routing, with entries. */
function routing(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  const count = random.below(4);
  const place = () => (random.oneIn(4) ? guestAddress(drawing) : hex(INDICATORS + random.below(0x1000)));
  const entry = (): Item[] => [
    halves(random.pick([0, 1, 2, 3, 4095, 4096]), word(drawing, [3, 3, 3, 3, 1, 2])),
    halves(random.oneIn(16) ? 1 : 0, 0),
    place(),
    place(),
    random.oneIn(8) ? number() : hex(random.below(100)),
    halves(random.below(100), random.pick(ADAPTERS)),
  ];
  const entries = Array.from({ length: count }, entry).flat();
  return [halves(word(drawing, [count, count, count, 4096]), random.oneIn(16) ? 1 : 0), ...entries];
}

/** struct kvm_irqfd. */
function interruptEvent(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const fd = random.oneIn(4) ? drawing.fd() : EVENT;
  const gsi = word(drawing, [0, 1, 2, 3, 4095, 4096]);
  return [halves(fd, gsi), halves(word(drawing, [0, 0, 0, 1, 1, 2, 3, 4]), EVENT), ...words(drawing, 2)];
}

function memoryOperation(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  const flags = random.oneIn(8) ? number() : hex(random.below(8));
  const size = word(drawing, [0, 1, 1, 2, 4, 8, 16, 17, 256, PAGE, 0x1_0000, 0x1_0001]);
  return [
    guestAddress(drawing),
    flags,
    halves(size, word(drawing, [0, 0, 1, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7])),
    buffer(drawing),
    { bytes: `${byte(random.pick([0, 1, 15, 16]))}${byte(random.pick([0, 1, 15, 16]))}000000000000` },
    buffer(drawing),
    ...words(drawing, 2),
  ];
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function pageNumber({ random, number }: Drawing): Hex {
  return random.oneIn(8) ? number() : hex(random.pick([0, 0, 1, 2, 255, 256, 511, 512, 768]));
}

function keys(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const count = random.oneIn(6) ? drawing.number() : hex(random.pick([0, 1, 2, 16, 256, 512, 1 << 20]));
  return [
    pageNumber(drawing),
    count,
    buffer(drawing),
    halves(random.pick([0, 0, 0, 1]), 0),
    ...words(drawing, 4),
  ];
}

function usageStates(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  const count = word(drawing, [0, 1, 8, 256, 512, 1 << 20]);
  return [pageNumber(drawing), halves(count, random.pick([0, 0, 1, 1, 2])), number(), buffer(drawing)];
}

/** Types of interruptions. Linux: KVM_S390_… in include/uapi/linux/kvm.h. */
const INTERRUPTIONS = [
  ...[0xfffe_0000, 0xfffe_0001, 0xfffe_0002, 0xfffe_0003, 0xfffe_0004, 0xfffe_0005, 0xfffe_1000],
  ...[0xffff_1004, 0xffff_1005, 0xffff_2603, 0xffff_2401, 0xffff_1201, 0xffff_1202],
  ...[0, 1, 0x0001_0001, 0x0400_0000, 0x7ffd_ffff, 0xfffd_ffff],
] as const;

function interruption(drawing: Drawing): readonly Item[] {
  const parameter = word(drawing, [0, 1, 2, 4, 0x1000, 0xffff]);
  return [halves(word(drawing, INTERRUPTIONS), parameter), drawing.number()];
}

/** struct kvm_s390_irq. */
function longInterruption(drawing: Drawing): readonly Item[] {
  return [hex(word(drawing, INTERRUPTIONS)), ...words(drawing, 8)];
}

function interruptions(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const count = random.below(4);
  const all = Array.from({ length: count }, () => longInterruption(drawing)).flat();
  const size = word(drawing, [count * 72, count * 72, 0, 1, 72, 4096, 72 * 300]);
  return [random.oneIn(4) ? drawing.pointer() : { data: all }, halves(0, size), ...words(drawing, 2)];
}

function debug(drawing: Drawing): readonly Item[] {
  const { random } = drawing;
  const control = word(drawing, [0, 1, 3, 0x1_0001, 0x1_0001, 0x1_0003, 0x2_0001]);
  const one = () => [
    guestAddress(drawing),
    random.pick([behind(drawing), drawing.number()]),
    random.pick<Hex>(['0x1', '0x8', '0x1000', drawing.number()]),
    hex(BigInt(random.below(4)) << 56n),
  ];
  const points: Item = random.oneIn(4) ? drawing.pointer() : { data: [...one(), ...one()] };
  return [halves(control, 0), halves(word(drawing, [0, 1, 2, 2, 50, 51, -1]), 0), points];
}

function events(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  const flags = random.oneIn(6) ? random.below(64) : random.pick([8, 8, 9, 12, 13]);
  const fd = random.oneIn(3) ? drawing.fd() : EVENT;
  return [
    random.pick<Hex>(['0x0', '0x1', number()]),
    random.pick<Hex>(['0x10000', '0x10001', number()]),
    halves(word(drawing, [0, 8, 8, 4, 3]), fd),
    halves(flags, 0),
    ...words(drawing, 4),
  ];
}

function mapping(drawing: Drawing): readonly Item[] {
  return [behind(drawing), guestAddress(drawing), length(drawing)];
}

const REGISTER_NUMBERS = Object.values(KVM_REG).map((one) => hex(one));

function oneRegister(drawing: Drawing): readonly Item[] {
  const { random, number } = drawing;
  return [random.oneIn(8) ? number() : random.pick(REGISTER_NUMBERS), buffer(drawing)];
}

function signalMask({ random, number }: Drawing): readonly Item[] {
  // A length, and a set that is not aligned.
  const set = random.pick(['0000000000000000', 'ffffffffffffffff', hex64(number())]);
  return [{ bytes: `${random.oneIn(6) ? '00000004' : '00000008'}${set}` }];
}

function hex64(value: Hex): string {
  return value.slice(2).padStart(16, '0');
}

/** An argument that is a number. */
function numberOf(draw: (drawing: Drawing) => number): Draw {
  return (drawing) => (drawing.random.oneIn(8) ? drawing.number() : hex(draw(drawing)));
}

const set = struct(attribute);
const checkExtension = numberOf(({ random }) => random.pick(CAPABILITIES));

/** What is drawn for a command. */
const ARGUMENTS: ReadonlyMap<number, Draw> = new Map<number, Draw>([
  [KVM.CREATE_VM, numberOf(({ random }) => random.below(3))],
  [KVM.CHECK_EXTENSION, checkExtension],
  [KVM.CREATE_VCPU, numberOf(({ random }) => random.pick([0, 1, 2, 3, 4, 247, 248, 254, 255]))],
  [KVM.SET_USER_MEMORY_REGION, struct(region)],
  [KVM.SET_USER_MEMORY_REGION2, struct((drawing) => [...region(drawing), ...words(drawing, 16)])],
  [KVM.GET_DIRTY_LOG, struct((drawing) => [halves(slot(drawing), 0), buffer(drawing)])],
  [KVM.S390_UCAS_MAP, struct(mapping)],
  [KVM.S390_UCAS_UNMAP, struct(mapping)],
  [KVM.S390_VCPU_FAULT, guestAddress],
  [KVM.IOEVENTFD, struct(events)],
  [KVM.IRQFD, struct(interruptEvent)],
  [KVM.SET_GSI_ROUTING, struct(routing)],
  [KVM.RUN, nothing],
  [KVM.SET_REGS, registers(16)],
  [KVM.SET_SREGS, registers(24)],
  [KVM.SET_FPU, registers(17)],
  [KVM.SET_SIGNAL_MASK, (drawing) => (drawing.random.oneIn(4) ? '0x0' : { data: signalMask(drawing) })],
  [KVM.S390_INTERRUPT, struct(interruption)],
  [KVM.S390_STORE_STATUS, (drawing) => drawing.random.pick([hex(-1), hex(-2), guestAddress(drawing)])],
  [KVM.S390_SET_INITIAL_PSW, registers(2)],
  [KVM.SET_MP_STATE, struct(({ random }) => [halves(random.pick([5, 5, 7, 7, 7, 6, 8, 0]), 0)])],
  [KVM.SET_GUEST_DEBUG, struct(debug)],
  [KVM.ENABLE_CAP, struct(capability)],
  [KVM.GET_ONE_REG, struct(oneRegister)],
  [KVM.SET_ONE_REG, struct(oneRegister)],
  [KVM.S390_MEM_OP, struct(memoryOperation)],
  [KVM.S390_GET_SKEYS, struct(keys)],
  [KVM.S390_SET_SKEYS, struct(keys)],
  [KVM.S390_KEYOP, struct(keyOperation)],
  [KVM.S390_IRQ, struct(longInterruption)],
  [KVM.S390_SET_IRQ_STATE, struct(interruptions)],
  [KVM.S390_GET_IRQ_STATE, struct(interruptions)],
  [KVM.S390_GET_CMMA_BITS, struct(usageStates)],
  [KVM.S390_SET_CMMA_BITS, struct(usageStates)],
  [
    KVM.CREATE_DEVICE,
    struct(({ random }) => [halves(random.pick([6, 6, 5, 0]), 0), halves(random.below(2), 0)]),
  ],
  [KVM.SET_DEVICE_ATTR, set],
  [KVM.GET_DEVICE_ATTR, set],
  [KVM.HAS_DEVICE_ATTR, set],
]);

/** The size of the struct that a command's number says (Linux: _IOC_SIZE). */
function sizeOf(command: number): number {
  return (command >>> 16) & 0x3fff;
}

/** Returns a random argument for the commands of the floating interrupt controller. */
export const flicArgument = struct(flicAttribute);

/** Returns a random argument for a command. */
export function argumentFor(command: number, drawing: Drawing): Value {
  const { random } = drawing;
  if (random.oneIn(16)) return drawing.pointer();
  const draw = ARGUMENTS.get(command);
  if (draw !== undefined) return draw(drawing);
  const size = sizeOf(command);
  if (size === 0) return nothing(drawing);
  return random.oneIn(2) ? drawing.pointer() : { data: anything(drawing, Math.ceil(size / 8)) };
}

/** Values of 8 bytes: numbers, pointers, descriptors, and small numbers as words. */
function anything(drawing: Drawing, count: number): readonly Item[] {
  const { random, number, pointer, size } = drawing;
  return Array.from({ length: count }, () =>
    random.pick<Item>([
      number(),
      pointer(),
      size(),
      '0x0',
      halves(random.below(8), random.pick([0, 1, FD.VCPU + random.below(VCPUS)])),
    ]),
  );
}
