/* Signals: handlers, what they are told, how calls go on afterwards, and stops. */
#include "program.h"

#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#define CHILD_OF(status) ((status) & 0x7f)

static volatile int calls;
static volatile int last;
static volatile uint64_t blocked_inside;
static siginfo_t info_inside;

static void count(int signal) {
  calls++;
  last = signal;
  call(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &blocked_inside, 8);
}

static void look(int signal, siginfo_t *info, void *context) {
  (void)context;
  calls++;
  last = signal;
  info_inside = *info;
}

static int raise(int signal) { return (int)call(__NR_kill, self(), signal); }

static void actions(void) {
  struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } old;
  handle(SIGUSR1, count, SA_NODEFER, BIT(SIGUSR2));
  call(__NR_rt_sigaction, SIGUSR1, NULL, &old, 8);
  print("old action: handler %s, flags %x, mask %x\n", old.handler == (void *)count ? "known" : "wrong", old.flags, old.mask);
  print("action of SIGKILL: %e\n", handle(SIGKILL, count, 0, 0));
  print("action of SIGSTOP: %e\n", handle(SIGSTOP, SIG_IGN, 0, 0));
  print("action of signal 0: %e\n", handle(0, count, 0, 0));
  print("action of signal 65: %e\n", handle(65, count, 0, 0));
  print("a set of 4 bytes: %e\n", call(__NR_rt_sigaction, SIGUSR1, NULL, &old, 4));
  print("an action in page 0: %e\n", call(__NR_rt_sigaction, SIGUSR1, 16, NULL, 8));
  raise(SIGUSR1);
  print("SA_NODEFER: taken %d, blocked inside %x\n", (long)calls, blocked_inside);
  handle(SIGUSR1, count, 0, 0);
  raise(SIGUSR1);
  print("without it: taken %d, blocked inside %x\n", (long)calls, blocked_inside);
  handle(SIGUSR1, count, SA_RESETHAND, 0);
  raise(SIGUSR1);
  call(__NR_rt_sigaction, SIGUSR1, NULL, &old, 8);
  print("SA_RESETHAND: taken %d, handler now %x\n", (long)calls, (uint64_t)old.handler);
  handle(SIGUSR1, SIG_IGN, 0, 0);
  raise(SIGUSR1);
  print("ignored: taken %d\n", (long)calls);
}

static void masks(void) {
  calls = 0;
  handle(SIGUSR1, count, 0, 0);
  handle(SIGUSR2, count, 0, 0);
  uint64_t old = block(BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGKILL) | BIT(SIGSTOP));
  print("blocked before: %x\n", old);
  old = 0;
  call(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &old, 8);
  print("SIGKILL and SIGSTOP are not blocked: %x\n", old);
  raise(SIGUSR1);
  raise(SIGUSR1);
  raise(SIGUSR2);
  uint64_t pending = 0;
  call(__NR_rt_sigpending, &pending, 8);
  print("pending: %x, taken %d\n", pending, (long)calls);
  block(0);
  print("after: taken %d, each once\n", (long)calls);
  uint64_t set = 0;
  print("another way: %e\n", call(__NR_rt_sigprocmask, 9, &set, NULL, 8));
  /* An ignored signal that is blocked stays pending, until it is ignored anew. */
  block(BIT(SIGUSR1));
  handle(SIGUSR1, SIG_IGN, 0, 0);
  raise(SIGUSR1);
  call(__NR_rt_sigpending, &pending, 8);
  print("ignored and blocked: pending %x\n", pending);
  handle(SIGUSR1, SIG_IGN, 0, 0);
  call(__NR_rt_sigpending, &pending, 8);
  print("ignored again: pending %x\n", pending);
  block(0);
}

static void queue(void) {
  calls = 0;
  handle(SIGUSR1, look, SA_SIGINFO, 0);
  handle(40, look, SA_SIGINFO, 0);
  raise(SIGUSR1);
  print("kill: si_signo %d, si_code %d, si_pid %s\n", (long)info_inside.si_signo, (long)info_inside.si_code, info_inside.si_pid == self() ? "mine" : "wrong");
  call(__NR_tgkill, self(), call(__NR_gettid), SIGUSR1);
  print("tgkill: si_code %d\n", (long)info_inside.si_code);
  siginfo_t info;
  block(BIT(40));
  for (int i = 1; i <= 3; i++) {
    memset(&info, 0, sizeof info);
    info.si_code = SI_QUEUE;
    info.si_pid = (int)self();
    info.si_int = i * 111;
    call(__NR_rt_sigqueueinfo, self(), 40, &info);
  }
  uint64_t set = BIT(40);
  memset(&info, 0, sizeof info);
  long got = call(__NR_rt_sigtimedwait, &set, &info, NULL, 8);
  print("sigtimedwait: %d, si_code %d, value %d\n", got, (long)info.si_code, (long)info.si_int);
  calls = 0;
  block(0);
  print("the rest of the queue: taken %d, value of the last %d\n", (long)calls, (long)info_inside.si_int);
  long time[2] = {0, 1000000};
  block(BIT(40));
  print("sigtimedwait without a signal: %e\n", call(__NR_rt_sigtimedwait, &set, NULL, time, 8));
  time[1] = -1;
  print("sigtimedwait, time not valid: %e\n", call(__NR_rt_sigtimedwait, &set, NULL, time, 8));
  block(0);
  print("signal 0 to oneself: %e\n", call(__NR_kill, self(), 0));
  print("signal to process 999999: %e\n", call(__NR_kill, 999999, SIGUSR1));
  print("signal 65: %e\n", call(__NR_kill, self(), 65));
  print("tgkill of thread 0: %e\n", call(__NR_tgkill, self(), 0, SIGUSR1));
}

/* A program that returns behind the instruction that caused the signal. */
static volatile uint64_t *no_address = (uint64_t *)16;

static void skip(int signal, siginfo_t *info, void *context) {
  struct ucontext_extended *at = context;
  calls++;
  last = signal;
  info_inside = *info;
  /* LG and STG of the compiler may have any register: the handler writes the result of `load` itself. */
  at->uc_mcontext.regs.psw.addr = at->uc_mcontext.regs.gprs[1];
  at->uc_mcontext.regs.gprs[2] = 4711;
  at->uc_sigmask = BIT(SIGUSR2);
}

static uint64_t load(volatile uint64_t *from) {
  register uint64_t result __asm__("2") = 1;
  register volatile uint64_t *at __asm__("3") = from;
  __asm__ volatile("larl 1,0f; lg 2,0(3); 0:" : "+d"(result) : "a"(at) : "1", "memory");
  return result;
}

static void contexts(void) {
  calls = 0;
  handle(SIGSEGV, skip, SA_SIGINFO, 0);
  print("a fault: result %d", load(no_address));
  print(", si_code %d, si_addr %x\n", (long)info_inside.si_code, (uint64_t)info_inside.si_addr & ~(PAGE - 1));
  uint64_t now = 0;
  call(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &now, 8);
  print("mask that the handler set: %x\n", now);
  block(0);
  handle(SIGSEGV, SIG_DFL, 0, 0);
}

static char stack[16384] __attribute__((aligned(16)));
static volatile int depth, deepest, on_stack;

static void nested(int signal) {
  char here;
  on_stack += &here >= stack && &here < stack + sizeof stack;
  if (++depth > deepest) deepest = depth;
  if (signal == SIGUSR1) raise(SIGUSR2);
  depth--;
}

static void stacks(void) {
  struct { void *address; int flags; uint64_t size; } alternate = {stack, 0, sizeof stack}, old = {NULL, 7, 7};
  print("sigaltstack: %e", call(__NR_sigaltstack, &alternate, &old));
  print(", before: flags %d, size %d\n", (long)old.flags, old.size);
  handle(SIGUSR1, nested, SA_ONSTACK, 0);
  handle(SIGUSR2, nested, SA_ONSTACK, 0);
  raise(SIGUSR1);
  print("nested: depth %d, on the alternate stack %d\n", (long)deepest, (long)on_stack);
  handle(SIGUSR2, nested, 0, 0);
  on_stack = 0;
  raise(SIGUSR2);
  print("without SA_ONSTACK: on the alternate stack %d\n", (long)on_stack);
  call(__NR_sigaltstack, NULL, &old);
  print("now: flags %d, size %d\n", (long)old.flags, old.size);
  alternate.size = 1024;
  print("a stack of 1 KiB: %e\n", call(__NR_sigaltstack, &alternate, NULL));
  alternate.size = sizeof stack, alternate.flags = 4;
  print("flags 4: %e\n", call(__NR_sigaltstack, &alternate, NULL));
  alternate.flags = SS_DISABLE;
  print("SS_DISABLE: %e\n", call(__NR_sigaltstack, &alternate, NULL));
}

/* A child sends a signal after some time, then a byte. */
static long later(int pipe[2], int signal) {
  long parent = self();
  long child = call(__NR_fork);
  if (child != 0) return child;
  pause_for(100);
  call(__NR_kill, parent, signal);
  pause_for(100);
  call(__NR_write, pipe[1], "x", 1);
  exit(0);
}

static void restarts(void) {
  int pipe[2];
  char byte;
  call(__NR_pipe, pipe);
  calls = 0;
  handle(SIGUSR1, count, SA_RESTART, 0);
  later(pipe, SIGUSR1);
  print("read with SA_RESTART: %e", call(__NR_read, pipe[0], &byte, 1));
  print(", taken %d\n", (long)calls);
  call(__NR_wait4, -1, NULL, 0, NULL);
  handle(SIGUSR1, count, 0, 0);
  later(pipe, SIGUSR1);
  print("read without: %e", call(__NR_read, pipe[0], &byte, 1));
  print(", taken %d\n", (long)calls);
  call(__NR_wait4, -1, NULL, 0, NULL);
  call(__NR_read, pipe[0], &byte, 1);
  handle(SIGUSR1, count, SA_RESTART, 0);
  later(pipe, SIGUSR1);
  struct { int fd; short events, got; } polled = {pipe[0], 1, 0};
  print("poll is never restarted: %e\n", call(__NR_poll, &polled, 1, -1));
  call(__NR_wait4, -1, NULL, 0, NULL);
  call(__NR_read, pipe[0], &byte, 1);
  later(pipe, SIGUSR1);
  long wanted[2] = {1, 0}, left[2] = {0, 0};
  print("nanosleep: %e", call(__NR_nanosleep, wanted, left));
  print(", more than half a second left: %d\n", (long)(left[0] == 0 && left[1] > 500000000));
  call(__NR_wait4, -1, NULL, 0, NULL);
  call(__NR_read, pipe[0], &byte, 1);
  /* SIGCHLD is ignored by default: it does not end a call. */
  handle(SIGCHLD, SIG_DFL, 0, 0);
  later(pipe, SIGCHLD);
  print("read and an ignored signal: %e\n", call(__NR_read, pipe[0], &byte, 1));
  call(__NR_wait4, -1, NULL, 0, NULL);
  block(BIT(SIGUSR1));
  calls = 0;
  uint64_t none = 0;
  raise(SIGUSR1);
  print("sigsuspend: %e", call(__NR_rt_sigsuspend, &none, 8));
  print(", taken %d", (long)calls);
  call(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &none, 8);
  print(", mask afterwards %x\n", none);
  block(0);
}

static void stops(void) {
  int status = 0;
  long child = call(__NR_fork);
  if (child == 0) {
    raise(SIGSTOP);
    exit(7);
  }
  call(__NR_wait4, child, &status, 2, NULL);
  print("stopped: status %x\n", (long)status);
  print("no news: %e\n", call(__NR_wait4, child, &status, 3, NULL));
  call(__NR_kill, child, SIGCONT);
  call(__NR_wait4, child, &status, 0, NULL);
  print("continued, and ended: status %x\n", (long)status);
  child = call(__NR_fork);
  if (child == 0) {
    handle(SIGUSR1, count, 0, 0);
    for (;;) call(__NR_pause);
  }
  call(__NR_kill, child, SIGSTOP);
  call(__NR_wait4, child, &status, 2, NULL);
  call(__NR_kill, child, SIGCONT);
  call(__NR_wait4, child, &status, 8, NULL);
  print("WCONTINUED: status %x\n", (long)status);
  call(__NR_kill, child, SIGTERM);
  call(__NR_wait4, child, &status, 0, NULL);
  print("ended by SIGTERM: status %x\n", (long)status);
  /* A stopped process is killed all the same. */
  child = call(__NR_fork);
  if (child == 0) for (;;) call(__NR_pause);
  call(__NR_kill, child, SIGSTOP);
  call(__NR_wait4, child, &status, 2, NULL);
  call(__NR_kill, child, SIGKILL);
  call(__NR_wait4, child, &status, 0, NULL);
  print("killed while stopped: status %x\n", (long)status);
  /* The parent is told by SIGCHLD. */
  static const int signals[] = {SIGSTOP, SIGCONT, SIGTERM};
  uint64_t set = BIT(SIGCHLD);
  siginfo_t info;
  block(set);
  child = call(__NR_fork);
  if (child == 0) for (;;) call(__NR_pause);
  for (int i = 0; i < 3; i++) {
    call(__NR_kill, child, signals[i]);
    call(__NR_rt_sigtimedwait, &set, &info, NULL, 8);
    print("SIGCHLD: si_code %d, si_status %d, si_pid %s\n", (long)info.si_code, (long)info.si_status, info.si_pid == child ? "known" : "wrong");
  }
  call(__NR_wait4, child, &status, 0, NULL);
  block(0);
}

/* A stop in a call does not end it. */
static void stopped_calls(void) {
  int pipe[2], status = 0;
  char byte;
  call(__NR_pipe, pipe);
  for (int i = 0; i < 3; i++) {
    long child = call(__NR_fork);
    if (child == 0) {
      long time[2] = {0, 200000000};
      struct { int fd; short events, got; } polled = {pipe[0], 1, 0};
      if (i == 0) print("nanosleep: %e\n", call(__NR_nanosleep, time, NULL));
      else if (i == 1) print("poll: %e\n", call(__NR_poll, &polled, 1, 200));
      else print("read: %e\n", call(__NR_read, pipe[0], &byte, 1));
      exit(0);
    }
    pause_for(50);
    call(__NR_kill, child, SIGSTOP);
    call(__NR_wait4, child, &status, 2, NULL);
    pause_for(50);
    call(__NR_kill, child, SIGCONT);
    pause_for(20);
    if (i == 2) call(__NR_write, pipe[1], "x", 1);
    call(__NR_wait4, child, &status, 0, NULL);
    print("after a stop: status %x\n", (long)status);
  }
}

static void change_stack(int signal) {
  struct { void *address; int flags; uint64_t size; } alternate = {stack, 0, sizeof stack}, old = {NULL, 9, 9};
  (void)signal;
  print("in its handler: sigaltstack %e", call(__NR_sigaltstack, &alternate, &old));
  print(", flags %d\n", (long)old.flags);
}

static void bad_stacks(void) {
  struct { void *address; int flags; uint64_t size; } alternate = {stack, 0, sizeof stack};
  call(__NR_sigaltstack, &alternate, NULL);
  handle(SIGUSR1, change_stack, SA_ONSTACK, 0);
  raise(SIGUSR1);
  int status = 0;
  long child = call(__NR_fork);
  if (child == 0) {
    /* The frame cannot be stored. */
    alternate.address = (void *)PAGE;
    call(__NR_sigaltstack, &alternate, NULL);
    raise(SIGUSR1);
    exit(1);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("no stack for a handler: signal %d\n", (long)CHILD_OF(status));
  child = call(__NR_fork);
  if (child == 0) {
    handle(SIGSEGV, change_stack, SA_ONSTACK, 0);
    alternate.address = (void *)PAGE;
    call(__NR_sigaltstack, &alternate, NULL);
    load(no_address);
    exit(1);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("none for that of SIGSEGV: signal %d\n", (long)CHILD_OF(status));
  handle(SIGUSR1, SIG_DFL, 0, 0);
}

static void defaults(void) {
  static const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGALRM, SIGUSR1, SIGCHLD, SIGURG, SIGWINCH, SIGCONT, 34, 64};
  for (uint64_t i = 0; i < LENGTH(signals); i++) {
    int status = 0;
    long child = call(__NR_fork);
    if (child == 0) {
      handle(signals[i], SIG_DFL, 0, 0);
      raise(signals[i]);
      exit(0);
    }
    call(__NR_wait4, child, &status, 0, NULL);
    print("signal %d by default: %d\n", (long)signals[i], (long)CHILD_OF(status));
  }
}

/* Instructions whose exceptions are signals. */
static volatile int zero;
static void divide(void) { __asm__ volatile("lhi 2,0; lhi 3,1; dr 2,%0" : : "d"(zero) : "2", "3"); }
static void illegal(void) { __asm__ volatile(".word 0"); }
static void privileged(void) { __asm__ volatile("lpsw 0(0)" : : : "cc"); }
static void breakpoint(void) { __asm__ volatile(".word 1"); }
static void (*const faults[])(void) = {divide, illegal, privileged, breakpoint};
static const char *const fault_names[] = {"division by zero", "no instruction", "privileged instruction", "breakpoint"};

static void tell(int signal, siginfo_t *info, void *context) {
  (void)context;
  print("signal %d, si_code %d\n", (long)signal, (long)info->si_code);
  exit(0);
}

static void exceptions(void) {
  for (uint64_t i = 0; i < LENGTH(faults); i++) {
    int status = 0;
    long child = call(__NR_fork);
    if (child == 0) {
      static const int signals[] = {SIGFPE, SIGILL, SIGTRAP, SIGSEGV};
      for (int s = 0; s < 4; s++) handle(signals[s], tell, SA_SIGINFO, 0);
      print("%s: ", fault_names[i]);
      faults[i]();
      exit(1);
    }
    call(__NR_wait4, child, &status, 0, NULL);
  }
  /* A fault whose signal is blocked ends the process all the same. */
  int status = 0;
  long child = call(__NR_fork);
  if (child == 0) {
    handle(SIGSEGV, SIG_IGN, 0, 0);
    block(BIT(SIGSEGV));
    load(no_address);
    exit(1);
  }
  call(__NR_wait4, child, &status, 0, NULL);
  print("a fault while SIGSEGV is blocked: signal %d\n", (long)CHILD_OF(status));
}

int main(void) {
  actions();
  masks();
  queue();
  contexts();
  stacks();
  restarts();
  stops();
  stopped_calls();
  bad_stacks();
  defaults();
  exceptions();
  return 0;
}
