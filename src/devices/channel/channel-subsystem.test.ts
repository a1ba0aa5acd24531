import { beforeEach, describe, expect, it } from 'vitest';
import { StateError } from '../saved-state.ts';
import { ChannelDriver, makeOrb, ORB_FORMAT_1, PROGRAM, subchannelId } from '../testing/channel-driver.ts';
import { ECHO, EchoDevice } from '../testing/echo-device.ts';
import { TestOwner } from '../testing/test-owner.ts';
import { CCW_FLAG } from './ccw.ts';
import { ChannelSubsystem } from './channel-subsystem.ts';
import { CONTROL, DEVICE_STATUS, FLAGS, SUBCHANNEL_STATUS } from './status.ts';

const ID = subchannelId(0);
const DATA = 0x2000;
const ENDED = CONTROL.START_FUNCTION | CONTROL.PRIMARY | CONTROL.SECONDARY | CONTROL.PENDING;
const NORMAL = DEVICE_STATUS.CHANNEL_END | DEVICE_STATUS.DEVICE_END;

let owner: TestOwner;
let subsystem: ChannelSubsystem;
let device: EchoDevice;
let driver: ChannelDriver;

beforeEach(() => {
  owner = new TestOwner();
  subsystem = new ChannelSubsystem(owner);
  device = new EchoDevice();
  subsystem.attach(device, 0xabcd);
  driver = new ChannelDriver(owner, subsystem);
});

describe('naming a subchannel', () => {
  it.each([0, 0x0100_0000 | 1, 0xfe00_0000 | 0x1_0000])('%i is an operand exception', (id) => {
    const all = [
      subsystem.storeSubchannel(id),
      subsystem.modifySubchannel(id, new Uint8Array(52)),
      subsystem.startSubchannel(id, makeOrb(0)),
      subsystem.testSubchannel(id, () => true),
      subsystem.clearSubchannel(id),
      subsystem.haltSubchannel(id),
      subsystem.cancelSubchannel(id),
      subsystem.resumeSubchannel(id),
    ];
    for (const result of all) expect(result).toEqual({ program: 0x15 });
  });

  it('a subchannel that does not exist, or is in another set, is not operational', () => {
    for (const id of [subchannelId(1), ID | 0x2_0000, ID | 0x0008_0000, ID | 0xfe08_0000]) {
      expect(subsystem.storeSubchannel(id)).toEqual({ cc: 3 });
      expect(subsystem.startSubchannel(id, makeOrb(0))).toEqual({ cc: 3 });
      expect(subsystem.testSubchannel(id, () => true)).toEqual({ cc: 3 });
    }
  });

  it('has image 0xfe after images are enabled', () => {
    const block = new Uint8Array(4096);
    new DataView(block.buffer).setUint32(0, 0x0400_0031);
    expect(subsystem.storeSubchannel(ID | 0xfe08_0000)).toEqual({ cc: 3 });
    expect(subsystem.channelSubsystemCall(block)).toMatchObject({ cc: 0, offset: 0x400 });
    expect(subsystem.storeSubchannel(ID | 0xfe08_0000)).toMatchObject({ cc: 0 });
    expect(subsystem.storeSubchannel(ID)).toMatchObject({ cc: 0 });
    driver.enable();
    driver.program([{ command: ECHO.CONTROL }]);
    driver.start();
    expect([...owner.interruptions.subchannels.keys()]).toEqual([0xfe09_0000]);
  });
});

describe('STORE and MODIFY SUBCHANNEL', () => {
  it('store device number, path and what was modified', () => {
    const before = new DataView(driver.schib().buffer);
    expect(before.getUint16(4)).toBe(1);
    expect(before.getUint16(6)).toBe(0xabcd);
    expect([8, 11, 14, 15].map((at) => before.getUint8(at))).toEqual([0x80, 0x80, 0xff, 0x80]);
    expect(driver.enable(5, (view) => view.setUint32(0, 0xdead_beef))).toBe(0);
    const after = new DataView(driver.schib().buffer);
    expect(after.getUint16(4)).toBe(0x2881);
    expect(after.getUint32(0)).toBe(0xdead_beef);
  });

  it.each([
    [4, 0xc000],
    [4, 0x0700],
    [4, 0x0060],
    [26, 0x0002],
    [24, 0xff00],
  ])('bits at %i that are reserved are an operand exception', (at, bits) => {
    const schib = driver.schib();
    const view = new DataView(schib.buffer);
    view.setUint16(at, view.getUint16(at) | bits);
    expect(subsystem.modifySubchannel(ID, schib)).toEqual({ program: 0x15 });
  });

  it('a device learns that its subchannel was disabled', () => {
    driver.enable();
    expect(device.calls).toEqual([]);
    driver.disable();
    expect(device.calls).toEqual(['disabled']);
  });

  it('MODIFY SUBCHANNEL is refused while status is pending', () => {
    driver.enable();
    driver.program([{ command: ECHO.CONTROL }]);
    driver.start();
    expect(driver.enable()).toBe(1);
  });
});

describe('START and TEST SUBCHANNEL', () => {
  it('are refused on a disabled subchannel', () => {
    expect(driver.start()).toBe(3);
    expect(driver.test().cc).toBe(3);
  });

  it('execute a program and report its end, once', () => {
    driver.enable(6);
    owner.memory.bytes.set([1, 2, 3, 4], DATA);
    driver.program([{ command: ECHO.WRITE, flags: CCW_FLAG.SUPPRESS_LENGTH, count: 4, address: DATA }]);
    expect(driver.start()).toBe(0);
    expect([...device.content]).toEqual([1, 2, 3, 4]);
    expect([...owner.interruptions.subchannels]).toEqual([[ID, { parameter: 0x1234_5678, isc: 6 }]]);
    expect(driver.start()).toBe(1);
    const { cc, irb } = driver.test();
    expect(cc).toBe(0);
    expect(irb).toMatchObject({
      control: ENDED,
      ccwAddress: PROGRAM + 8,
      deviceStatus: NORMAL,
      subchannelStatus: 0,
      count: 0,
    });
    expect(owner.interruptions.subchannels.size).toBe(0);
    expect(driver.test()).toMatchObject({ cc: 1, irb: { control: 0 } });
  });

  it('nothing changes if the interruption-response block cannot be stored', () => {
    driver.enable();
    driver.program([{ command: ECHO.CONTROL }]);
    driver.start();
    expect(subsystem.testSubchannel(ID, () => false)).toBeNull();
    expect(owner.interruptions.subchannels.size).toBe(1);
    expect(driver.test().cc).toBe(0);
  });

  it('report an unknown command as unit check, and sense data as asked for', () => {
    driver.enable();
    expect(driver.run([{ command: 0x0b }])).toMatchObject({
      control: ENDED | CONTROL.ALERT,
      deviceStatus: NORMAL | DEVICE_STATUS.UNIT_CHECK,
    });
    driver.run([{ command: 0x04, count: 32, address: DATA }]);
    expect([...owner.memory.bytes.subarray(DATA, DATA + 2)]).toEqual([0x80, 0]);
    driver.run([{ command: 0x04, count: 32, address: DATA }]);
    expect(owner.memory.bytes[DATA]).toBe(0);
  });

  it('store sense data at once in concurrent-sense mode', () => {
    driver.enable(3, (view) => view.setUint32(24, 1));
    const irb = driver.run([{ command: 0x0b }]);
    expect(irb.flags & FLAGS.EXTENDED_CONTROL).not.toBe(0);
    expect([...irb.bytes.subarray(12, 20)]).toEqual([0, 0x80, 0, 0, 1, 32, 0, 0]);
    expect(irb.bytes[32]).toBe(0x80);
    driver.run([{ command: 0x04, count: 32, address: DATA }]);
    expect(owner.memory.bytes[DATA]).toBe(0);
  });

  it('report deferred condition code 3 if the ORB names no path', () => {
    driver.enable();
    const irb = driver.run([{ command: ECHO.CONTROL }], ORB_FORMAT_1 & ~0x8000);
    expect(irb.flags & FLAGS.DEFERRED_CC).toBe(FLAGS.DEFERRED_CC);
    expect(irb.control).toBe(CONTROL.START_FUNCTION | CONTROL.ALERT | CONTROL.PENDING);
    expect(device.calls).toEqual([]);
  });

  it.each([0x0004_0000, 0x40, 0x20, 0x02])('bit %i of word 1 of the ORB is an operand exception', (bit) => {
    driver.enable();
    expect(subsystem.startSubchannel(ID, makeOrb(PROGRAM, ORB_FORMAT_1 | bit))).toEqual({ program: 0x15 });
    expect(subsystem.startSubchannel(ID, makeOrb(0x8000_0000))).toEqual({ program: 0x15 });
  });

  it('SENSE ID returns the types of control unit and device', () => {
    driver.enable();
    driver.run([{ command: 0xe4, count: 7, address: DATA }]);
    expect([...owner.memory.bytes.subarray(DATA, DATA + 7)]).toEqual([0xff, 0x12, 0x34, 5, 0x67, 0x89, 10]);
  });
});

describe('suspended programs', () => {
  const SUSPENDABLE = ORB_FORMAT_1 | 0x0800_0000;

  it('are suspended before a command with the flag, and resumed there', () => {
    driver.enable();
    const chain = CCW_FLAG.CHAIN_COMMAND;
    const first = { command: ECHO.CONTROL, flags: chain };
    const irb = driver.run([first, { command: ECHO.CONTROL, flags: CCW_FLAG.SUSPEND }], SUSPENDABLE);
    expect(irb).toMatchObject({
      control: CONTROL.START_FUNCTION | CONTROL.SUSPENDED | CONTROL.INTERMEDIATE | CONTROL.PENDING,
      ccwAddress: PROGRAM + 16,
    });
    expect(device.calls).toEqual(['control']);
    expect(driver.start()).toBe(2);
    driver.program([first, { command: ECHO.CONTROL }]);
    expect(subsystem.resumeSubchannel(ID)).toEqual({ cc: 0 });
    expect(driver.test().irb).toMatchObject({ control: ENDED, ccwAddress: PROGRAM + 16 });
    expect(device.calls).toEqual(['control', 'control']);
    expect(subsystem.resumeSubchannel(ID)).toEqual({ cc: 2 });
  });

  it('need the ORB to allow it', () => {
    driver.enable();
    const irb = driver.run([{ command: ECHO.CONTROL, flags: CCW_FLAG.SUSPEND }]);
    expect(irb.subchannelStatus).toBe(SUBCHANNEL_STATUS.PROGRAM_CHECK);
  });

  it('can be cancelled, halted and cleared', () => {
    driver.enable();
    const suspend = () => driver.run([{ command: ECHO.CONTROL, flags: CCW_FLAG.SUSPEND }], SUSPENDABLE);
    suspend();
    expect(subsystem.cancelSubchannel(ID)).toEqual({ cc: 0 });
    expect(subsystem.cancelSubchannel(ID)).toEqual({ cc: 2 });
    suspend();
    expect(subsystem.haltSubchannel(ID)).toEqual({ cc: 0 });
    expect(driver.test().irb).toMatchObject({ control: CONTROL.HALT_FUNCTION | CONTROL.PENDING });
    suspend();
    expect(subsystem.clearSubchannel(ID)).toEqual({ cc: 0 });
    expect(driver.test().irb).toMatchObject({ control: CONTROL.CLEAR_FUNCTION | CONTROL.PENDING });
    expect(driver.start()).toBe(0);
  });

  it('stay suspended without an interruption if the ORB suppresses it', () => {
    driver.enable();
    driver.program([{ command: ECHO.CONTROL, flags: CCW_FLAG.SUSPEND }]);
    expect(driver.start(SUSPENDABLE | 0x0008_0000)).toBe(0);
    expect(owner.interruptions.subchannels.size).toBe(0);
    expect(driver.test().cc).toBe(1);
    expect(driver.schib()[28 + 3]).toBe(CONTROL.SUSPENDED);
  });
});

describe('halting and clearing', () => {
  it('an idle subchannel becomes status pending', () => {
    driver.enable();
    expect(subsystem.haltSubchannel(ID)).toEqual({ cc: 0 });
    expect(subsystem.haltSubchannel(ID)).toEqual({ cc: 1 });
    expect(driver.test().irb).toMatchObject({ control: CONTROL.HALT_FUNCTION | CONTROL.PENDING });
    expect(subsystem.clearSubchannel(ID)).toEqual({ cc: 0 });
    expect(owner.interruptions.subchannels.size).toBe(1);
    expect(driver.test().irb).toMatchObject({ control: CONTROL.CLEAR_FUNCTION | CONTROL.PENDING });
  });
});

describe('unsolicited status', () => {
  it('is an alert with an interruption, once until it is tested', () => {
    device.port?.alert();
    expect(owner.interruptions.subchannels.size).toBe(0);
    driver.enable(2);
    device.port?.alert();
    device.port?.alert();
    expect([...owner.interruptions.subchannels.values()]).toEqual([{ parameter: 0, isc: 2 }]);
    expect(driver.test().irb).toMatchObject({ control: CONTROL.ALERT | CONTROL.PENDING });
    expect(driver.test().cc).toBe(1);
  });
});

describe('channel reports', () => {
  const stored: number[] = [];
  const take = () =>
    subsystem.storeChannelReportWord((bytes) => {
      stored.push(new DataView(bytes.buffer).getUint32(0));
      return true;
    });

  beforeEach(() => {
    stored.length = 0;
  });

  it('tell of a device that is plugged in', () => {
    expect(take()).toEqual({ cc: 1 });
    subsystem.plug(new EchoDevice(), 1);
    expect(owner.interruptions.channelReports).toBe(1);
    expect(subsystem.storeChannelReportWord(() => false)).toBeNull();
    expect(take()).toEqual({ cc: 0 });
    expect(take()).toEqual({ cc: 1 });
    expect(stored).toEqual([0, 0x0304_0001, 0]);
  });

  it('tell of a channel path that was reset, and of reports that were lost', () => {
    for (let n = 0; n < 100; n++) expect(subsystem.resetChannelPath(0)).toEqual({ cc: 0 });
    expect(owner.interruptions.channelReports).toBe(1);
    let words = 0;
    while (take()?.cc === 0) words++;
    expect(words).toBe(64);
    subsystem.resetChannelPath(0);
    expect(owner.interruptions.channelReports).toBe(2);
    take();
    expect(stored[0]).toBe(0x0402_0000);
    expect(stored.at(-1)).toBe(0x2402_0000);
    expect(subsystem.resetChannelPath(1)).toEqual({ cc: 3 });
    expect(subsystem.resetChannelPath(0x100)).toEqual({ program: 0x15 });
    expect(subsystem.resetChannelPath(0xfe_0000)).toEqual({ program: 0x15 });
  });
});

describe('other instructions', () => {
  it('SET ADDRESS LIMIT takes multiples of 64 KiB below 2 GiB', () => {
    expect(subsystem.setAddressLimit(0x7fff_0000)).toEqual({ cc: 0 });
    expect(subsystem.setAddressLimit(0x8000_0000)).toEqual({ program: 0x15 });
    expect(subsystem.setAddressLimit(1)).toEqual({ program: 0x15 });
  });

  it('SET CHANNEL MONITOR counts starts in both formats of blocks', () => {
    expect(subsystem.setChannelMonitor(2, 0x4001n)).toEqual({ program: 0x15 });
    expect(subsystem.setChannelMonitor(4, 0n)).toEqual({ program: 0x15 });
    expect(subsystem.setChannelMonitor(2, 0x4000n)).toEqual({ cc: 0 });
    driver.enable(0, (view) => {
      view.setUint16(4, view.getUint16(4) | 0x10);
      view.setUint16(12, 3);
    });
    driver.run([{ command: ECHO.CONTROL }]);
    driver.run([{ command: ECHO.CONTROL }]);
    expect(owner.memory.view.getUint16(0x4060)).toBe(2);
    driver.enable(0, (view) => {
      view.setUint32(24, 4);
      view.setBigUint64(40, 0x5040n);
    });
    owner.memory.view.setUint32(0x5040, 0xffff);
    driver.run([{ command: ECHO.CONTROL }]);
    expect(owner.memory.view.getUint32(0x5040)).toBe(0x1_0000);
    subsystem.setChannelMonitor(0, 0n);
    driver.run([{ command: ECHO.CONTROL }]);
    expect(owner.memory.view.getUint32(0x5040)).toBe(0x1_0000);
  });

  it('STORE CHANNEL PATH STATUS stores that no path is active', () => {
    expect(subsystem.storeChannelPathStatus()).toEqual(new Uint8Array(32));
  });

  it('a notification reaches the device, or fails as -EINVAL', () => {
    const failed = 0xffff_ffff_ffff_ffean;
    expect(subsystem.notify(ID, 0n)).toBe(0n);
    expect(subsystem.notify(ID, 1n)).toBe(failed);
    expect(subsystem.notify(ID, 1n << 32n)).toBe(failed);
    expect(subsystem.notify(subchannelId(7), 0n)).toBe(failed);
    expect(subsystem.notify(0, 0n)).toBe(failed);
    expect(device.calls).toEqual(['notify 0', 'notify 1']);
  });
});

describe('attaching', () => {
  it('a device number is unique and has 16 bits', () => {
    for (const number of [0xabcd, -1, 0x1_0000, 0.5]) {
      expect(() => subsystem.attach(new EchoDevice(), number)).toThrow(RangeError);
    }
  });
});

describe('reset', () => {
  it('resets subchannels, devices, reports and limits', () => {
    driver.enable();
    driver.program([{ command: ECHO.CONTROL }]);
    driver.start();
    subsystem.plug(new EchoDevice(), 1);
    subsystem.reset();
    expect(owner.interruptions.subchannels.size).toBe(0);
    expect(device.calls).toContain('reset');
    expect(driver.start()).toBe(3);
    expect(subsystem.reportPending).toBe(false);
    expect(new DataView(driver.schib().buffer).getUint16(4)).toBe(1);
  });
});

describe('save and restore', () => {
  it('continue where the state was saved, in another subsystem', () => {
    driver.enable(4);
    const flags = CCW_FLAG.SUSPEND;
    driver.run([{ command: ECHO.CONTROL, flags }], ORB_FORMAT_1 | 0x0800_0000);
    device.content = Uint8Array.of(7);
    subsystem.resetChannelPath(0);
    subsystem.setAddressLimit(0x10000);
    const state = structuredClone(subsystem.save());

    const other = new ChannelSubsystem(owner);
    const otherDevice = new EchoDevice();
    other.attach(otherDevice, 0xabcd);
    other.restore(state);
    expect(other.save()).toEqual(state);
    driver.program([{ command: ECHO.CONTROL }]);
    expect(other.resumeSubchannel(ID)).toEqual({ cc: 0 });
    expect(otherDevice.calls).toEqual(['control']);
    expect(otherDevice.content).toEqual(Uint8Array.of(7));
    expect(other.reportPending).toBe(true);
  });

  it('a state that is not one changes nothing', () => {
    const state = subsystem.save() as { subchannels: Record<string, unknown>[] } & Record<string, unknown>;
    const [one] = state.subchannels as [Record<string, unknown>];
    const schib = one['schib'] as Uint8Array;
    const suspendedAt0 = schib.slice();
    suspendedAt0[30] = 0x40;
    suspendedAt0[31] = 0x20;
    const wrong = [
      null,
      {},
      { ...state, images: 1 },
      { ...state, addressLimit: -1 },
      { ...state, measurement: 1n << 64n },
      { ...state, subchannels: [] },
      { ...state, subchannels: [{ ...one, deviceNumber: 1 }] },
      { ...state, subchannels: [{ ...one, orb: new Uint8Array(12).fill(255) }] },
      { ...state, subchannels: [{ ...one, schib: suspendedAt0 }] },
      { ...state, subchannels: [{ ...one, schib: new Uint8Array(52).fill(255) }] },
      { ...state, subchannels: [{ ...one, device: { content: 'x' } }] },
      { ...state, reports: { words: ['x'], lost: false, quiet: true } },
    ];
    device.content = Uint8Array.of(9);
    const before = structuredClone(subsystem.save());
    for (const bad of wrong) expect(() => subsystem.restore(bad)).toThrow(StateError);
    expect(subsystem.save()).toEqual(before);
  });
});
