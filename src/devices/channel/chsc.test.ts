import { beforeEach, describe, expect, it } from 'vitest';
import { EchoDevice } from '../testing/echo-device.ts';
import { TestOwner } from '../testing/test-owner.ts';
import { ChannelSubsystem } from './channel-subsystem.ts';

let subsystem: ChannelSubsystem;

beforeEach(() => {
  subsystem = new ChannelSubsystem(new TestOwner());
  subsystem.attach(new EchoDevice(), 0x0a00);
  subsystem.attach(new EchoDevice(), 0x0a01);
});

/** Performs a call. Returns the response, or null if it is an operand exception. */
function call(command: number, operands: readonly number[] = [], length = 16): DataView | null {
  const block = new Uint8Array(4096);
  const view = new DataView(block.buffer);
  view.setUint16(0, length);
  view.setUint16(2, command);
  operands.forEach((word, n) => {
    view.setUint32(4 + n * 4, word);
  });
  const result = subsystem.channelSubsystemCall(block);
  if ('program' in result) return null;
  expect(result.offset).toBe(length);
  expect(result.response.length).toBeLessThanOrEqual(4096 - length);
  return new DataView(result.response.buffer, result.response.byteOffset, result.response.byteLength);
}

const code = (view: DataView | null) => view?.getUint16(2);

describe('CHANNEL SUBSYSTEM CALL', () => {
  it.each([0, 8, 15, 17, 4089, 4096])('a request of %i bytes is an operand exception', (length) => {
    expect(call(0x10, [], length)).toBeNull();
  });

  it.each([0, 0x12, 0x26, 0xffff])('command %i is not supported', (command) => {
    const response = call(command);
    expect([response?.getUint16(0), code(response), response?.getUint32(4)]).toEqual([8, 4, 0]);
  });

  it('the response to the longest request has 8 bytes', () => {
    expect(call(0x26, [], 4088)?.byteLength).toBe(8);
    expect(call(0x10, [], 4088)?.byteLength).toBe(8);
  });

  it('stores characteristics', () => {
    const response = call(0x10);
    expect([response?.getUint16(0), code(response)]).toEqual([4080, 1]);
    expect(response?.getUint32(8 + 4)).toBe(0x0007_9000);
    expect(response?.getUint32(8 + 2040)).toBe(0x4000_0000);
    expect(code(call(0x10, [0x0001_0000]))).toBe(7);
    expect(code(call(0x10, [0x0000_0100]))).toBe(8);
    expect(code(call(0x10, [0x2000_fe00]))).toBe(1);
    expect(code(call(0x10, [1]))).toBe(3);
  });

  it('describes the channel path', () => {
    const short = call(0x02, [0, 0xff]);
    expect([short?.getUint16(0), code(short), short?.getUint32(8)]).toEqual([16, 1, 0x8000_3200]);
    const long = call(0x02, [0x1000_0000, 0xff]);
    expect([long?.getUint16(0), long?.getUint32(4), long?.getUint32(8)]).toEqual([40, 1, 0x8000_3200]);
    expect(call(0x02, [1, 0xff])?.getUint16(0)).toBe(8);
    expect(code(call(0x02, [0x02, 0x01]))).toBe(3);
    expect(code(call(0x02, [0x0100_0000, 0xff]))).toBe(7);
    expect(code(call(0x02, [0x0001_0000, 0xff]))).toBe(8);
    expect(code(call(0x02, [0, 0x100]))).toBe(3);
  });

  it('describes subchannels', () => {
    const response = call(0x04, [0, 1]);
    expect([response?.getUint16(0), code(response)]).toEqual([8 + 64, 1]);
    expect([
      response?.getUint8(40),
      response?.getUint16(42),
      response?.getUint8(44),
      response?.getUint16(46),
    ]).toEqual([0xc0, 0x0a01, 0x80, 1]);
    expect(call(0x04, [1, 5])?.getUint8(8 + 32)).toBe(0);
    expect(call(0x04, [0, 0xffff])?.getUint16(0)).toBe(8 + 127 * 32);
    expect(code(call(0x04, [2, 1]))).toBe(3);
    expect(code(call(0x04, [0x0010_0000, 1]))).toBe(3);
  });

  it('has no events', () => {
    expect(code(call(0x0e))).toBe(5);
  });

  it('enables images and subchannel sets', () => {
    expect(code(call(0x31, [0], 0x400))).toBe(1);
    expect(code(call(0x31, [2], 0x400))).toBe(1);
    expect(code(call(0x31, [1], 0x400))).toBe(3);
    expect(code(call(0x31, [0], 16))).toBe(3);
    expect(code(call(0x31, [0x0100_0000], 0x400))).toBe(7);
    subsystem.plug(new EchoDevice(), 5);
    const words: number[] = [];
    const store = (bytes: Uint8Array) => words.push(new DataView(bytes.buffer).getUint32(0)) > 0;
    while (subsystem.storeChannelReportWord(store)?.cc === 0);
    expect(words).toEqual([0x1304_0002, 0x0304_fe00, 0]);
  });
});
