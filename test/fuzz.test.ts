/** The campaigns' command, and the manifest that runs it on a cluster. */

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Job } from 'kubernetes-models/batch/v1';
import { PersistentVolumeClaim } from 'kubernetes-models/v1';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'campaign-'));
  execFileSync('npm', ['run', '--silent', 'build:fuzz'], { cwd: ROOT, stdio: 'ignore' });
});
afterAll(() => rmSync(folder, { recursive: true }));

function fuzz(...args: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/fuzz/main.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, out: stdout, error: stderr };
}

describe('npm run fuzz', () => {
  /** Reports of first shards. */
  const halves: string[] = [];

  it.each([
    'scenarios',
    'guests',
    'library',
    'images',
    'texts',
    'floats',
    'engines',
    'devices',
    'network',
    'calls',
  ])('%s: two shards and their merged report', (what) => {
    const reports = [0, 1].map((index) => {
      const { status, out } = fuzz(
        '--what',
        what,
        '--seed',
        '3',
        '--runs',
        '3',
        '--shard',
        `${index}/2`,
        '--json',
        '--ops',
        '50',
      );
      expect({ status, lines: out.trim().split('\n').length }).toEqual({ status: 0, lines: 1 });
      const file = join(folder, `${what}-${index}.json`);
      writeFileSync(file, out);
      return file;
    });
    const merged = fuzz('--merge', ...reports, '--json');
    expect(merged.status).toBe(0);
    expect(JSON.parse(merged.out)).toMatchObject({
      what,
      seed: 3,
      shards: 2,
      runs: 3,
      failures: [],
      problems: [],
    });
    halves.push(reports[0] as string);
  });

  it('a shard that is missing is reported', () => {
    const half = fuzz('--merge', halves[0] as string);
    expect(half.status).toBe(1);
    expect(half.error).toContain('shard 1/2 is missing');
  });

  it('repeats a case from the printed command', () => {
    const file = join(folder, 'case.txt');
    writeFileSync(
      file,
      '# library\n{"scarce":0,"checkEvery":1}\n{"do":"call","name":"mm.exit","on":0,"args":[]}\n',
    );
    expect(fuzz('--what', 'library', '--case', file)).toMatchObject({ status: 0, out: 'ok\n' });
  });

  it.each([
    ['--what', 'nothing'],
    ['--shard', '2/2'],
    ['--runs', '0'],
    ['--minutes', 'x'],
    ['--seed', '1.5'],
    ['more'],
    ['--case', '/nowhere'],
    ['--merge', '/nowhere'],
  ])('%s %s: usage, and status 2', (...args) => {
    const { status, error } = fuzz(...args.filter((arg) => arg !== undefined));
    expect({ status, stack: /^ +at /m.test(error) }).toEqual({ status: 2, stack: false });
    expect(error).not.toBe('');
  });
});

describe('examples/campaign/job.yaml', () => {
  const text = readFileSync(join(ROOT, 'examples/campaign/job.yaml'), 'utf8');
  const [claim, job] = parseAllDocuments(text).map((document) => document.toJS());

  it('matches the Kubernetes schemas', () => {
    new PersistentVolumeClaim(claim).validate();
    new Job(job).validate();
    expect(() => new Job({ ...job, spec: { ...job.spec, completions: 'many' } }).validate()).toThrow();
  });

  const { spec } = job;
  const [container] = spec.template.spec.containers;
  const env: Record<string, string> = Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );

  it('has one shard per completion', () => {
    expect(Number(env.SHARDS)).toBe(spec.completions);
    expect(spec).toMatchObject({ completionMode: 'Indexed', template: { spec: { restartPolicy: 'Never' } } });
    const [volume] = spec.template.spec.volumes;
    expect(volume.persistentVolumeClaim.claimName).toBe(claim.metadata.name);
    expect(env.RESULTS).toBe(container.volumeMounts[0].mountPath);
  });

  it('runs a shard and writes its report', () => {
    const run = {
      ...env,
      MINUTES: '0.01',
      JOB_COMPLETION_INDEX: '5',
      RESULTS: folder,
      PATH: process.env.PATH,
    };
    const [shell, flag] = container.command;
    const { status, stdout } = spawnSync(shell, [flag, ...container.args], {
      cwd: ROOT,
      env: run,
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      what: 'guests',
      seed: 1,
      shard: { index: 5, of: 8 },
      failures: [],
    });
    expect(readFileSync(join(folder, 'guests-5.json'), 'utf8')).toBe(stdout);
  });
});
