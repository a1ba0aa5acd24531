/* Memory: mappings, their protection and their ends, and which signal an access gets that is not allowed. */
#include "program.h"

static siginfo_t fault;

static void skip(int signal, siginfo_t *info, void *context) {
  (void)signal;
  fault = *info;
  /* The PSW of the interrupted program is behind the head of ucontext: 40 bytes, and the mask. Register 1 follows register 0. */
  uint64_t *registers = (uint64_t *)((char *)context + 40);
  registers[1] = registers[3];
}

/* Loads a byte, or stores it. Returns the signal and its code, as signal * 100 + code, or 0. */
static long access(volatile void *at, int write) {
  fault.si_signo = fault.si_code = 0;
  if (write) __asm__ volatile("larl 1,0f; mvi 0(%0),7; 0:" : : "a"(at) : "1", "memory");
  else __asm__ volatile("larl 1,0f; cli 0(%0),7; 0:" : : "a"(at) : "1", "memory", "cc");
  return fault.si_signo * 100 + fault.si_code;
}

/* s390's mmap has its arguments in memory. */
static char *map_all(void *at, uint64_t length, int protection, int flags, int fd, long offset) {
  long arguments[] = {(long)at, (long)length, protection, flags, fd, offset};
  return (char *)call(__NR_mmap, arguments);
}

static char *map(uint64_t length, int protection, int flags) { return map_all(NULL, length, protection, flags, -1, 0); }

static char *map_at(void *at, uint64_t length, int protection, int flags) {
  return map_all(at, length, protection, flags, -1, 0);
}

static char *map_file(int fd, uint64_t length, int flags, long offset) {
  return map_all(NULL, length, PROT_READ | PROT_WRITE, flags, fd, offset);
}

#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS)
#define BOTH (PROT_READ | PROT_WRITE)

static void protections(void) {
  char *at = map(4 * PAGE, BOTH, PRIVATE);
  print("new memory is zero: %d, a multiple of a page: %d\n", (long)(at[5] == 0), (long)((uint64_t)at % PAGE));
  print("store: %d", access(at, 1));
  print(", and the value: %d\n", (long)at[0]);
  print("mprotect: %e\n", call(__NR_mprotect, at + PAGE, PAGE, PROT_READ));
  print("store to a page to read: %d", access(at + PAGE + 9, 1));
  print(", in that page: %d\n", (long)(((uint64_t)fault.si_addr & ~(PAGE - 1)) == (uint64_t)at + PAGE));
  print("load: %d, the page behind: %d\n", access(at + PAGE, 0), access(at + 2 * PAGE, 1));
  call(__NR_mprotect, at + PAGE, PAGE, PROT_NONE);
  print("load from a page without access: %d\n", access(at + PAGE, 0));
  print("munmap of the middle: %e\n", call(__NR_munmap, at + PAGE, 2 * PAGE));
  print("load from the hole: %d, behind it: %d\n", access(at + PAGE, 0), access(at + 3 * PAGE, 0));
  print("mprotect across the hole: %e\n", call(__NR_mprotect, at, 4 * PAGE, PROT_READ));
  print("and what lies before it has changed: %d\n", access(at, 1));
  print("mprotect of half a page: %e\n", call(__NR_mprotect, at + 8, PAGE, PROT_READ));
  print("munmap of nothing: %e, again: %e\n", call(__NR_munmap, at, 0), call(__NR_munmap, at + PAGE, PAGE));
  print("mmap of 0 bytes: %e\n", (long)map(0, BOTH, PRIVATE));
  print("neither private nor shared: %e\n", (long)map(PAGE, BOTH, MAP_ANONYMOUS));
  print("of more than there is: %e\n", (long)map(-PAGE, BOTH, PRIVATE | MAP_NORESERVE));
  print("page 0: %d\n", access((void *)8, 0));
}

static void places(void) {
  char *at = map(8 * PAGE, BOTH, PRIVATE);
  at[0] = at[PAGE] = 5;
  print("MAP_FIXED replaces: %d", (long)(map_at(at, PAGE, BOTH, PRIVATE | MAP_FIXED) == at));
  print(", %d and %d\n", (long)at[0], (long)at[PAGE]);
  print("MAP_FIXED_NOREPLACE does not: %e\n", (long)map_at(at, PAGE, BOTH, PRIVATE | MAP_FIXED_NOREPLACE));
  call(__NR_munmap, at + 4 * PAGE, PAGE);
  print("unless nothing is there: %d\n", (long)(map_at(at + 4 * PAGE, PAGE, BOTH, PRIVATE | MAP_FIXED_NOREPLACE) == at + 4 * PAGE));
  call(__NR_munmap, at + 4 * PAGE, PAGE);
  print("a hint that is free is taken: %d\n", (long)(map_at(at + 4 * PAGE, PAGE, BOTH, PRIVATE) == at + 4 * PAGE));
  print("MAP_FIXED, half a page: %e\n", (long)map_at(at + 8, PAGE, BOTH, PRIVATE | MAP_FIXED));
}

static void moves(void) {
  char *at = map(4 * PAGE, BOTH, PRIVATE);
  for (int i = 0; i < 4; i++) at[i * PAGE] = (char)(i + 1);
  print("mremap to 2 pages: %d", (long)(call(__NR_mremap, at, 4 * PAGE, 2 * PAGE, 0) == (long)at));
  print(", load behind: %d\n", access(at + 2 * PAGE, 0));
  map_at(at + 2 * PAGE, PAGE, BOTH, PRIVATE | MAP_FIXED);
  print("where something follows it cannot grow: %e\n", call(__NR_mremap, at, 2 * PAGE, 8 * PAGE, 0));
  char *moved = (char *)call(__NR_mremap, at, 2 * PAGE, 8 * PAGE, 1);
  print("MREMAP_MAYMOVE: moved %d, values %d %d %d\n", (long)(moved != at), (long)moved[0], (long)moved[PAGE], (long)moved[7 * PAGE]);
  print("load from the old place: %d\n", access(at, 0));
  char *to = map(16 * PAGE, PROT_NONE, PRIVATE);
  print("MREMAP_FIXED: %d", (long)(call(__NR_mremap, moved, 8 * PAGE, 8 * PAGE, 3, to) == (long)to));
  print(", value %d, behind it: %d\n", (long)to[PAGE], access(to + 8 * PAGE, 0));
  print("of what is not mapped: %e\n", call(__NR_mremap, moved, PAGE, 2 * PAGE, 1));
  print("to overlapping memory: %e\n", call(__NR_mremap, to, 8 * PAGE, 8 * PAGE, 3, to + PAGE));
}

static void breaks(void) {
  long begin = call(__NR_brk, 0);
  print("brk grows: %d\n", call(__NR_brk, begin + 10000) - begin);
  volatile char *memory = (volatile char *)begin;
  memory[9999] = 3;
  print("value %d, in the last page: %d\n", (long)memory[9999], access(memory + 10001, 0));
  print("brk shrinks: %d\n", call(__NR_brk, begin + 100) - begin);
  char *after = (char *)(((uint64_t)begin + 100 + PAGE - 1) & ~(PAGE - 1));
  print("behind it: %d\n", access(after, 0));
  call(__NR_brk, begin + 10000);
  print("it grows again, with zeros: %d\n", (long)memory[9999]);
  print("below its begin it stays: %d\n", call(__NR_brk, 4096) - begin);
}

static void advice(void) {
  char *at = map(4 * PAGE, BOTH, PRIVATE);
  unsigned char present[4] = {9, 9, 9, 9};
  at[0] = at[2 * PAGE] = 1;
  print("mincore: %e", call(__NR_mincore, at, 4 * PAGE, present));
  print(", %d %d %d %d\n", (long)(present[0] & 1), (long)(present[1] & 1), (long)(present[2] & 1), (long)(present[3] & 1));
  print("MADV_DONTNEED: %e", call(__NR_madvise, at, PAGE, 4));
  print(", value %d\n", (long)at[0]);
  print("madvise of a hole: ");
  call(__NR_munmap, at + PAGE, PAGE);
  print("%e\n", call(__NR_madvise, at, 4 * PAGE, 4));
  print("of half a page: %e, advice 999: %e\n", call(__NR_madvise, at + 8, PAGE, 4), call(__NR_madvise, at, PAGE, 999));
  print("mincore of a hole: %e\n", call(__NR_mincore, at, 4 * PAGE, present));
}

static void files(void) {
  int fd = (int)call(__NR_open, "mapped", O_RDWR | O_CREAT, 0600);
  call(__NR_write, fd, "first page", 10);
  call(__NR_pwrite64, fd, "second page", 11, PAGE);
  char *shared = map_file(fd, 4 * PAGE, MAP_SHARED, 0);
  char *own = map_file(fd, 4 * PAGE, MAP_PRIVATE, 0);
  print("mapped: %s, %s\n", shared, own + PAGE);
  own[0] = 'F';
  shared[1] = 'I';
  print("private: %s, shared: %s\n", own, shared);
  char text[16] = {0};
  call(__NR_pread64, fd, text, 10, 0);
  print("in the file: %s\n", text);
  call(__NR_pwrite64, fd, "SECOND", 6, PAGE);
  print("what is written is seen: %s, %s\n", shared + PAGE, own + PAGE);
  print("behind the end, in the last page: %d, in the next page: %d\n", access(shared + PAGE + 100, 0), access(shared + 2 * PAGE, 0));
  call(__NR_ftruncate, fd, 3 * PAGE);
  print("after ftruncate to 3 pages: %d\n", access(shared + 2 * PAGE, 1));
  call(__NR_ftruncate, fd, 5);
  print("after ftruncate to 5 bytes: %d, %d\n", access(shared + PAGE, 0), (long)shared[6]);
  print("an offset that is no multiple of a page: %e\n", (long)map_file(fd, PAGE, MAP_SHARED, 8));
  int read_only = (int)call(__NR_open, "mapped", O_RDONLY);
  print("a shared mapping to write, of a file to read: %e\n", (long)map_file(read_only, PAGE, MAP_SHARED, 0));
  print("a private one: %d\n", (long)(map_file(read_only, PAGE, MAP_PRIVATE, 0)[0]));
  print("a descriptor that is not open: %e\n", (long)map_file(99, PAGE, MAP_PRIVATE, 0));
  print("msync: %e\n", call(__NR_msync, shared, PAGE, 4));
  call(__NR_close, fd);
  call(__NR_unlink, "mapped");
  print("the mapping stays: %s\n", shared);
}

static void forks(void) {
  char *own = map(PAGE, BOTH, PRIVATE), *shared = map(PAGE, BOTH, SHARED);
  own[0] = shared[0] = 1;
  int status = 0;
  long child = call(__NR_fork);
  if (child == 0) {
    print("the child sees %d %d\n", (long)own[0], (long)shared[0]);
    own[0] = shared[0] = 2;
    exit(0);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("the parent sees %d %d\n", (long)own[0], (long)shared[0]);
}

int main(void) {
  handle(SIGSEGV, skip, SA_SIGINFO, 0);
  handle(SIGBUS, skip, SA_SIGINFO, 0);
  protections();
  places();
  moves();
  breaks();
  advice();
  files();
  forks();
  return 0;
}
