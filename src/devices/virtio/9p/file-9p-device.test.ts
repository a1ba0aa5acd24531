import { describe, expect, it } from 'vitest';
import { ChannelSubsystem } from '../../channel/channel-subsystem.ts';
import { StateError } from '../../saved-state.ts';
import { Client9p, message9p } from '../../testing/client-9p.ts';
import { start, WAYS } from '../../testing/machine.ts';
import { TestOwner } from '../../testing/test-owner.ts';
import { VirtioDriver } from '../../testing/virtio-driver.ts';
import { VirtioCcw } from '../virtio-ccw.ts';
import { File9pDevice } from './file-9p-device.ts';
import { MemoryTree } from './memory-tree.ts';
import { MESSAGE } from './protocol.ts';

/** A tree with a file. */
function tree(): MemoryTree {
  const made = new MemoryTree();
  const file = made.create('f', { read: false, write: true, append: false }, 0o644);
  file.write(0, Buffer.from('hello'));
  file.close();
  return made;
}

/** A client behind a driver. */
function clientOf(driver: VirtioDriver, room = 8192): Client9p {
  return new Client9p((message) => {
    // Linux puts header and data into segments of their own.
    const parts = [message.subarray(0, 7), message.subarray(7)].filter(({ length }) => length > 0);
    const { written, bytes } = driver.send(0, parts, [11, room - 11]);
    return bytes.slice(0, written);
  });
}

describe.each(WAYS)('%s', (_, options) => {
  it('has its tag, and answers messages', () => {
    const { driver } = start(new File9pDevice(tree(), 'my-share'), options);
    const view = driver.configuration(10);
    expect(view.getUint16(0, driver.littleEndian)).toBe(8);
    expect(Buffer.from(view.buffer, 2).toString()).toBe('my-share');
    expect(Number(driver.features & 1n)).toBe(1);
    const client = clientOf(driver);
    expect(client.version()).toEqual({ size: 0x1_0000, name: '9P2000.L' });
    client.attach();
    client.walk(0, 1, 'f');
    client.open(1, 2);
    expect(client.write(1, 'world', 3n)).toBe(5);
    expect(client.read(1)).toBe('helworld');
    expect(() => client.walk(0, 2, 'none')).toThrow('ENOENT');
  });
});

describe('a shared folder', () => {
  it.each([
    ['a message without header', [6], [100]],
    ['no room for an error', [20], [10]],
    ['nothing', [7], []],
  ])('needs a reset after %s', (_, readable, writable) => {
    const { driver } = start(new File9pDevice(tree(), 'share'));
    driver.queues[0]?.add(
      readable.map((length) => new Uint8Array(length)),
      writable,
    );
    driver.queues[0]?.kick();
    expect(driver.status).toBe(0x4f);
  });

  it('takes the length of a message from its first field, and no more than there is', () => {
    const { driver } = start(new File9pDevice(tree(), 'share'));
    const version = message9p(MESSAGE.VERSION, (m) => m.u32(8192).text('9P2000.L'));
    const sent = (size: number) => {
      const message = version.slice();
      new DataView(message.buffer).setUint32(0, size, true);
      return driver.send(0, [message], [100]).bytes[4];
    };
    expect([version.length, 0xffff_ffff].map(sent)).toEqual([101, 101]);
    expect([0, 6, 7, version.length - 1].map(sent)).toEqual([7, 7, 7, 7]);
  });

  it('has traffic that its transport counts', () => {
    const transport = new VirtioCcw(new File9pDevice(tree(), 'share'));
    const owner = new TestOwner();
    const subsystem = new ChannelSubsystem(owner);
    subsystem.attach(transport, 0);
    clientOf(new VirtioDriver(owner, subsystem).setUp()).version();
    expect(transport.name).toBe('shared folder');
    expect(transport.traffic).toEqual({ requests: 1, bytesOut: 21, bytesIn: 21 });
  });

  it('forgets its session when the driver resets it', () => {
    const { driver } = start(new File9pDevice(tree(), 'share'));
    clientOf(driver).version();
    driver.setUp();
    expect(() => clientOf(driver).attach()).toThrow('EPROTO');
  });

  it('is restored only where it has the same tag', () => {
    const state = start(new File9pDevice(tree(), 'share')).subsystem.save();
    start(new File9pDevice(tree(), 'share')).subsystem.restore(state);
    expect(() => start(new File9pDevice(tree(), 'other')).subsystem.restore(state)).toThrow(StateError);
  });

  it.each(['', 'x'.repeat(33), 'a b', 'ü'])('has no tag "%s"', (tag) => {
    expect(() => new File9pDevice(tree(), tag)).toThrow(RangeError);
  });
});
