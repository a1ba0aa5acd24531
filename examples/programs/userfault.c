/* Memory whose missing pages another thread provides: userfaultfd. */
#include "program.h"

#include <linux/ioctl.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/userfaultfd.h>

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define PAGES 16

static char stacks[2][16384] __attribute__((aligned(16)));
static char storage[2][64] __attribute__((aligned(16)));
static volatile int tids[2];
/* What pages are filled with. */
static char source[2 * PAGE] __attribute__((aligned(PAGE)));
static char *memory;
static int uffd;

static long open_uffd(long flags) { return call(__NR_userfaultfd, flags); }

static long handshake(int fd, uint64_t features) {
  struct uffdio_api api = {.api = UFFD_API, .features = features};
  return call(__NR_ioctl, fd, UFFDIO_API, &api);
}

static char *map(uint64_t pages, int flags, int fd) {
  uint64_t arguments[6] = {0, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0};
  return (char *)call(__NR_mmap, arguments);
}

static long watch(int fd, const void *start, uint64_t pages) {
  struct uffdio_register range = {.range = {(uint64_t)start, pages * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  return call(__NR_ioctl, fd, UFFDIO_REGISTER, &range);
}

static long unwatch(int fd, const void *start, uint64_t pages) {
  struct uffdio_range range = {(uint64_t)start, pages * PAGE};
  return call(__NR_ioctl, fd, UFFDIO_UNREGISTER, &range);
}

static long wake(int fd, const void *start) {
  struct uffdio_range range = {(uint64_t)start, PAGE};
  return call(__NR_ioctl, fd, UFFDIO_WAKE, &range);
}

static long copied;

static long copy(int fd, const void *to, const void *from, uint64_t length, uint64_t mode) {
  struct uffdio_copy request = {(uint64_t)to, (uint64_t)from, length, mode, 12345};
  long result = call(__NR_ioctl, fd, UFFDIO_COPY, &request);
  copied = request.copy;
  return result;
}

static long zero(int fd, const void *to, uint64_t length) {
  struct uffdio_zeropage request = {{(uint64_t)to, length}, 0, 12345};
  long result = call(__NR_ioctl, fd, UFFDIO_ZEROPAGE, &request);
  copied = request.zeropage;
  return result;
}

/* Fresh memory, all of which is missing, and a userfaultfd that serves it. */
static void fresh(long flags, uint64_t features) {
  uffd = open_uffd(O_CLOEXEC | flags);
  long answer = handshake(uffd, features);
  memory = map(PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  long served = watch(uffd, memory, PAGES);
  if (uffd < 0 || answer < 0 || served < 0) print("userfaultfd %e, UFFDIO_API %e, UFFDIO_REGISTER %e\n", (long)uffd, answer, served);
}

static void drop(void) {
  call(__NR_close, uffd);
  call(__NR_munmap, memory, PAGES * PAGE);
}

static void begin(int index, long (*action)(void *), void *argument) {
  long tid = clone_to(action, argument, stacks[index] + sizeof stacks[index], THREAD, (int *)&tids[index], (int *)&tids[index], storage[index]);
  if (tid < 0) print("clone: %e\n", tid);
}

static void join(int index) {
  int tid;
  while ((tid = tids[index]) != 0) call(__NR_futex, &tids[index], 0, tid, NULL, NULL, 0);
}

/* Waits for a fault, and says which. Returns the page's address. */
static char *fault(void) {
  struct uffd_msg message;
  long got = call(__NR_read, uffd, &message, sizeof message);
  if (got != sizeof message) {
    print("read: %e\n", got);
    exit(1);
  }
  char *page = (char *)message.arg.pagefault.address;
  print("  event %x of page %d, flags %x\n", message.event, (page - memory) / (long)PAGE, message.arg.pagefault.flags);
  return page;
}

static void fill(char letter) { memset(source, letter, PAGE); }

/* Serves a number of faults, with pages of letters: a, b, ... */
static long serve(void *count) {
  for (long i = 0; i < (long)count; i++) {
    char *page = fault();
    fill('a' + i);
    copy(uffd, page, source, PAGE, 0);
  }
  return 0;
}

static void refusals(void) {
  print("userfaultfd with unknown flags: %e\n", open_uffd(2));
  int fd = open_uffd(O_CLOEXEC | O_NONBLOCK);
  char buffer[64];
  struct pollfd polled = {fd, POLLIN, 0};
  call(__NR_poll, &polled, 1, 0);
  print("before the handshake: register %e, read %e, events %x\n", watch(fd, source, 1), call(__NR_read, fd, buffer, 64), polled.revents);
  struct uffdio_api api = {.api = 0xab};
  long result = call(__NR_ioctl, fd, UFFDIO_API, &api);
  print("another version: %e, now %x\n", result, api.api);
  api = (struct uffdio_api){.api = UFFD_API, .features = 1UL << 40};
  result = call(__NR_ioctl, fd, UFFDIO_API, &api);
  print("an unknown feature: %e, now %x\n", result, api.api);
  api = (struct uffdio_api){.api = UFFD_API, .features = UFFD_FEATURE_THREAD_ID};
  result = call(__NR_ioctl, fd, UFFDIO_API, &api);
  uint64_t wanted = UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_SIGBUS | UFFD_FEATURE_THREAD_ID | UFFD_FEATURE_EXACT_ADDRESS;
  print("handshake: %e, version %x, features %x, commands %x\n", result, api.api, api.features & wanted, api.ioctls);
  print("a second one: %e\n", handshake(fd, 0));
  call(__NR_poll, &polled, 1, 0);
  print("nothing to read: %e, events %x\n", call(__NR_read, fd, buffer, 64), polled.revents);
  print("a short read: %e\n", call(__NR_read, fd, buffer, 31));
  print("a write: %e\n", call(__NR_write, fd, buffer, 32));
  print("an unknown command: %e\n", call(__NR_ioctl, fd, 0xaa20, 0));

  char *pages = map(PAGES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  struct uffdio_register range = {.range = {(uint64_t)pages, 4 * PAGE}, .mode = 0};
  print("no mode: %e\n", call(__NR_ioctl, fd, UFFDIO_REGISTER, &range));
  range.mode = 8;
  print("an unknown mode: %e\n", call(__NR_ioctl, fd, UFFDIO_REGISTER, &range));
  range.mode = UFFDIO_REGISTER_MODE_WP;
  print("write protection: %e\n", call(__NR_ioctl, fd, UFFDIO_REGISTER, &range));
  range.mode = UFFDIO_REGISTER_MODE_MINOR;
  print("minor faults of anonymous memory: %e\n", call(__NR_ioctl, fd, UFFDIO_REGISTER, &range));
  print("half a page: %e\n", watch(fd, pages + 8, 1));
  print("no page: %e\n", watch(fd, pages, 0));
  print("all addresses: %e\n", watch(fd, pages, 0xfffffffffffffUL));
  print("a struct in page 0: %e\n", call(__NR_ioctl, fd, UFFDIO_REGISTER, 8));
  call(__NR_munmap, pages + 8 * PAGE, 8 * PAGE);
  print("no mapping: %e\n", watch(fd, pages + 8 * PAGE, 1));
  range = (struct uffdio_register){.range = {(uint64_t)pages, 12 * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  result = call(__NR_ioctl, fd, UFFDIO_REGISTER, &range);
  uint64_t basic = 1UL << _UFFDIO_WAKE | 1UL << _UFFDIO_COPY | 1UL << _UFFDIO_ZEROPAGE;
  print("a mapping and a hole: %e, commands %x\n", result, range.ioctls & basic);
  int other = open_uffd(O_CLOEXEC);
  handshake(other, 0);
  print("a mapping of another userfaultfd: %e\n", watch(other, pages + PAGE, 1));
  call(__NR_close, other);

  call(__NR_close, fd);
  call(__NR_munmap, pages, 8 * PAGE);
}

static void copies(void) {
  fresh(O_NONBLOCK, 0);
  fill('x');
  long result = copy(uffd, memory, source, PAGE, 0);
  print("copy: %e, %d bytes, '%c'\n", result, copied, memory[17]);
  result = copy(uffd, memory, source, PAGE, 0);
  print("again: %e, %d\n", result, copied);
  result = copy(uffd, memory + 8, source, PAGE, 0);
  print("to half a page: %e, %d\n", result, copied);
  print("of half a page: %e\n", copy(uffd, memory + PAGE, source, 2048, 0));
  print("from an odd address: %e", copy(uffd, memory + PAGE, source + 3, PAGE, 0));
  print(" '%c%d'\n", memory[PAGE], (long)memory[2 * PAGE - 1]);
  print("an unknown mode: %e\n", copy(uffd, memory + 2 * PAGE, source, PAGE, 4));
  print("write protected: %e\n", copy(uffd, memory + 2 * PAGE, source, PAGE, UFFDIO_COPY_MODE_WP));
  result = copy(uffd, memory + 2 * PAGE, (char *)16, PAGE, 0);
  print("from page 0: %e, %d\n", result, copied);
  print("to memory that is not served: %e\n", copy(uffd, source, source, PAGE, 0));
  print("beyond the mapping: %e\n", copy(uffd, memory + 15 * PAGE, memory, 2 * PAGE, 0));
  result = copy(uffd, memory + 4 * PAGE, source, PAGE, 0);
  result = zero(uffd, memory + 3 * PAGE, 2 * PAGE);
  print("zeros until a page that is there: %e, %d bytes, %d\n", result, copied, (long)memory[3 * PAGE]);
  memory[3 * PAGE] = 'z';
  print("zeros that were written: '%c', zeros again: %e\n", memory[3 * PAGE], zero(uffd, memory + 3 * PAGE, PAGE));
  struct uffdio_continue more = {{(uint64_t)memory + 6 * PAGE, PAGE}, 0, 0};
  print("the page of a file: %e\n", call(__NR_ioctl, uffd, UFFDIO_CONTINUE, &more));
  struct uffdio_writeprotect protect = {{(uint64_t)memory, PAGE}, 0};
  print("write protection: %e\n", call(__NR_ioctl, uffd, UFFDIO_WRITEPROTECT, &protect));
  print("wake: %e, of no page: %e\n", wake(uffd, memory), wake(uffd, memory + 1));
  unsigned char resident[PAGES];
  call(__NR_mincore, memory, PAGES * PAGE, resident);
  long count = 0;
  for (int i = 0; i < PAGES; i++) count += resident[i] & 1;
  print("%d pages have frames\n", count);
  drop();
}

/* A program's own loads and stores. */
static void accesses(void) {
  fresh(0, 0);
  struct pollfd polled = {uffd, POLLIN, 0};
  call(__NR_poll, &polled, 1, 0);
  print("poll of one that blocks: events %x\n", polled.revents);
  begin(0, serve, (void *)4);
  print("a load: '%c'\n", ((volatile char *)memory)[100]);
  ((volatile char *)memory)[PAGE + 5] = '!';
  __asm__ volatile("" ::: "memory");
  print("a store: '%c%c'\n", memory[PAGE + 5], memory[PAGE + 6]);
  memcpy(memory + 3 * PAGE - 4, "12345678", 8);
  print("a store across two pages: '%c%c%c%c'\n", memory[3 * PAGE - 5], memory[3 * PAGE - 4], memory[3 * PAGE + 3], memory[3 * PAGE + 4]);
  join(0);
  drop();
}

/* What the kernel reads and writes for system calls. */
static void calls(void) {
  fresh(0, 0);
  int pipe[2];
  call(__NR_pipe2, pipe, 0);
  begin(0, serve, (void *)8);
  print("write: %d\n", call(__NR_write, pipe[1], memory + 10, 3));
  print("read: %d", call(__NR_read, pipe[0], memory + PAGE, 100));
  print(" '%c%c'\n", memory[PAGE], memory[PAGE + 3]);
  struct iovec parts[2] = {{memory + 2 * PAGE - 1, 2}, {memory, 1}};
  print("writev: %d\n", call(__NR_writev, pipe[1], parts, 2));
  print("clock_gettime: %d", call(__NR_clock_gettime, 1, memory + 3 * PAGE));
  print(" '%c'\n", memory[3 * PAGE + 16]);
  print("open: %e\n", call(__NR_openat, AT_FDCWD, memory + 4 * PAGE, O_RDONLY));
  struct pollfd *polled = (struct pollfd *)(memory + 5 * PAGE);
  print("poll: %d\n", call(__NR_poll, polled, 1, 0));
  struct timespec *time = (struct timespec *)(memory + 6 * PAGE);
  print("nanosleep: %e\n", call(__NR_nanosleep, time, NULL));
  print("pipe: %e\n", call(__NR_pipe2, memory + 7 * PAGE, 0));
  int file = call(__NR_memfd_create, "file", 0);
  call(__NR_write, file, source, 2 * PAGE);
  begin(1, serve, (void *)3);
  print("pread of 3 pages: %d", call(__NR_pread64, file, memory + 9 * PAGE - 100, 2 * PAGE, 0));
  print(" '%c%c'\n", memory[9 * PAGE], memory[11 * PAGE - 99]);
  join(0);
  join(1);
  call(__NR_close, file);
  call(__NR_close, pipe[0]);
  call(__NR_close, pipe[1]);
  drop();
}

static volatile int taken;
static volatile uint64_t where;
static volatile int why;

static void count(int signal) {
  (void)signal;
  taken++;
}

/* Goes to the next page: the load is made again. */
static void note(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  taken++;
  where = (uint64_t)info->si_addr;
  why = info->si_code;
  fill('s');
  copy(uffd, (void *)(where & -PAGE), source, PAGE, 0);
}

static volatile char loaded;

static long load(void *from) {
  loaded = *(volatile char *)from;
  return 0;
}

static long written;

/* Writes a byte to a pipe that nobody reads. */
static long give(void *from) {
  int pipe[2];
  call(__NR_pipe2, pipe, 0);
  written = call(__NR_write, pipe[1], from, 1);
  call(__NR_close, pipe[0]);
  call(__NR_close, pipe[1]);
  return 0;
}

/* Faults that are not served: for the kernel, or at all. */
static void modes(void) {
  fresh(UFFD_USER_MODE_ONLY, 0);
  give(memory);
  print("write without service for the kernel: %e\n", written);
  print("clock_gettime: %e\n", call(__NR_clock_gettime, 1, memory));
  begin(0, serve, (void *)1);
  print("a load: '%c'\n", *(volatile char *)memory);
  join(0);
  drop();

  fresh(0, UFFD_FEATURE_SIGBUS);
  handle(SIGBUS, note, SA_SIGINFO, 0);
  char got = ((volatile char *)memory)[2 * PAGE + 24];
  print("a load with UFFD_FEATURE_SIGBUS: '%c' after %d signal, code %d, page %d\n", got, (long)taken, (long)why, (where - (uint64_t)memory) / PAGE);
  give(memory);
  print("write: %e\n", written);
  drop();

  fresh(0, UFFD_FEATURE_THREAD_ID);
  begin(0, load, memory);
  int tid = tids[0];
  struct uffd_msg message;
  call(__NR_read, uffd, &message, sizeof message);
  print("the thread is known: %d\n", (long)((int)message.arg.pagefault.feat.ptid == tid));
  zero(uffd, memory, PAGE);
  join(0);
  print("it has loaded %d\n", (long)loaded);
  drop();
}

/* Threads that are woken, by what is done or by signals. */
static void wakes(void) {
  fresh(0, 0);
  begin(0, load, memory + 3);
  fault();
  print("woken for nothing: %e\n", wake(uffd, memory));
  fault();
  fill('w');
  print("copy without waking: %e\n", copy(uffd, memory, source, PAGE, UFFDIO_COPY_MODE_DONTWAKE));
  print("wake of another page: %e\n", wake(uffd, memory + PAGE));
  print("wake: %e\n", wake(uffd, memory));
  join(0);
  print("loaded '%c'\n", loaded);

  /* Two threads at one page. */
  begin(0, load, memory + PAGE);
  begin(1, load, memory + PAGE + 1);
  fault();
  fault();
  copy(uffd, memory + PAGE, source, PAGE, 0);
  join(0);
  join(1);
  print("both have gone on\n");

  /* A handler runs, and afterwards the load is made again. */
  taken = 0;
  handle(SIGUSR1, count, 0, 0);
  begin(0, load, memory + 2 * PAGE);
  fault();
  call(__NR_tgkill, self(), tids[0], SIGUSR1);
  fault();
  print("signals taken: %d\n", (long)taken);
  copy(uffd, memory + 2 * PAGE, source, PAGE, 0);
  join(0);

  begin(0, load, memory + 4 * PAGE);
  fault();
  print("unregister: %e\n", unwatch(uffd, memory + 4 * PAGE, 1));
  join(0);
  print("loaded %d\n", (long)loaded);
  print("unregister a mapping that is not registered: %e\n", unwatch(uffd, memory + 4 * PAGE, 1));
  begin(0, load, memory + 5 * PAGE);
  fault();
  begin(1, give, memory + 6 * PAGE);
  fault();
  call(__NR_close, uffd);
  join(0);
  join(1);
  print("closed: loaded %d, written %d\n", (long)loaded, written);
  drop();
}

/* A signal handler's frame on memory that is served. */
static void frames(void) {
  fresh(0, 0);
  stack_t stack = {.ss_sp = memory, .ss_flags = 0, .ss_size = 4 * PAGE};
  call(__NR_sigaltstack, &stack, NULL);
  taken = 0;
  handle(SIGUSR2, count, SA_ONSTACK, 0);
  begin(0, serve, (void *)1);
  call(__NR_kill, self(), SIGUSR2);
  print("signals taken: %d\n", (long)taken);
  join(0);
  stack.ss_flags = SS_DISABLE;
  call(__NR_sigaltstack, &stack, NULL);
  drop();
}

/* What becomes of mappings. */
static void changes(void) {
  fresh(O_NONBLOCK, 0);
  struct uffd_msg message;
  fill('m');
  copy(uffd, memory, source, PAGE, 0);
  call(__NR_madvise, memory, PAGE, MADV_DONTNEED);
  begin(0, load, memory);
  while (call(__NR_read, uffd, &message, sizeof message) == -EAGAIN) call(__NR_sched_yield);
  copy(uffd, memory, source, PAGE, 0);
  join(0);
  print("dropped and provided again: '%c'\n", loaded);

  long pid = call(__NR_clone, 0, SIGCHLD);
  if (pid == 0) exit(memory[PAGE] == 0 ? 7 : 8);
  int status;
  call(__NR_wait4, pid, &status, 0, NULL);
  print("a child has zeros: status %x, messages: %e\n", (long)status, call(__NR_read, uffd, &message, sizeof message));

  char *moved = (char *)call(__NR_mremap, memory + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
  print("moved memory has zeros: %d\n", (long)moved[0]);
  call(__NR_munmap, moved, 2 * PAGE);
  call(__NR_mprotect, memory + 2 * PAGE, PAGE, PROT_READ);
  print("copy to memory that cannot be written: %e", copy(uffd, memory + 2 * PAGE, source, PAGE, 0));
  print(" '%c'\n", memory[2 * PAGE]);
  print("to two mappings: %e\n", copy(uffd, memory + PAGE, source, 2 * PAGE, 0));
  drop();
}

/* Memory of a file, which is shared. */
static void shared(void) {
  int file = call(__NR_memfd_create, "file", 0);
  call(__NR_ftruncate, file, 8 * PAGE);
  uffd = open_uffd(O_CLOEXEC | O_NONBLOCK);
  handshake(uffd, UFFD_FEATURE_MISSING_SHMEM);
  memory = map(10, MAP_SHARED, file);
  char *other = map(8, MAP_SHARED, file);
  char *own = map(8, MAP_PRIVATE, file);
  print("registered: %e\n", watch(uffd, memory, 10));
  other[PAGE] = 'o';
  print("what another has stored: '%c'\n", memory[PAGE]);
  fill('c');
  print("copy: %e", copy(uffd, memory, source, PAGE, 0));
  print(" '%c', another's '%c'\n", memory[0], other[0]);
  other[2 * PAGE] = 'o';
  print("copy to a page of another's: %e\n", copy(uffd, memory + 2 * PAGE, source, PAGE, 0));
  print("copy beyond the end: %e\n", copy(uffd, memory + 8 * PAGE, source, PAGE, 0));
  print("zeros: %e\n", zero(uffd, memory + 3 * PAGE, PAGE));
  memory[3 * PAGE] = 'z';
  print("they are the file's: '%c'\n", other[3 * PAGE]);

  print("registered: %e\n", watch(uffd, own, 8));
  print("copy: %e\n", copy(uffd, own + 4 * PAGE, source, PAGE, 0));
  print("it is no page of the file: '%c', %d\n", own[4 * PAGE], (long)other[4 * PAGE]);
  print("over a page of the file: %e", copy(uffd, own + 2 * PAGE, source, PAGE, 0));
  print(" '%c', another's '%c'\n", own[2 * PAGE], other[2 * PAGE]);
  call(__NR_close, uffd);
  call(__NR_close, file);
  call(__NR_munmap, memory, 10 * PAGE);
  call(__NR_munmap, other, 8 * PAGE);
  call(__NR_munmap, own, 8 * PAGE);
}

/* A process that is ended while the kernel waits for a page. */
static void end_of(int signal) {
  int pipe[2];
  call(__NR_pipe2, pipe, 0);
  long pid = call(__NR_clone, 0, SIGCHLD);
  if (pid == 0) {
    fresh(0, 0);
    begin(0, give, memory);
    fault();
    call(__NR_write, pipe[1], "x", 1);
    give(memory + PAGE);
    exit(1);
  }
  char byte;
  call(__NR_read, pipe[0], &byte, 1);
  call(__NR_kill, pid, signal);
  int status;
  call(__NR_wait4, pid, &status, 0, NULL);
  print("ended by a signal: status %x\n", (long)status);
  call(__NR_close, pipe[0]);
  call(__NR_close, pipe[1]);
}

static void rights(void) {
  long pid = call(__NR_clone, 0, SIGCHLD);
  if (pid == 0) {
    call(__NR_setresuid, 1000, 1000, 1000);
    print("another user: %e", open_uffd(0));
    print(", for programs alone %d, /dev/userfaultfd %e\n", (long)(open_uffd(UFFD_USER_MODE_ONLY) > 0), call(__NR_openat, AT_FDCWD, "/dev/userfaultfd", O_RDWR));
    exit(0);
  }
  call(__NR_wait4, pid, NULL, 0, NULL);
  int device = call(__NR_openat, AT_FDCWD, "/dev/userfaultfd", O_RDWR);
  int made = call(__NR_ioctl, device, USERFAULTFD_IOC_NEW, O_CLOEXEC);
  print("/dev/userfaultfd: %d, handshake %e, an unknown command %e, unknown flags %e\n", (long)(made > device), handshake(made, 0),
        call(__NR_ioctl, device, 0xaa01, 0), call(__NR_ioctl, device, USERFAULTFD_IOC_NEW, 2));
}

int main(void) {
  refusals();
  copies();
  accesses();
  calls();
  modes();
  wakes();
  frames();
  changes();
  shared();
  end_of(SIGKILL);
  end_of(SIGTERM);
  rights();
  return 0;
}
