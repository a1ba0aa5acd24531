/** Runs real Linux programs for s390x with `guesthouse run`, compares them with qemu-s390x or with what is known, and prints a table. HELP says how it is called. */

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scriptOptions } from '../options.ts';

const HELP = `
Runs real Linux programs for s390x with \`guesthouse run\`, compares them with qemu-s390x or with what is known, and prints a table.

    npm run test:processes                     everything
    npm run test:processes -- --only busybox   one group: busybox, compress, database, languages, git, speed

Exit status 1 if something failed. It fetches Debian packages by name: it needs a Debian or Ubuntu system with s390x as a foreign
architecture (dpkg --add-architecture s390x && apt-get update), and qemu-s390x (package qemu-user).
`;

const { values } = scriptOptions(HELP, {
  options: {
    only: { type: 'string' },
    scratch: { type: 'string', default: join(tmpdir(), 'guesthouse-processes') },
  },
});
/** Commands of busybox's shell, a line each, whose output and status must be the same under QEMU. */
const APPLETS = readFileSync(new URL('./applets.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
/** Commands with programs that execute others, for which QEMU needs help of the kernel: their output. */
const EXECUTING: readonly (readonly [string, string])[] = [
  ["busybox echo 'a b c d' | busybox xargs -n1 busybox echo", 'a\nb\nc\nd\n'],
  ['busybox env -i A=1 busybox env', 'A=1\n'],
  ['busybox timeout 1 busybox sleep 10; echo $?', '143\n'],
  ['busybox time busybox true 2>/dev/null; echo $?', '0\n'],
  ['busybox setsid busybox echo session', 'session\n'],
  ['busybox nproc; busybox pwd', '1\n/\n'],
  ['ulimit -n 10; busybox echo $(ulimit -n)', '10\n'],
  ['busybox strings /bin/busybox | busybox grep -c BusyBox >/dev/null; echo $?', '0\n'],
  ['busybox find /etc -name passwd -exec busybox basename {} ";"', 'passwd\n'],
];
const COMMAND = fileURLToPath(new URL('../../bin/guesthouse.js', import.meta.url));
const PACKAGES = [
  ...['busybox-static', 'bash', 'coreutils', 'libc6', 'bzip2', 'libbz2-1.0', 'xz-utils', 'liblzma5', 'zstd'],
  ...[
    'libzstd1',
    'liblz4-1',
    'gzip',
    'sqlite3',
    'libsqlite3-0',
    'libreadline8',
    'libtinfo6',
    'zlib1g',
    'python3-minimal',
  ],
  ...[
    'python3.11-minimal',
    'libpython3.11-minimal',
    'libpython3.11-stdlib',
    'libexpat1',
    'libssl3',
    'perl-base',
  ],
  ...[
    'libcrypt1',
    'git',
    'libpcre2-8-0',
    'libselinux1',
    'libacl1',
    'libattr1',
    'libgmp10',
    'dash',
    'grep',
    'sed',
  ],
  ...['findutils', 'tar', 'diffutils', 'libgcc-s1', 'libstdc++6', 'libffi8', 'libuuid1', 'libncursesw6'],
];
const OUTPUT_MAX = 1 << 28;
const root = fetched();
const busybox = join(root, 'bin/busybox');
let failures = 0;

/** Returns a folder with the files of the packages. */
function fetched(): string {
  const archives = join(values.scratch, 'packages');
  const folder = join(values.scratch, 'root');
  mkdirSync(archives, { recursive: true });
  for (const name of PACKAGES) {
    if (readdirSync(archives).some((file) => file.startsWith(`${name}_`))) continue;
    console.error(`fetching ${name}`);
    execFileSync('apt-get', ['download', '-q', `${name}:s390x`], {
      cwd: archives,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const archive = readdirSync(archives).find((file) => file.startsWith(`${name}_`)) as string;
    mkdirSync(folder, { recursive: true });
    execFileSync('dpkg-deb', ['-x', archive, folder], { cwd: archives });
  }
  return folder;
}

/** What a program did. */
interface Outcome {
  readonly status: number | null;
  readonly out: Buffer;
  readonly error: string;
  readonly seconds: number;
}

function perform(command: string, args: readonly string[], input: Uint8Array | string = ''): Outcome {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { input, maxBuffer: OUTPUT_MAX });
  return { status, out: stdout, error: stderr.toString(), seconds: (performance.now() - start) / 1000 };
}

/** Runs a program with `guesthouse run`. */
function ours(args: readonly string[], input: Uint8Array | string = ''): Outcome {
  return perform(process.execPath, [COMMAND, 'run', ...args], input);
}

/** Runs a program with qemu-s390x. */
function theirs(args: readonly string[], input: Uint8Array | string = ''): Outcome {
  return perform('qemu-s390x', ['-L', root, ...args], input);
}

function row(what: string, ok: boolean, note: string): void {
  if (!ok) failures++;
  console.log(`| ${what} | ${ok ? 'yes' : 'NO'} | ${note} |`);
}

function wanted(group: string): boolean {
  return values.only === undefined || values.only === group;
}

/** Performs a check. It fails if it throws. */
function check(what: string, action: () => string): void {
  try {
    row(what, true, action());
  } catch (error) {
    row(what, false, (error as Error).message.replace(/\s+/g, ' ').slice(0, 160));
  }
}

function demand(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Runs a script of the shell in the root. Returns its output. @throws Error for another status than 0 */
function shell(script: string, input = ''): string {
  const { status, out, error } = ours(['--root', root, '/bin/bash', '-c', script], input);
  demand(status === 0, `status ${status}: ${error}`);
  return out.toString();
}

/** Makes a folder with a `busybox` that this computer can execute: QEMU passes the execution of programs on to it. */
function forwardingFolder(): string {
  const folder = join(values.scratch, 'forwarding');
  mkdirSync(folder, { recursive: true });
  const qemu = execFileSync('/bin/sh', ['-c', 'command -v qemu-s390x'], { encoding: 'utf8' }).trim();
  const script = `#!/bin/sh\nexec ${qemu} -0 busybox '${busybox}' "$@"\n`;
  writeFileSync(join(folder, 'busybox'), script, { mode: 0o755 });
  return folder;
}

function checkBusybox(): void {
  const path = `PATH=${forwardingFolder()}`;
  const differ: string[] = [];
  for (const script of APPLETS) {
    const one = ours([busybox, 'sh', '-c', script]);
    const other = theirs(['-E', path, busybox, 'sh', '-c', script]);
    if (one.out.equals(other.out) && one.status === other.status) continue;
    differ.push(script);
    console.error(`${script}\n  here: ${one.status} ${JSON.stringify(one.out.toString().slice(0, 200))}`);
    console.error(`  QEMU: ${other.status} ${JSON.stringify(other.out.toString().slice(0, 200))}`);
  }
  for (const [script, known] of EXECUTING) {
    const { out } = ours([busybox, 'sh', '-c', script]);
    if (out.toString() === known) continue;
    differ.push(script);
    console.error(`${script}\n  here: ${JSON.stringify(out.toString().slice(0, 200))}`);
  }
  const note =
    differ.length === 0 ? 'output and status as under QEMU, or as known' : `${differ.length} differ`;
  row(`busybox: ${APPLETS.length + EXECUTING.length} commands of its applets`, differ.length === 0, note);
}

function checkCompression(): void {
  const data = Buffer.concat([
    randomBytes(5 << 20),
    Buffer.alloc(5 << 20, 'guesthouse '),
    randomBytes(10 << 20),
  ]);
  const sum = createHash('sha256').update(data).digest('hex');
  for (const program of ['gzip', 'bzip2', 'xz', 'zstd']) {
    check(`${program}: 20 MiB there and back`, () => {
      const script = `${program} ${program === 'xz' ? '-1 ' : ''}-c | ${program} -dc | sha256sum`;
      const { out, status, error, seconds } = ours(['--root', root, '/bin/bash', '-c', script], data);
      demand(status === 0 && out.toString().startsWith(sum), `status ${status}: ${error}`);
      return `${seconds.toFixed(1)} s`;
    });
  }
}

function checkDatabase(): void {
  check('sqlite3: a script of 10,000 statements', () => {
    const inserts = Array.from(
      { length: 9_990 },
      (_, i) => `insert into t values(${i}, 'name ${i % 97}', ${i * 1.5});`,
    );
    const script = [
      'create table t(id integer primary key, name text, value real);',
      ...['create index n on t(name);', 'begin;', ...inserts, 'commit;'],
      ...[
        'select count(*), sum(value) from t;',
        'select name, count(*) c from t group by name order by c desc, name limit 3;',
      ],
      ...['delete from t where id % 3 = 0;', 'vacuum;', 'pragma integrity_check;'],
    ].join('\n');
    const { out, status, error, seconds } = ours(
      ['--root', root, '/usr/bin/sqlite3', '/tmp/test.db'],
      script,
    );
    const text = out.toString();
    demand(
      status === 0 && text.includes('9990|74842582.5') && text.endsWith('ok\n'),
      `status ${status}: ${error} ${text}`,
    );
    return `${seconds.toFixed(1)} s`;
  });
}

const PYTHON = `
import json, re, hashlib, decimal, struct, threading, subprocess, time
assert json.loads(json.dumps({"a": [1, 2.5, None, True], "b": "\\u00e9"})) == {"a": [1, 2.5, None, True], "b": "\\u00e9"}
assert re.sub(r"(\\w+) (\\w+)", r"\\2 \\1", "hello world") == "world hello"
assert hashlib.sha256(b"x" * 1000).hexdigest()[:8] == "44f83544"
assert struct.pack(">IhQ", 1, -2, 3).hex() == "00000001fffe0000000000000003"
assert str(decimal.Decimal(2).sqrt())[:12] == "1.4142135623"
done = []
threads = [threading.Thread(target=done.append, args=(i,)) for i in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]
assert sorted(done) == [0, 1, 2, 3, 4]
assert subprocess.check_output(["/bin/echo", "child"]) == b"child\\n"
before = time.monotonic(); time.sleep(3600); assert 3600 <= time.monotonic() - before < 3601
print("ok")
`;

function checkLanguages(): void {
  check('python3: json, re, hashlib, decimal, struct, threads, a child, an hour of sleep', () => {
    const { out, status, error, seconds } = ours(['--root', root, '/usr/bin/python3.11', '-'], PYTHON);
    demand(status === 0 && out.toString() === 'ok\n', `status ${status}: ${error}`);
    return `${seconds.toFixed(1)} s`;
  });
  check('perl: sort, hashes, regular expressions, fork', () => {
    const script =
      'my %h = map { $_ => $_ ** 2 } 1 .. 1000; my $p = fork; if (!$p) { exit 7 } waitpid $p, 0; print $? >> 8, " ", scalar(keys %h), " ", join(",", sort { $a <=> $b } 5, 3, 10), " ", "a1b2" =~ s/\\d/x/gr;';
    const { out, status, error } = ours(['--root', root, '/usr/bin/perl', '-e', script]);
    demand(status === 0 && out.toString() === '7 1000 3,5,10 axbx', `status ${status}: ${out} ${error}`);
    return '';
  });
  check('bash: pipelines, arrays, here documents, job control, traps', () => {
    const text = shell(`
      a=(1 2 3); echo "\${#a[@]}"; seq 1 1000 | grep 7 | wc -l; cat <<< text
      trap 'echo trapped' USR1; kill -USR1 $$; (exit 5); echo $?; sleep 100 & wait; echo done`);
    demand(text === '3\n271\ntext\ntrapped\n5\ndone\n', text);
    return '';
  });
}

function checkGit(): void {
  check('git: init, add, commit, log, diff, branch, merge, gc', () => {
    const text = shell(`
      cd /tmp && git init -q -b main r 2>/dev/null && cd r && git config user.name n && git config user.email e@example.org
      seq 1 100 > f && git add f && git commit -qm one && sed -i s/50/fifty/ f && git diff --stat | tail -1
      git checkout -qb b && git commit -qam two && git checkout -q main && git merge -q b && git log --oneline | wc -l
      git gc -q && git fsck 2>&1 | tail -1; git status --short | wc -l`);
    demand(text.includes('1 file changed, 1 insertion(+), 1 deletion(-)\n2\n') && text.endsWith('0\n'), text);
    return '';
  });
}

/** A job whose time is compared: the arguments, and the input. */
interface Job {
  readonly args: readonly string[];
  readonly input: string | Uint8Array;
}

/** Returns the jobs by their names. @param scale 1 for jobs of a second or less of QEMU's time, of which much is the start */
function jobs(scale: number): Record<string, Job> {
  const lines = Array.from({ length: 200_000 * scale }, (_, i) => `${(i * 7919) % 1_000_003} line`).join(
    '\n',
  );
  const rows = `create table t(a, b); with recursive c(i) as (select 1 union all select i + 1 from c where i < ${100_000 * scale}) insert into t select i, i * i from c; select sum(b) from t;`;
  const python = `import hashlib\ns = 0\nfor i in range(${300_000 * scale}):\n    s = (s * 31 + i) % 1000003\nprint(s)\n`;
  const program = (name: string) => join(root, 'usr/bin', name);
  return {
    xz: { args: [program('xz'), '-1', '-c'], input: randomBytes((1 << 20) * scale) },
    sqlite3: { args: [program('sqlite3')], input: rows },
    python: { args: [program('python3.11'), '-'], input: python },
    sha256sum: { args: [busybox, 'sha256sum'], input: randomBytes((8 << 20) * scale) },
    sort: { args: [busybox, 'sort'], input: lines },
  };
}

function checkSpeed(title: string, scale: number): void {
  let product = 1;
  const all = Object.entries(jobs(scale));
  for (const [name, { args, input }] of all) {
    const inRoot = args[0]?.startsWith(join(root, 'usr'))
      ? ['--root', root, args[0].slice(root.length), ...args.slice(1)]
      : [...args];
    const one = ours(inRoot, input);
    const other = theirs(['-E', `PYTHONHOME=${join(root, 'usr')}`, ...args], input);
    const ratio = one.seconds / other.seconds;
    product *= ratio;
    const note = `${one.seconds.toFixed(1)} s, QEMU ${other.seconds.toFixed(1)} s: ${ratio.toFixed(1)} times`;
    row(`time of ${title}: ${name}`, one.status === 0 && one.out.equals(other.out), note);
  }
  row(`time of ${title}: geometric mean`, true, `${(product ** (1 / all.length)).toFixed(2)} times QEMU's`);
}

demand(existsSync(busybox), `${busybox} is not there`);
writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
console.log('| what | works | |\n| --- | --- | --- |');
if (wanted('busybox')) checkBusybox();
if (wanted('compress')) checkCompression();
if (wanted('database')) checkDatabase();
if (wanted('languages')) checkLanguages();
if (wanted('git')) checkGit();
if (wanted('speed')) {
  checkSpeed('short jobs', 1);
  checkSpeed('long jobs', 8);
}
process.exitCode = failures > 0 ? 1 : 0;
