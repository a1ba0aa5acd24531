/**
 * Waits for a key on a terminal.
 */

import { styled } from './output.ts';

const PROMPT = '  (a key goes on, Ctrl-C leaves)';
/** ^C, ^D, q. */
const LEAVE = ['\x03', '\x04', 'q'];

/** Waits for a key. Returns false for one that leaves, and when the terminal is gone. */
export async function goesOn(): Promise<boolean> {
  const { stdin, stdout } = process;
  const restore = () => stdin.setRawMode(false);
  process.on('exit', restore);
  stdin.setRawMode(true);
  stdout.write(styled('dim', PROMPT));
  const key = await new Promise<string>((resolve) => {
    stdin.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
    stdin.once('end', () => resolve('q'));
    stdin.once('error', () => resolve('q'));
    stdin.resume();
  });
  stdin.pause();
  for (const event of ['end', 'error']) stdin.removeAllListeners(event);
  restore();
  process.off('exit', restore);
  // The prompt goes: without colour it is overwritten with blanks.
  stdout.write(`\r${' '.repeat(PROMPT.length)}\r`);
  return !LEAVE.includes(key);
}
