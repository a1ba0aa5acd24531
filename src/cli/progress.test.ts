import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { announced, ByteProgress } from './progress.ts';

let written: string;
const { isTTY } = process.stderr;

beforeEach(() => {
  written = '';
  vi.useFakeTimers();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
  process.stderr.isTTY = true;
});

afterEach(() => {
  process.stderr.isTTY = isTTY;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('progress in bytes', () => {
  it('is shown after a second, and removed', () => {
    const progress = new ByteProgress('reading kernel');
    vi.advanceTimersByTime(900);
    progress.at(1e6, 300e6);
    progress.end();
    expect(written).toBe('');
    vi.advanceTimersByTime(200);
    progress.at(2e6, 300e6);
    progress.at(3e6, 300e6);
    expect(written).toBe('\r\u001b[Kreading kernel: 2 of 300 MB');
    vi.advanceTimersByTime(300);
    progress.at(4e6, 300e6);
    progress.end();
    progress.end();
    expect(written.slice(31)).toBe('\r\u001b[Kreading kernel: 4 of 300 MB\r\u001b[K');
  });

  it('has no total if it is not known', () => {
    const progress = new ByteProgress('reading pipe');
    vi.advanceTimersByTime(1000);
    progress.at(5e6, 0);
    expect(written).toBe('\r\u001b[Kreading pipe: 5 MB');
  });

  it('is for terminals', () => {
    process.stderr.isTTY = false;
    const progress = new ByteProgress('reading');
    vi.advanceTimersByTime(5000);
    progress.at(5e6, 0);
    progress.end();
    expect(announced('loading', 1e9, () => 5)).toBe(5);
    expect(written).toBe('');
  });
});

describe('an announcement', () => {
  it('is shown while many bytes are processed, and removed in any case', () => {
    expect(announced('loading', 63e6, () => written)).toBe('');
    expect(announced('loading', 64e6, () => written)).toBe('\r\u001b[Kloading (64 MB)');
    const fail = () => {
      throw new RangeError('x');
    };
    expect(() => announced('loading', 64e6, fail)).toThrow('x');
    expect(written.slice(-23)).toBe('\r\u001b[Kloading (64 MB)\r\u001b[K');
  });
});
