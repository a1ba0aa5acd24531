/* Threads made by clone, and what they share; futexes, and the words that the kernel clears when a thread ends. */
#include "program.h"

#include <linux/futex.h>
#include <linux/sched.h>

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
#define THREADS 4

static char stacks[THREADS][8192] __attribute__((aligned(16)));
/* The number of a thread while it lives: the kernel clears it, and wakes who waits for it. */
static volatile int tids[THREADS];
static char storage[THREADS][64] __attribute__((aligned(16)));

static long futex(volatile int *word, int operation, int value, void *timeout, volatile int *other, int value3) {
  return call(__NR_futex, word, operation, value, timeout, other, value3);
}

static void begin(int index, long (*action)(void *), long argument) {
  long tid = clone_to(action, (void *)argument, stacks[index] + sizeof stacks[index], THREAD, (int *)&tids[index], (int *)&tids[index], storage[index]);
  if (tid < 0) print("clone: %e\n", tid);
}

static void join(int index) {
  int tid;
  while ((tid = tids[index]) != 0) futex(&tids[index], FUTEX_WAIT, tid, NULL, NULL, 0);
}

/* A lock of three states: free, held, held and waited for. */
static volatile int lock;
static volatile long counter;

static void acquire(void) {
  int seen = 0;
  if (__atomic_compare_exchange_n(&lock, &seen, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
  if (seen != 2) seen = __atomic_exchange_n(&lock, 2, __ATOMIC_SEQ_CST);
  while (seen != 0) {
    futex(&lock, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 2, NULL, NULL, 0);
    seen = __atomic_exchange_n(&lock, 2, __ATOMIC_SEQ_CST);
  }
}

static void release(void) {
  if (__atomic_exchange_n(&lock, 0, __ATOMIC_SEQ_CST) == 2) futex(&lock, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

static long add(void *rounds) {
  for (long i = 0; i < (long)rounds; i++) {
    acquire();
    long old = counter;
    if (i % 64 == 0) call(__NR_sched_yield);
    counter = old + 1;
    release();
  }
  return 0;
}

static uint64_t thread_pointer(void) {
  uint64_t high, low;
  __asm__("ear %0,%%a0\n\tear %1,%%a1" : "=d"(high), "=d"(low));
  return (high << 32) | (low & 0xffffffff);
}

static volatile uint64_t pointers[THREADS];
static volatile long pids[THREADS], numbers[THREADS];

static long report(void *argument) {
  long index = (long)argument;
  pointers[index] = thread_pointer();
  pids[index] = self();
  numbers[index] = call(__NR_gettid);
  return 0;
}

static void shared(void) {
  for (int i = 0; i < THREADS; i++) begin(i, add, 500);
  for (int i = 0; i < THREADS; i++) join(i);
  print("%d threads added %d under a lock\n", (long)THREADS, counter);
  int all = 1;
  for (int i = 0; i < THREADS; i++) begin(i, report, i);
  for (int i = 0; i < THREADS; i++) {
    join(i);
    all &= pointers[i] == (uint64_t)storage[i] && pids[i] == self() && numbers[i] != self();
  }
  print("thread pointer in access registers 0 and 1, the process's number, another thread's number: %d\n", (long)all);
}

static volatile int word, second;
static volatile int results[THREADS];
static volatile int ready;

static long wait_word(void *argument) {
  long index = (long)argument;
  __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
  results[index] = (int)futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 1 << index) + 100;
  return 0;
}

/* Threads that are about to wait are given time to. */
static void waiters(int count) {
  ready = 0;
  for (int i = 0; i < count; i++) {
    results[i] = 0;
    begin(i, wait_word, i);
    while (ready <= i) pause_for(5);
    pause_for(20);
  }
}

static int finished(int count) {
  pause_for(30);
  int sum = 0;
  for (int i = 0; i < count; i++) sum |= results[i] != 0 ? 1 << i : 0;
  return sum;
}

static void futexes(void) {
  long time[2] = {0, 2000000};
  print("the value differs: %e\n", futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0));
  print("timeout: %e\n", futex(&word, FUTEX_WAIT, 0, time, NULL, 0));
  print("no bits: %e\n", futex(&word, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0));
  print("not aligned: %e\n", futex((int *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0));
  print("an operation that does not exist: %e\n", futex(&word, 99, 0, NULL, NULL, 0));
  print("nobody waits: %e\n", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
  print("a word in page 0: %e\n", futex((int *)16, FUTEX_WAIT, 0, NULL, NULL, 0));
  waiters(4);
  print("wake by bit: %e", futex(&word, FUTEX_WAKE_BITSET, 9, NULL, NULL, 2));
  print(", woken %x\n", (long)finished(4));
  print("wake one: %e", futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0));
  print(", woken %x\n", (long)finished(4));
  print("requeue, another value: %e\n", futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)9, &second, 5));
  print("requeue: %e", futex(&word, FUTEX_CMP_REQUEUE, 0, (void *)9, &second, 0));
  print(", woken %x\n", (long)finished(4));
  print("the first word has no waiters: %e\n", futex(&word, FUTEX_WAKE, 9, NULL, NULL, 0));
  print("the second one has: %e", futex(&second, FUTEX_WAKE, 9, NULL, NULL, 0));
  print(", woken %x\n", (long)finished(4));
  for (int i = 0; i < 4; i++) join(i);
  waiters(2);
  second = 5;
  print("FUTEX_WAKE_OP: %e", futex(&word, FUTEX_WAKE_OP, 9, NULL, &second, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)));
  print(", the second word is %d, woken %x\n", (long)second, (long)finished(2));
  for (int i = 0; i < 2; i++) join(i);
}

static volatile int handled_by;
static void who(int signal) { (void)signal; handled_by = (int)call(__NR_gettid); }

static long sleep_here(void *argument) {
  (void)argument;
  ready = 1;
  long time[2] = {5, 0};
  results[0] = call(__NR_nanosleep, time, NULL) == -EINTR ? 1 : 2;
  return 0;
}

static void signals(void) {
  handle(SIGUSR1, who, 0, 0);
  ready = 0;
  begin(0, sleep_here, 0);
  while (!ready) pause_for(5);
  pause_for(20);
  int tid = tids[0];
  call(__NR_tgkill, self(), tid, SIGUSR1);
  join(0);
  print("a signal to one thread: taken there %d, its sleep was interrupted %d\n", (long)(handled_by == tid), (long)(results[0] == 1));
  /* A signal to the process goes to a thread that does not block it. */
  block(BIT(SIGUSR1));
  ready = 0;
  begin(0, sleep_here, 0);
  while (!ready) pause_for(5);
  uint64_t pending = 0;
  call(__NR_kill, self(), SIGUSR1);
  call(__NR_rt_sigpending, &pending, 8);
  print("threads inherit the mask: pending %x\n", pending);
  call(__NR_tgkill, self(), tids[0], SIGUSR1);
  block(0);
  print("the process's signal was taken by the first thread: %d\n", (long)(handled_by == self()));
}

static long wait_forever(void *argument) {
  for (;;) call(__NR_pause);
  return (long)argument;
}

static long exit_all(void *argument) {
  pause_for(20);
  exit((int)(long)argument);
}

static long execute(void *argument) {
  char *arguments[] = {argument, "executed", NULL};
  pause_for(20);
  return call(__NR_execve, argument, arguments, NULL);
}

static void ends(char *program) {
  int status = 0;
  long child = call(__NR_fork);
  if (child == 0) {
    begin(1, wait_forever, 0);
    begin(0, exit_all, 21);
    wait_forever(NULL);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("exit_group of one thread ends all: status %x\n", (long)status);
  child = call(__NR_fork);
  if (child == 0) {
    begin(0, exit_all, 22);
    call(__NR_exit, 5);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("the first thread may end before the others: status %x\n", (long)status);
  child = call(__NR_fork);
  if (child == 0) {
    begin(0, execute, (long)program);
    wait_forever(NULL);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("exec in another thread ends the rest: status %x\n", (long)status);
}

/* A robust lock, whose holder ends without a release. */
struct lock_entry { struct robust_list list; volatile int word; };
static struct lock_entry robust;
static struct robust_list_head head = {{&head.list}, __builtin_offsetof(struct lock_entry, word), NULL};

static long hold_robust(void *argument) {
  (void)argument;
  call(__NR_set_robust_list, &head, sizeof head);
  robust.word = (int)call(__NR_gettid);
  robust.list.next = &head.list;
  head.list.next = &robust.list;
  return 0;
}

/* A process with the memory of its parent: its word is cleared when it executes another program. */
static void shared_memory(char *program) {
  int status = 0;
  long child = clone_to(execute, program, stacks[0] + sizeof stacks[0], CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID | SIGCHLD, (int *)&tids[0], (int *)&tids[0], NULL);
  print("clone with CLONE_VM: a process %d, its number is known %d\n", (long)(child > 0), (long)(tids[0] == child));
  join(0);
  call(__NR_wait4, child, &status, 0, NULL);
  print("exec cleared its word: status %x\n", (long)status);
}

static void robust_list(void) {
  print("a list head of another size: %e\n", call(__NR_set_robust_list, &head, 8));
  begin(0, hold_robust, 0);
  join(0);
  print("the holder of a robust lock has ended: %x\n", (long)(uint32_t)robust.word);
}

int main(int argc, char **argv) {
  if (argc > 1 && same(argv[1], "executed")) return 55;
  shared();
  futexes();
  signals();
  ends(argv[0]);
  shared_memory(argv[0]);
  robust_list();
  print("a thread without CLONE_SIGHAND: %e\n", call(__NR_clone, stacks[0] + 8000, CLONE_VM | CLONE_THREAD));
  print("CLONE_SIGHAND without CLONE_VM: %e\n", call(__NR_clone, stacks[0] + 8000, CLONE_SIGHAND));
  return 0;
}
