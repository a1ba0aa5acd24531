/** Guests that are played live, as the page sees them through the worker. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kernelImage } from '../../test/kernel-image.ts';
import { SavedFields } from '../devices/index.ts';
import type { Progress, Source } from '../player/index.ts';
import { checkedState, encodeValue, type GuestState, STATE_FILE_LINE } from '../vmm/index.ts';
import { MachineWorker } from './machine-worker.ts';
import { stateFile, stateOf } from './state-file.ts';

const QUIET = { injectedFault: null, check: true } as const;
const ECHO: Source = { kind: 'guest', name: 'echo', image: kernelImage('echo'), memory: 8n << 20n };
const END = { step: Infinity, event: 0 };
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A worker with a guest that runs, and what it has reported. */
class Opened {
  readonly worker = new MachineWorker();
  readonly reports: Progress[] = [];
  ended: Promise<Progress>;
  #arrived = () => {};

  constructor(source: Source) {
    this.ended = this.worker.open(source, QUIET, this.#report);
  }

  readonly #report = (progress: Progress) => {
    this.reports.push(progress);
    this.#arrived();
  };

  /** All output. */
  get output(): string {
    return this.reports.flatMap(({ output }) => output.map(({ text }) => text)).join('');
  }

  /** Waits until a report fulfils a condition. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#arrived = resolve));
  }

  resume(steps?: number): void {
    this.ended = this.worker.resume(this.#report, steps);
  }
}

let opened: Opened;

beforeEach(async () => {
  opened = new Opened(ECHO);
  await opened.until(() => opened.reports.at(-1)?.live?.waits === true);
});

afterEach(() => opened.worker.pause());

describe('a live guest', () => {
  it('gets input, and reports each piece of output once', async () => {
    await opened.worker.input(bytesOf('ls\r'));
    await opened.until(() => opened.output.includes('LS\n'));
    expect(opened.output).toBe('Type something; ^D ends.\nLS\n');
    await opened.worker.input(bytesOf('\x04'));
    expect((await opened.ended).end).toMatchObject({ stuck: false });
  });

  it('can be paused, stepped and resumed', async () => {
    await opened.worker.pause();
    const { steps } = await opened.ended;
    await opened.worker.input(bytesOf('a\r'));
    opened.resume(3);
    expect((await opened.ended).steps).toBe(steps + 3);
    opened.resume();
    await opened.until(() => opened.output.endsWith('A\n'));
  });

  it('can be seen at its end, and at each earlier position', async () => {
    const { position, outline } = await opened.worker.query(END, { outline: true });
    expect(position.step).toBe(opened.reports.at(-1)?.steps);
    expect(outline?.map(({ name }) => name)).toEqual(['process 0', 'gmap 0']);
    const ask = { processors: true };
    const now = await opened.worker.query(END, ask);
    const again = await opened.worker.query(position, ask);
    const code = ({ processors }: typeof now) => processors?.[0]?.registers;
    expect(code(again)).toEqual(code(now));
    const early = await opened.worker.query({ step: 100, event: 0 }, ask);
    expect(code(early)).not.toEqual(code(now));
    // There is nothing beyond the end.
    const beyond = await opened.worker.query({ step: position.step + 500, event: 0 }, {});
    expect(beyond.position.step).toBe(position.step);
  });

  it('is not followed where its tables are, which are elsewhere in another run', async () => {
    const target = { space: null, address: 0x1000n, length: 8 };
    await expect(opened.worker.searchChange(target, END, 'previous', () => {})).rejects.toThrow('live guest');
  });
});

describe('the state of a live guest', () => {
  it('is a file with which it goes on', async () => {
    await opened.worker.input(bytesOf('one '));
    const { length } = opened.reports;
    await opened.until(() => opened.reports.length > length);
    const image = await saved();
    const other = new Opened({ kind: 'guest', name: 'echo.state', image });
    await other.until(() => other.reports.at(-1)?.live?.waits === true);
    await other.worker.input(bytesOf('two\r'));
    await other.until(() => other.output.includes('\n'));
    expect(other.output).toBe('ONE TWO\n');
    await other.worker.pause();
  });

  it.each<[string, (state: GuestState) => unknown, string]>([
    ['with disks', withDevices(5), 'a guest with disks, shares or a network (2)'],
    ['of other devices', withDevices(2), 'the state cannot be restored: 2 devices are saved, and 3 attached'],
    [
      'with too much memory',
      (state) => inConfiguration(state, { maps: [{ from: 1n << 28n, to: 0n, length: 1n << 40n }] }),
      '1048576 MiB of memory are more than the 512 MiB',
    ],
    ['with maps that overlap', (state) => inConfiguration(state, { maps: [map(), map()] }), 'overlap'],
    ['without registers', (state) => ({ ...state, vcpus: [] }), 'CPUs'],
    ['that is no object', () => 7, 'guest is not an object'],
  ])('%s is refused in one line', async (_, change, message) => {
    const state = await stateOf('echo', await saved());
    const image = await bytesIn(await stateFile(change(state) as GuestState));
    const said = await refusal({ kind: 'guest', name: 'x.state', image });
    expect(said).toContain(message);
    expect(said).not.toContain('\n');
  });

  it.each<[string, (file: Uint8Array) => Uint8Array, string]>([
    ['that is cut', (file) => file.slice(0, -20), 'x.state: not a whole state'],
    ['that is not compressed', () => bytesOf(`${STATE_FILE_LINE}junk`), 'x.state: not a whole state'],
    ['of another version', () => bytesOf('guesthouse state 9\n'), 'x.state: a state of version 9'],
  ])('%s is refused in one line', async (_, change, message) => {
    const image = change(await saved());
    expect(await refusal({ kind: 'guest', name: 'x.state', image })).toContain(message);
  });

  it('is not unpacked beyond a limit', async () => {
    const bomb = await bytesIn(await stateFile(new Uint8Array(1 << 20) as unknown as GuestState));
    await expect(stateOf('x.state', bomb, 1000)).rejects.toThrow(
      'x.state: the state has more than 1000 bytes',
    );
    expect(encodeValue(null)).toHaveLength(1);
  });
});

const bytesIn = async (file: Blob) => new Uint8Array(await file.arrayBuffer());

/** Returns the file with the state of the guest. */
async function saved(): Promise<Uint8Array> {
  return bytesIn(await opened.worker.save());
}

/** Returns why a source cannot be played: when it is opened, or at its first step. */
async function refusal(source: Source): Promise<string> {
  const worker = new MachineWorker();
  try {
    return (await worker.open(source, QUIET, () => {})).end?.sentence ?? 'it runs';
  } catch (error) {
    return (error as Error).message;
  }
}

const map = () => ({ from: 1n << 28n, to: 0n, length: 8n << 20n });

function inConfiguration(state: GuestState, changed: Partial<GuestState['configuration']>): GuestState {
  return { ...state, configuration: { ...state.configuration, ...changed } };
}

/** Returns a function that gives a state `count` devices. */
function withDevices(count: number): (state: GuestState) => unknown {
  return (state) => {
    const devices = state.channels as { channels: { subchannels: unknown[] } };
    const all = new SavedFields('channels', devices.channels).list('subchannels', 100, (one) => one);
    const subchannels = Array.from({ length: count }, (_, n) => all[n % all.length]);
    return checkedState({
      ...state,
      channels: { ...devices, channels: { ...devices.channels, subchannels } },
    });
  };
}
