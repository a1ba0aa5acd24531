/* Files: names, contents, directories, descriptors, pipes, and waiting for several of them. */
#include "program.h"

#include <asm/poll.h>
#include <linux/stat.h>

static char text[256];

static long read_all(int fd) {
  memset(text, 0, sizeof text);
  return call(__NR_read, fd, text, sizeof text - 1);
}

static int make(const char *path, const char *contents) {
  int fd = (int)call(__NR_open, path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  call(__NR_write, fd, contents, length_of(contents));
  call(__NR_lseek, fd, 0, 0);
  return fd;
}

static struct statx status_of(const char *path) {
  struct statx status;
  memset(&status, 0, sizeof status);
  call(__NR_statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status);
  return status;
}

static void opens(void) {
  print("a file that is not there: %e\n", call(__NR_open, "absent", O_RDONLY));
  int fd = make("file", "0123456789");
  print("read: %e", read_all(fd));
  print(", %s", text);
  print(", at the end: %e\n", read_all(fd));
  print("O_EXCL: %e\n", call(__NR_open, "file", O_RDWR | O_CREAT | O_EXCL, 0600));
  print("O_DIRECTORY: %e, a slash behind: %e\n", call(__NR_open, "file", O_RDONLY | O_DIRECTORY), call(__NR_open, "file/", O_RDONLY));
  print("a directory to write: %e\n", call(__NR_open, ".", O_RDWR));
  print("below a file: %e\n", call(__NR_open, "file/below", O_RDONLY));
  print("a name of page 0: %e, an empty one: %e\n", call(__NR_open, 16, O_RDONLY), call(__NR_open, "", O_RDONLY));
  char name[300];
  memset(name, 'x', sizeof name);
  name[256] = 0;
  print("a name of 256 bytes: %e\n", call(__NR_open, name, O_RDONLY));
  int append = (int)call(__NR_open, "file", O_WRONLY | O_APPEND);
  call(__NR_lseek, append, 2, 0);
  call(__NR_write, append, "end", 3);
  print("O_APPEND: the position is %d\n", call(__NR_lseek, append, 0, 1));
  print("read from a descriptor to write: %e\n", call(__NR_read, append, text, 1));
  int reader = (int)call(__NR_open, "file", O_RDONLY);
  print("write to a descriptor to read: %e\n", call(__NR_write, reader, "x", 1));
  print("O_TRUNC: %d", (long)status_of("file").stx_size);
  call(__NR_close, call(__NR_open, "file", O_WRONLY | O_TRUNC));
  print(", then %d\n", (long)status_of("file").stx_size);
  call(__NR_umask, 027);
  call(__NR_close, call(__NR_open, "masked", O_WRONLY | O_CREAT, 0777));
  print("umask: %x\n", (long)status_of("masked").stx_mode);
  call(__NR_umask, 022);
  print("close: %e, again: %e\n", call(__NR_close, reader), call(__NR_close, reader));
  call(__NR_close, append);
  call(__NR_close, fd);
}

static void seeks(void) {
  int fd = make("seek", "0123456789");
  print("lseek: %e %e %e\n", call(__NR_lseek, fd, 4, 0), call(__NR_lseek, fd, 2, 1), call(__NR_lseek, fd, -1, 2));
  print("before the begin: %e, another way: %e\n", call(__NR_lseek, fd, -1, 0), call(__NR_lseek, fd, 0, 9));
  print("SEEK_HOLE: %e, SEEK_DATA at the end: %e\n", call(__NR_lseek, fd, 0, 4), call(__NR_lseek, fd, 10, 3));
  memset(text, 0, sizeof text);
  print("pread: %e", call(__NR_pread64, fd, text, 3, 5));
  print(", %s; the position is %d\n", text, call(__NR_lseek, fd, 0, 1));
  call(__NR_pwrite64, fd, "far", 3, 20);
  print("pwrite behind the end: size %d\n", (long)status_of("seek").stx_size);
  call(__NR_pread64, fd, text, 23, 0);
  print("the gap: %d, then %s\n", (long)text[15], text + 20);
  print("ftruncate: %e, size %d\n", call(__NR_ftruncate, fd, 4), (long)status_of("seek").stx_size);
  print("to a negative size: %e, truncate: %e, size %d\n", call(__NR_ftruncate, fd, -1), call(__NR_truncate, "seek", 6), (long)status_of("seek").stx_size);
  struct { const void *at; uint64_t length; } parts[3] = {{"ab", 2}, {"", 0}, {"cde", 3}};
  call(__NR_lseek, fd, 0, 0);
  print("writev: %e, of 2000 parts: %e\n", call(__NR_writev, fd, parts, 3), call(__NR_writev, fd, parts, 2000));
  call(__NR_lseek, fd, 0, 0);
  print("and read: %e", read_all(fd));
  print(", %s\n", text);
  print("read into page 0: %e, of nothing: %e\n", call(__NR_pread64, fd, 16, 1, 0), call(__NR_pread64, fd, 16, 0, 0));
  int other = (int)call(__NR_dup, fd);
  call(__NR_lseek, other, 3, 0);
  print("dup has the same position: %d\n", call(__NR_lseek, fd, 0, 1));
  print("dup2 on itself: %d, of nothing: %e, dup3 on itself: %e\n", (long)(call(__NR_dup2, fd, fd) == fd), call(__NR_dup2, 99, 98), call(__NR_dup3, fd, fd, 0));
  print("F_DUPFD: %d, F_GETFL: %x\n", call(__NR_fcntl, fd, F_DUPFD, 50), call(__NR_fcntl, fd, F_GETFL) & 3);
  call(__NR_close, 50);
  call(__NR_close, other);
  call(__NR_close, fd);
}

static void names(void) {
  call(__NR_close, make("one", "one"));
  print("link: %e, links %d\n", call(__NR_link, "one", "two"), (long)status_of("one").stx_nlink);
  print("the same file: %d\n", (long)(status_of("one").stx_ino == status_of("two").stx_ino));
  print("link to a name that exists: %e, of a directory: %e\n", call(__NR_link, "one", "two"), call(__NR_link, ".", "dot"));
  print("rename onto the same file: %e, both stay: %d\n", call(__NR_rename, "one", "two"), (long)status_of("one").stx_nlink);
  print("unlink: %e, links %d, again: %e\n", call(__NR_unlink, "one"), (long)status_of("two").stx_nlink, call(__NR_unlink, "one"));
  print("symlink: %e", call(__NR_symlink, "two", "soft"));
  memset(text, 0, sizeof text);
  print(", readlink: %e", call(__NR_readlink, "soft", text, 100));
  print(", %s, size %d, mode %x\n", text, (long)status_of("soft").stx_size, (long)status_of("soft").stx_mode);
  print("readlink of a file: %e, O_NOFOLLOW: %e\n", call(__NR_readlink, "two", text, 100), call(__NR_open, "soft", O_RDONLY | O_NOFOLLOW));
  call(__NR_symlink, "loop", "loop");
  print("a loop: %e\n", call(__NR_open, "loop", O_RDONLY));
  call(__NR_symlink, "nowhere", "dangling");
  print("to nowhere: %e, with O_CREAT: %d\n", call(__NR_open, "dangling", O_RDONLY), (long)(call(__NR_close, call(__NR_open, "dangling", O_WRONLY | O_CREAT, 0600)) == 0));
  print("and the target is there: %d\n", (long)(status_of("nowhere").stx_mode != 0));
  print("rename: %e, the old name: %e\n", call(__NR_rename, "two", "three"), call(__NR_access, "two", 0));
  print("rename of nothing: %e, RENAME_NOREPLACE: %e\n", call(__NR_rename, "absent", "x"), call(__NR_renameat2, AT_FDCWD, "three", AT_FDCWD, "nowhere", 1));
  int fd = make("gone", "still here");
  call(__NR_unlink, "gone");
  print("an open file without a name: %e", read_all(fd));
  print(", %s\n", text);
  call(__NR_close, fd);
}

static void directories(void) {
  print("mkdir: %e, again: %e\n", call(__NR_mkdir, "directory", 0755), call(__NR_mkdir, "directory", 0755));
  print("its mode: %x, links %d\n", (long)status_of("directory").stx_mode, (long)status_of("directory").stx_nlink);
  call(__NR_mkdir, "directory/inner", 0700);
  print("links with one inside: %d\n", (long)status_of("directory").stx_nlink);
  for (char name[] = "directory/a"; name[10] <= 'c'; name[10]++) call(__NR_close, make(name, ""));
  print("rmdir: %e, of a file: %e, unlink of a directory: %e\n", call(__NR_rmdir, "directory"), call(__NR_rmdir, "directory/a"), call(__NR_unlink, "directory"));
  int fd = (int)call(__NR_open, "directory", O_RDONLY | O_DIRECTORY);
  char buffer[1024] __attribute__((aligned(8)));
  int seen[128] = {0}, types[128] = {0}, dots = 0, count = 0;
  long got;
  while ((got = call(__NR_getdents64, fd, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < got; at += *(unsigned short *)(buffer + at + 16)) {
      const char *name = buffer + at + 19;
      count++;
      if (name[0] == '.') dots++;
      else seen[(int)name[0]]++, types[(int)name[0]] = buffer[at + 18];
    }
  print("getdents: %d entries, %d dots, a %d b %d c %d, inner %d, types %d %d\n", (long)count, (long)dots, (long)seen['a'], (long)seen['b'], (long)seen['c'], (long)seen['i'], (long)types['a'], (long)types['i']);
  call(__NR_lseek, fd, 0, 0);
  print("into 8 bytes: %e, again from the begin: %d\n", call(__NR_getdents64, fd, buffer, 8), (long)(call(__NR_getdents64, fd, buffer, sizeof buffer) > 0));
  print("read of a directory: %e\n", call(__NR_read, fd, buffer, 10));
  print("openat: %d, mkdirat: %e, unlinkat: %e\n", (long)(call(__NR_close, call(__NR_openat, fd, "a", O_RDONLY)) == 0), call(__NR_mkdirat, fd, "new", 0755), call(__NR_unlinkat, fd, "new", AT_REMOVEDIR));
  print("chdir: %e", call(__NR_chdir, "directory"));
  print(", getcwd: %d", call(__NR_getcwd, text, sizeof text));
  print(", %s\n", text);
  print("into 5 bytes: %e, fchdir to a file: %e\n", call(__NR_getcwd, text, 5), call(__NR_chdir, "a"));
  call(__NR_chdir, "..");
  print("a directory into itself: %e, onto one that is not empty: %e\n", call(__NR_rename, "directory", "directory/inner/x"), (call(__NR_mkdir, "empty", 0755), call(__NR_rename, "empty", "directory")));
  print("onto an empty one: %e, a file onto a directory: %e, the other way: %e\n", (call(__NR_mkdir, "empty2", 0755), call(__NR_rename, "empty", "empty2")), call(__NR_rename, "three", "empty2"), call(__NR_rename, "empty2", "three"));
  call(__NR_close, fd);
}

static void attributes(void) {
  call(__NR_close, make("attributes", "12345"));
  struct statx status = status_of("attributes");
  print("statx: mask %x, mode %x, size %d, links %d, user %d\n", (long)(status.stx_mask & STATX_BASIC_STATS), (long)status.stx_mode, (long)status.stx_size, (long)status.stx_nlink, (long)status.stx_uid);
  print("chmod: %e, mode %x\n", call(__NR_chmod, "attributes", 04751), (long)status_of("attributes").stx_mode);
  print("chown: %e", call(__NR_chown, "attributes", 12, 34));
  status = status_of("attributes");
  print(", user %d, group %d, mode %x\n", (long)status.stx_uid, (long)status.stx_gid, (long)status.stx_mode);
  long times[4] = {1000, 5, 2000, 7};
  print("utimensat: %e", call(__NR_utimensat, AT_FDCWD, "attributes", times, 0));
  status = status_of("attributes");
  print(", %d.%d and %d.%d\n", (long)status.stx_atime.tv_sec, (long)status.stx_atime.tv_nsec, (long)status.stx_mtime.tv_sec, (long)status.stx_mtime.tv_nsec);
  times[1] = 0x3ffffffe;
  times[3] = 9;
  call(__NR_utimensat, AT_FDCWD, "attributes", times, 0);
  status = status_of("attributes");
  print("UTIME_OMIT: %d.%d and %d.%d\n", (long)status.stx_atime.tv_sec, (long)status.stx_atime.tv_nsec, (long)status.stx_mtime.tv_sec, (long)status.stx_mtime.tv_nsec);
  times[3] = 1000000000;
  print("nanoseconds of a whole second: %e\n", call(__NR_utimensat, AT_FDCWD, "attributes", times, 0));
  struct stat old;
  print("stat: %e, size %d, links %d\n", call(__NR_stat, "attributes", &old), (long)old.st_size, (long)old.st_nlink);
  print("of nothing: %e, fstat of no descriptor: %e\n", call(__NR_stat, "absent", &old), call(__NR_fstat, 99, &old));
  call(__NR_chmod, "attributes", 0);
  print("access: of root %e", call(__NR_access, "attributes", 6));
  print(", to execute %e\n", call(__NR_access, "attributes", 1));
  long child = call(__NR_fork);
  if (child == 0) {
    call(__NR_setresuid, 1000, 1000, 1000);
    print("another user: open %e, chmod %e, chown %e\n", call(__NR_open, "attributes", O_RDONLY), call(__NR_chmod, "attributes", 0777), call(__NR_chown, "attributes", 1000, 1000));
    print("a file of its own here: %e, unlink: %e\n", call(__NR_open, "own", O_RDWR | O_CREAT, 0600), call(__NR_unlink, "attributes"));
    exit(0);
  }
  call(__NR_wait4, child, NULL, 0, NULL);
}

static void pipes(void) {
  int ends[2];
  struct { int fd; short events, got; } polled[2];
  print("pipe2: %e, with other flags: %e\n", call(__NR_pipe2, ends, O_NONBLOCK), call(__NR_pipe2, ends, 1));
  print("read of an empty one: %e\n", call(__NR_read, ends[0], text, 10));
  polled[0].fd = ends[0], polled[0].events = POLLIN, polled[1].fd = ends[1], polled[1].events = POLLOUT;
  print("poll: %e", call(__NR_poll, polled, 2, 0));
  print(", %x %x\n", (long)polled[0].got, (long)polled[1].got);
  static char big[100000];
  long written = 0, result;
  while ((result = call(__NR_write, ends[1], big, PAGE)) > 0) written += result;
  print("a full pipe has %d bytes, then %e\n", written, result);
  print("poll: %e", call(__NR_poll, polled, 2, 0));
  print(", %x %x\n", (long)polled[0].got, (long)polled[1].got);
  while (call(__NR_read, ends[0], big, sizeof big) > 0) continue;
  call(__NR_write, ends[1], "abc", 3);
  int available = 0;
  print("FIONREAD: %e", call(__NR_ioctl, ends[0], 0x541b, &available));
  print(", %d; seek: %e\n", (long)available, call(__NR_lseek, ends[0], 0, 1));
  call(__NR_close, ends[1]);
  print("without a writer: %e", read_all(ends[0]));
  print(", then %e", read_all(ends[0]));
  call(__NR_poll, polled, 2, 0);
  print(", poll %x, of a closed descriptor %x\n", (long)polled[0].got, (long)polled[1].got);
  call(__NR_close, ends[0]);
  call(__NR_pipe2, ends, 0);
  call(__NR_close, ends[0]);
  handle(SIGPIPE, SIG_IGN, 0, 0);
  print("without a reader: %e\n", call(__NR_write, ends[1], "x", 1));
  call(__NR_close, ends[1]);
  /* A child writes after a while: select waits for it. */
  call(__NR_pipe2, ends, 0);
  long child = call(__NR_fork);
  if (child == 0) {
    pause_for(30);
    call(__NR_write, ends[1], "from the child", 14);
    exit(0);
  }
  uint64_t set[16] = {1UL << ends[0]}, time[2] = {5, 0};
  print("select: %e", call(__NR_select, ends[0] + 1, set, NULL, NULL, time));
  print(", ready %d", (long)(set[0] == 1UL << ends[0]));
  print(", read %e", read_all(ends[0]));
  print(", %s\n", text);
  call(__NR_wait4, child, NULL, 0, NULL);
  time[0] = 0, time[1] = 1000;
  print("select until its time: %e", call(__NR_select, ends[0] + 1, set, NULL, NULL, time));
  print(", ready %d\n", (long)set[0]);
}

static void devices(void) {
  int fd = (int)call(__NR_open, "/dev/null", O_RDWR);
  print("/dev/null: write %e, read %e\n", call(__NR_write, fd, "abc", 3), call(__NR_read, fd, text, 3));
  call(__NR_close, fd);
  fd = (int)call(__NR_open, "/dev/zero", O_RDONLY);
  text[1] = 'x';
  print("/dev/zero: read %e, %d; isatty: %e\n", call(__NR_read, fd, text, 3), (long)text[1], call(__NR_ioctl, fd, 0x5401, text));
  call(__NR_close, fd);
  fd = (int)call(__NR_open, "/dev/full", O_WRONLY);
  print("/dev/full: write %e\n", call(__NR_write, fd, "abc", 3));
  call(__NR_close, fd);
  fd = (int)call(__NR_open, "/proc/self/comm", O_RDONLY);
  read_all(fd);
  print("/proc/self/comm: %s", text);
  call(__NR_close, fd);
}

int main(void) {
  opens();
  seeks();
  names();
  directories();
  attributes();
  pipes();
  devices();
  return 0;
}
