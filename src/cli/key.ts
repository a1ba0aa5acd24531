/** Waits for a key on a terminal. */

import { styled } from './output.ts';

const PROMPT = '  (press any key to continue, Ctrl-C to quit)';
/** ^C, ^D, q. */
const QUIT = ['\x03', '\x04', 'q'];

/** Prompts, and waits for a key. Returns false for a key that quits, or if the terminal was closed. */
export async function continueByKey(): Promise<boolean> {
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
  // Removes the prompt by overwriting it with blanks, since there may be no control sequences.
  stdout.write(`\r${' '.repeat(PROMPT.length)}\r`);
  return !QUIT.includes(key);
}
