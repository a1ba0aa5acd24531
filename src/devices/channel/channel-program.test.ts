import { beforeEach, describe, expect, it } from 'vitest';
import {
  ChannelDriver,
  ORB_FORMAT_1,
  PROGRAM,
  subchannelId,
  type TestCcw,
} from '../testing/channel-driver.ts';
import { ECHO, EchoDevice } from '../testing/echo-device.ts';
import { TestOwner } from '../testing/test-owner.ts';
import { CCW_FLAG, TIC } from './ccw.ts';
import { ChannelSubsystem } from './channel-subsystem.ts';
import { CONTROL, SUBCHANNEL_STATUS } from './status.ts';

const DATA = 0x4000;
const { CHAIN_DATA, CHAIN_COMMAND, SUPPRESS_LENGTH, SKIP, INTERRUPT, INDIRECT, SUSPEND } = CCW_FLAG;
const { INCORRECT_LENGTH, PROGRAM_CHECK, PROTECTION_CHECK } = SUBCHANNEL_STATUS;
const FORMAT_2_IDAWS = 0x0002_0000;
const IDAWS_OF_2K = 0x0001_0000;

let owner: TestOwner;
let device: EchoDevice;
let driver: ChannelDriver;

beforeEach(() => {
  owner = new TestOwner(0x2_0000);
  const subsystem = new ChannelSubsystem(owner);
  device = new EchoDevice();
  subsystem.attach(device, 0);
  driver = new ChannelDriver(owner, subsystem);
  driver.enable();
  owner.memory.bytes.set(
    Array.from({ length: 64 }, (_, n) => n + 1),
    DATA,
  );
});

/** Stores a CCW of format 0. */
function storeFormat0(at: number, command: number, address: number, flags: number, count: number): void {
  owner.memory.view.setUint32(at, command * 0x100_0000 + address);
  owner.memory.view.setUint32(at + 4, flags * 0x100_0000 + count);
}

const read = (from: number, length: number) => [...owner.memory.bytes.subarray(from, from + length)];
const sequence = (first: number, length: number) => Array.from({ length }, (_, n) => first + n);

describe('the length of data', () => {
  it.each([
    ['as many bytes as the device takes', 16, 0, 0, 0],
    ['more', 20, 0, INCORRECT_LENGTH, 4],
    ['more, suppressed', 20, SUPPRESS_LENGTH, 0, 4],
  ] as const)('of a write: %s', (_, count, flags, status, residual) => {
    const irb = driver.run([{ command: ECHO.WRITE, flags, count, address: DATA }]);
    expect(irb).toMatchObject({ subchannelStatus: status, count: residual });
    expect([...device.content]).toEqual(sequence(1, 16));
  });

  it.each([
    ['as many bytes as the device has', 4, 0, 0, 0],
    ['more', 6, 0, INCORRECT_LENGTH, 2],
    ['fewer', 3, 0, INCORRECT_LENGTH, 0],
    ['fewer, suppressed', 3, SUPPRESS_LENGTH, 0, 0],
  ] as const)('of a read: %s', (_, count, flags, status, residual) => {
    device.content = Uint8Array.of(90, 91, 92, 93);
    const irb = driver.run([{ command: ECHO.READ, flags, count, address: DATA }]);
    expect(irb).toMatchObject({ subchannelStatus: status, count: residual });
    const stored = Math.min(count, 4);
    expect(read(DATA, 6)).toEqual([
      ...[90, 91, 92, 93].slice(0, stored),
      ...sequence(stored + 1, 6 - stored),
    ]);
  });

  it('that is wrong ends the chain', () => {
    driver.run([
      { command: ECHO.WRITE, flags: CHAIN_COMMAND, count: 20, address: DATA },
      { command: ECHO.CONTROL },
    ]);
    expect(device.calls).toEqual([]);
    driver.run([
      { command: ECHO.WRITE, flags: CHAIN_COMMAND | SUPPRESS_LENGTH, count: 20, address: DATA },
      { command: ECHO.CONTROL },
    ]);
    expect(device.calls).toEqual(['control']);
  });

  it('of a command without data counts in format 1 only, unless the ORB suppresses it', () => {
    expect(driver.run([{ command: ECHO.CONTROL, count: 1, address: DATA }]).subchannelStatus).toBe(
      INCORRECT_LENGTH,
    );
    const suppress = ORB_FORMAT_1 | 0x80;
    expect(driver.run([{ command: ECHO.CONTROL, count: 1, address: DATA }], suppress).subchannelStatus).toBe(
      0,
    );
    storeFormat0(PROGRAM, ECHO.CONTROL, DATA, 0, 1);
    driver.start(0xff00);
    expect(driver.test().irb?.subchannelStatus).toBe(0);
  });
});

describe('chaining', () => {
  it('of data spreads it over several areas', () => {
    const irb = driver.run([
      { command: ECHO.WRITE, flags: CHAIN_DATA, count: 3, address: DATA },
      { command: 0, flags: CHAIN_DATA, count: 5, address: DATA + 0x20 },
      { command: 0, count: 8, address: DATA + 8 },
    ]);
    expect(irb).toMatchObject({ subchannelStatus: 0, ccwAddress: PROGRAM + 24, count: 0 });
    expect([...device.content]).toEqual([...sequence(1, 3), ...sequence(33, 5), ...sequence(9, 8)]);
  });

  it('of data through a transfer in channel, and of commands from the last of its CCWs', () => {
    driver.program(
      [{ command: 0, flags: CHAIN_COMMAND, count: 13, address: DATA + 3 }, { command: ECHO.CONTROL }],
      0x3000,
    );
    const irb = driver.run([
      { command: ECHO.WRITE, flags: CHAIN_DATA, count: 3, address: DATA },
      { command: TIC, address: 0x3000 },
    ]);
    expect(irb).toMatchObject({ subchannelStatus: 0, ccwAddress: 0x3010 });
    expect([...device.content]).toEqual(sequence(1, 16));
    expect(device.calls).toEqual(['control']);
  });

  it('of data that the device does not want any more is an incorrect length', () => {
    device.size = 3;
    const irb = driver.run([
      { command: ECHO.WRITE, flags: CHAIN_DATA | SUPPRESS_LENGTH, count: 3, address: DATA },
      { command: 0, count: 5, address: DATA },
    ]);
    expect(irb).toMatchObject({ subchannelStatus: INCORRECT_LENGTH, ccwAddress: PROGRAM + 8 });
  });

  it('skips data if the CCW says so', () => {
    device.content = Uint8Array.of(90, 91, 92, 93);
    driver.run([
      { command: ECHO.READ, flags: CHAIN_DATA | SKIP, count: 2, address: DATA },
      { command: 0, count: 2, address: DATA + 4 },
    ]);
    expect(read(DATA, 6)).toEqual([1, 2, 3, 4, 92, 93]);
  });

  it('tells of a program-controlled interruption', () => {
    const irb = driver.run([
      { command: ECHO.CONTROL, flags: CHAIN_COMMAND | INTERRUPT },
      { command: ECHO.CONTROL },
    ]);
    expect(irb.subchannelStatus).toBe(SUBCHANNEL_STATUS.PROGRAM_CONTROLLED_INTERRUPTION);
    expect(irb.control & (CONTROL.INTERMEDIATE | CONTROL.ALERT)).toBe(CONTROL.INTERMEDIATE);
  });
});

describe('format 0', () => {
  it('has 24-bit addresses, its flags in byte 4, and transfers with any high digit', () => {
    storeFormat0(PROGRAM, ECHO.WRITE, DATA, CHAIN_COMMAND, 16);
    storeFormat0(PROGRAM + 8, 0xf8, 0x3000, 0, 0);
    storeFormat0(0x3000, ECHO.CONTROL, 0, 0, 1);
    driver.start(0xff00);
    expect(driver.test().irb).toMatchObject({ subchannelStatus: 0, ccwAddress: 0x3008 });
    expect([...device.content]).toEqual(sequence(1, 16));
    expect(device.calls).toEqual(['control']);
  });

  it('does not allow a count of 0', () => {
    storeFormat0(PROGRAM, ECHO.CONTROL, DATA, 0, 0);
    driver.start(0xff00);
    expect(driver.test().irb?.subchannelStatus).toBe(PROGRAM_CHECK);
  });
});

describe('indirect data addresses', () => {
  it('of format 1 name blocks of 2 KiB', () => {
    owner.memory.view.setUint32(0x3000, DATA + 0x7f8);
    owner.memory.view.setUint32(0x3004, DATA + 0x1000);
    owner.memory.bytes.set(sequence(101, 8), DATA + 0x7f8);
    owner.memory.bytes.set(sequence(201, 8), DATA + 0x1000);
    driver.run([{ command: ECHO.WRITE, flags: INDIRECT, count: 16, address: 0x3000 }]);
    expect([...device.content]).toEqual([...sequence(101, 8), ...sequence(201, 8)]);
  });

  it.each([
    [FORMAT_2_IDAWS, 0x1000],
    [FORMAT_2_IDAWS | IDAWS_OF_2K, 0x800],
  ])('of format 2 have 64 bits, with bits 0x%i of the ORB', (bits, block) => {
    const first = DATA + block - 8;
    owner.memory.view.setBigUint64(0x3000, BigInt(first));
    owner.memory.view.setBigUint64(0x3008, BigInt(DATA + 0x3000));
    device.content = Uint8Array.from(sequence(50, 16));
    driver.run([{ command: ECHO.READ, flags: INDIRECT, count: 16, address: 0x3000 }], ORB_FORMAT_1 | bits);
    expect(read(first, 8)).toEqual(sequence(50, 8));
    expect(read(DATA + 0x3000, 8)).toEqual(sequence(58, 8));
  });

  it.each([
    ['the list is not aligned', 0x3002, DATA, 0],
    ['the list is not in storage', 0x2_0000, 0, 0],
    ['bit 0 of a word is one', 0x3000, 0x8000_0000 + DATA, 0],
    ['the data is not in storage', 0x3000, 0x2_0000, 0],
    ['the second block is not aligned', 0x3000, DATA + 0x7f8, DATA + 0x1001],
  ])('are a program check if %s', (_, address, first, second) => {
    owner.memory.view.setUint32(0x3000, first);
    owner.memory.view.setUint32(0x3004, second);
    const irb = driver.run([{ command: ECHO.WRITE, flags: INDIRECT, count: 16, address }]);
    expect(irb.subchannelStatus).toBe(PROGRAM_CHECK);
    expect(device.content.length).toBe(0);
  });
});

describe('program checks', () => {
  const chain = { command: ECHO.CONTROL, flags: CHAIN_COMMAND };
  it.each<[string, TestCcw[], number]>([
    ['an invalid command', [{ command: 0x10 }], PROGRAM + 8],
    ['an invalid command in a chain', [chain, { command: 0 }], PROGRAM + 16],
    ['a transfer in channel at the start', [{ command: TIC, address: PROGRAM + 8 }, chain], PROGRAM + 8],
    [
      'two transfers in succession',
      [chain, { command: TIC, address: PROGRAM + 16 }, { command: TIC, address: PROGRAM }],
      PROGRAM + 24,
    ],
    [
      'a transfer with flags',
      [chain, { command: TIC, flags: SUPPRESS_LENGTH, address: PROGRAM + 16 }, chain],
      PROGRAM + 16,
    ],
    ['a transfer with a high digit in format 1', [chain, { command: 0x18, address: PROGRAM }], PROGRAM + 16],
    [
      'a transfer to an address that is not aligned',
      [chain, { command: TIC, address: PROGRAM + 4 }],
      PROGRAM + 16,
    ],
    ['a transfer to where no storage is', [chain, { command: TIC, address: 0x2_0000 }], PROGRAM + 16],
    ['a transfer beyond 2 GiB', [chain, { command: TIC, address: 0x8000_1000 }], PROGRAM + 16],
    ['data where no storage is', [{ command: ECHO.WRITE, count: 16, address: 0x1_fff8 }], PROGRAM + 8],
    ['an address beyond 2 GiB', [{ command: ECHO.WRITE, count: 16, address: 0x8000_0000 }], PROGRAM + 8],
    [
      'a count of 0 with chained data',
      [{ command: ECHO.WRITE, flags: CHAIN_DATA, address: DATA }],
      PROGRAM + 8,
    ],
    [
      'a modified indirect address',
      [{ command: ECHO.WRITE, flags: 1, count: 16, address: DATA }],
      PROGRAM + 8,
    ],
    [
      'a suspend flag in chained data',
      [
        { command: ECHO.WRITE, flags: CHAIN_DATA, count: 3, address: DATA },
        { command: 0, flags: SUSPEND, count: 3, address: DATA },
      ],
      PROGRAM + 16,
    ],
  ])('%s', (_, ccws, ccwAddress) => {
    driver.program([{ command: 0 }, { command: 0 }, { command: 0 }, { command: 0 }]);
    expect(driver.run(ccws)).toMatchObject({
      subchannelStatus: PROGRAM_CHECK,
      ccwAddress,
      control: CONTROL.START_FUNCTION | CONTROL.ALERT | CONTROL.PRIMARY | CONTROL.SECONDARY | CONTROL.PENDING,
    });
  });

  it('a program at an address that is not aligned, or where no storage is', () => {
    for (const at of [PROGRAM + 4, 0x2_0000]) {
      driver.start(ORB_FORMAT_1, at);
      expect(driver.test().irb?.subchannelStatus).toBe(PROGRAM_CHECK);
    }
  });

  it('addresses beyond the limit of the subchannel, if the ORB asks for the check', () => {
    const limited = ORB_FORMAT_1 | 0x0010_0000;
    const write = [{ command: ECHO.WRITE, count: 16, address: 0x1_0000 - 8 }];
    const { subsystem } = driver;
    subsystem.setAddressLimit(0x1_0000);
    const status = (mode: number) => {
      driver.enable(3, (view) => view.setUint16(4, (view.getUint16(4) & ~0x60) | mode));
      return [driver.run(write).subchannelStatus, driver.run(write, limited).subchannelStatus];
    };
    expect(status(0)).toEqual([0, 0]);
    expect(status(0x20)).toEqual([0, PROGRAM_CHECK]);
    expect(status(0x40)).toEqual([0, PROGRAM_CHECK]);
    write[0] = { command: ECHO.WRITE, count: 16, address: 0x1_0000 - 16 };
    expect(status(0x40)).toEqual([0, 0]);
    write[0] = { command: ECHO.WRITE, count: 16, address: 0x1_0000 };
    expect(status(0x20)).toEqual([0, 0]);
  });
});

describe('protection', () => {
  it('is checked with the key of the ORB, unless that is 0', () => {
    owner.key = 3;
    const write = [{ command: ECHO.WRITE, count: 16, address: DATA }];
    expect(driver.run(write, 0x3000_0000 + ORB_FORMAT_1).subchannelStatus).toBe(0);
    expect(driver.run(write, 0x4000_0000 + ORB_FORMAT_1).subchannelStatus).toBe(PROTECTION_CHECK);
    expect(driver.run(write).subchannelStatus).toBe(0);
  });
});

describe('programs without end', () => {
  it('are ended after 255 commands without data', () => {
    driver.run([
      { command: ECHO.CONTROL, flags: CHAIN_COMMAND },
      { command: TIC, address: PROGRAM },
    ]);
    expect(device.calls.length).toBe(256);
  });

  it('are ended after 4,096 CCWs', () => {
    let reads = 0;
    device.execute = (_, data) => {
      reads++;
      data.read(1);
      return 0;
    };
    const irb = driver.run([
      { command: ECHO.WRITE, flags: CHAIN_COMMAND, count: 1, address: DATA },
      { command: TIC, address: PROGRAM },
    ]);
    expect(irb.subchannelStatus).toBe(PROGRAM_CHECK);
    expect(reads).toBe(2048);
  });

  it('are ended in chained data, too', () => {
    device.size = 0x1_0000;
    const irb = driver.run([
      { command: ECHO.WRITE, flags: CHAIN_DATA, count: 1, address: DATA },
      { command: TIC, address: PROGRAM },
    ]);
    expect(irb.subchannelStatus).toBe(PROGRAM_CHECK);
  });
});

describe('a program stored over itself', () => {
  it('is executed as it is when each CCW is fetched', () => {
    const next = new Uint8Array(8);
    next[0] = ECHO.CONTROL;
    device.content = next;
    driver.run([
      { command: ECHO.READ, flags: CHAIN_COMMAND, count: 8, address: PROGRAM + 8 },
      { command: 0 },
    ]);
    expect(device.calls).toEqual(['control']);
    expect(driver.id).toBe(subchannelId(0));
  });
});
