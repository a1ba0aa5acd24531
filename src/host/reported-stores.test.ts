/** The host tells the processors' compiler of what it stores into frames of processes. */

import { describe, expect, it } from 'vitest';
import { FRAME_SIZE, Machine } from '../machine/index.ts';
import { Host } from './host.ts';

const AT = 0x1000_0000n;

/** A host, and the frames whose stores were reported since they were last asked for. */
function make() {
  const machine = new Machine({ storageSize: 32 << 20 });
  const frames = new Set<number>();
  machine.cpu(0).codeWatch = { stored: (frame) => frames.add(frame) !== frames, holds: () => false };
  const host = new Host(machine);
  const taken = () => {
    const found = new Set(frames);
    frames.clear();
    return found;
  };
  return { machine, host, taken };
}

/** Numbers of the frames that contain a byte. */
function framesWith({ storage }: Machine, byte: number): number[] {
  const found = new Set<number>();
  for (let at = storage.bytes.indexOf(byte); at >= 0; at = storage.bytes.indexOf(byte, at + 1))
    found.add(Math.floor(at / FRAME_SIZE));
  return [...found];
}

describe('a store of the host is reported', () => {
  it('when it writes memory of a process, first and again', () => {
    const { machine, host, taken } = make();
    const mm = host.createMm();
    mm.mmap({ address: AT, length: 0x1_0000n });
    for (const byte of [0xa5, 0xa6]) {
      mm.write(AT + 0xfffn, Uint8Array.of(byte, byte));
      const frames = framesWith(machine, byte);
      expect(frames).toHaveLength(2);
      const reported = taken();
      for (const frame of frames) expect(reported).toContain(frame);
    }
  });

  it('when it writes a file, first and again', () => {
    const { machine, host, taken } = make();
    const file = host.createFile(0x1_0000n);
    for (const byte of [0xa5, 0xa6]) {
      file.write(0x1fffn, Uint8Array.of(byte, byte));
      const frames = framesWith(machine, byte);
      expect(frames).toHaveLength(2);
      const reported = taken();
      for (const frame of frames) expect(reported).toContain(frame);
    }
  });

  it('when it copies a shared page', () => {
    const { machine, host, taken } = make();
    const mm = host.createMm();
    mm.mmap({ address: AT, length: 0x1000n });
    mm.write(AT, Uint8Array.of(0xa5));
    const [original] = framesWith(machine, 0xa5);
    const child = mm.fork(2);
    taken();
    child.fault(AT, true);
    const copies = framesWith(machine, 0xa5).filter((frame) => frame !== original);
    expect(copies).toHaveLength(1);
    expect(taken()).toContain(copies[0]);
  });

  it('when it hands out frames, for all of a block', () => {
    const { host, taken } = make();
    const address = host.kernel.frames.allocate(3, 'kernel');
    const first = address / FRAME_SIZE;
    expect([...taken()].sort((a, b) => a - b)).toEqual(Array.from({ length: 8 }, (_, i) => first + i));
  });
});
