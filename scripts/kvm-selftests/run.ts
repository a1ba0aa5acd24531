/** Runs a selftest of Linux and tells how it ended. */

import { spawn } from 'node:child_process';

/** Characters of a test's output that are kept: the last ones. */
const OUTPUT_MAX = 1 << 20;
/** Status of a test that is skipped: KSFT_SKIP of tools/testing/selftests/kselftest.h. */
const SKIPPED = 4;

/** How a test ended. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** The status or signal of a failed test, or which of its parts were skipped. */
  readonly note: string;
  readonly seconds: number;
  /** The end of what it printed. */
  readonly output: string;
}

/** Runs a test: a command of Node. It is killed after some seconds. */
export async function runTest(
  name: string,
  command: readonly string[],
  seconds: number,
): Promise<TestResult> {
  return await new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, seconds * 1000);
    let output = '';
    const keep = (part: Buffer) => {
      output = (output + part.toString()).slice(-OUTPUT_MAX);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const end = isLate ? `not ended after ${seconds} s` : (signal ?? status ?? 'no status');
      resolve({ name, ...judged(end, output), seconds: (performance.now() - start) / 1000, output });
    });
  });
}

function judged(end: string | number, output: string): Pick<TestResult, 'outcome' | 'note'> {
  if (end === 0) {
    const hasPassed = !/^# Totals: pass:0 fail:0 .* skip:[1-9]/m.test(output);
    return { outcome: hasPassed ? 'passed' : 'skipped', note: skippedParts(output) };
  }
  if (end === SKIPPED) return { outcome: 'skipped', note: reasonOf(output) };
  return { outcome: 'failed', note: typeof end === 'number' ? `status ${end}` : end };
}

/** Returns which numbered parts of a test say that they were skipped. */
function skippedParts(output: string): string {
  const parts = [...output.matchAll(/^ok (\d+)\b.*# SKIP/gm)].map(([, number]) => number);
  return parts.length === 0 ? '' : `its parts ${parts.join(', ')} were skipped`;
}

/** Returns why a test was skipped. */
function reasonOf(output: string): string {
  const reason = /# SKIP[\s-]*(.*)/.exec(output)?.[1] ?? '';
  return reason.replaceAll('|', '/').slice(0, 100);
}
