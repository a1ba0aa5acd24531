import { describe, expect, it } from 'vitest';
import { sourceOf } from './emitter.ts';

/** An error with a given stack. */
function withStack(...frames: string[]): Error {
  const error = new Error('of a test');
  error.stack = ['Error: of a test', ...frames].join('\n');
  return error;
}

/** Folders that a user may keep the project in, some named like its parts. */
const FOLDERS = ['/home/me', '/home/check/trace', '/srv/Checker/deliver.d', '/opt/locks.js', '/opt/Hook@2'];

describe('the frame that emitted', () => {
  it.each(FOLDERS)('is found when the project lies in %s', (folder) => {
    const found = sourceOf(
      withStack(
        `    at listener (file://${folder}/src/check/checker.ts:81:26)`,
        `    at file://${folder}/src/check/checker.ts:70:1`,
        `    at Hook.emit (${folder}/src/trace/hook.ts:40:5)`,
        `    at Locks.acquire (${folder}/src/host/locks.ts:40:5)`,
        `    at acquire (${folder}/dist/host/locks.js:40:5)`,
        `    at faultPageLocked (${folder}/src/host/mm/faults.ts:12:3)`,
        `    at Mm.read (${folder}/src/host/mm/mm.ts:99:9)`,
      ),
    );
    expect(found).toBe(`faultPageLocked (${folder}/src/host/mm/faults.ts:12:3)`);
  });

  it.each(FOLDERS)('is found in the stacks of other engines, in %s', (folder) => {
    const found = sourceOf(
      withStack(
        `listener@${folder}/src/check/checker.ts:81:26`,
        `fault@${folder}/src/host/mm/faults.ts:12:3`,
      ),
    );
    expect(found).toBe(`fault@${folder}/src/host/mm/faults.ts:12:3`);
  });

  it('is null without a stack, and when only the machinery is in it', () => {
    expect(sourceOf(null)).toBeNull();
    expect(sourceOf(withStack('    at Hook.emit (/a/src/trace/hook.ts:1:1)'))).toBeNull();
  });
});
