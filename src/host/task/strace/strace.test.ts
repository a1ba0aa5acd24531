import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { runProgram } from '../testing/index.ts';
import { flagNames } from './flag-names.ts';
import { Strace } from './strace.ts';

/** Returns what strace prints of a program. Pointers that are not the program's own are left out. */
function trace(name: string): string[] {
  const lines: string[] = [];
  runProgram(name, new Machine(), { tracer: Strace.printing((line) => void lines.push(line)) });
  return lines;
}

describe('strace', () => {
  it('prints each call with its strings and results, and the end', () => {
    expect(trace('hello')).toEqual([
      String.raw`write(1, "Hello from /programs/hello!\n", 28) = 28`,
      String.raw`write(1, "argument 1: one\n", 16) = 16`,
      String.raw`write(1, "argument 2: two\n", 16) = 16`,
      String.raw`write(1, "environment: NAME=value\n", 24) = 24`,
      'exit_group(0) = ?',
      '+++ exited with 0 +++',
    ]);
  });

  it('prints the signal that ends a program', () => {
    expect(trace('crash').slice(-2)).toEqual([
      '--- SIGSEGV {si_signo=SIGSEGV, si_code=1, si_addr=0x0} ---',
      '+++ killed by SIGSEGV +++',
    ]);
  });

  it('prints errors by name, flags, modes and what was read', () => {
    const lines = trace('files');
    expect(lines).toEqual(
      expect.arrayContaining([
        'open("absent", O_RDONLY, 00) = -1 ENOENT',
        'open("file", O_RDWR|O_TRUNC|O_CREAT, 0644) = 3',
        'read(3, "0123456789", 255) = 10',
        'lseek(3, 0, 0) = 0',
        'symlink("two", "soft") = 0',
        'readlink("soft", "two", 100) = 3',
      ]),
    );
  });

  it('names the process once there are several', () => {
    const lines = trace('processes');
    const child = lines.findIndex((line) => line.includes('exit_group(42) = ?'));
    expect(lines[child]).toBe('[pid 3] exit_group(42) = ?');
    expect(lines[child + 1]).toBe('[pid 3] +++ exited with 42 +++');
    expect(lines[child + 2]).toMatch(/^\[pid 2\] wait4\(3, 0x[0-9a-f]+, 0, NULL\) = 3$/);
  });

  it('shows calls that a signal interrupts', () => {
    expect(trace('signals').some((line) => /read\(.*\) = \? ERESTARTSYS/.test(line))).toBe(true);
  });
});

describe('the names of flags', () => {
  it.each([
    ['O', 0, 'O_RDONLY'],
    ['O', 0o2101, 'O_WRONLY|O_CREAT|O_APPEND'],
    ['PROT', 0, 'PROT_NONE'],
    ['PROT', 7, 'PROT_READ|PROT_WRITE|PROT_EXEC'],
    ['CLONE', 17, 'SIGCHLD'],
    ['CLONE', 0x100 | 17, 'CLONE_VM|SIGCHLD'],
    ['UFFD', 0o200_4001, 'O_CLOEXEC|O_NONBLOCK|UFFD_USER_MODE_ONLY'],
    ['WAIT', 1, 'WNOHANG'],
    ['WAIT', 0x8000_0000, '0x80000000'],
    ['NOTHING', 5, '0x5'],
    ['NOTHING', 0, '0'],
  ])('of %s 0x%i: %s', (set, value, names) => {
    const parts = (text: string) => text.split('|').sort();
    expect(parts(flagNames(set, value))).toEqual(parts(names));
  });
});
