/* Processes: fork, vfork, exec, waits, exit codes, orphans, groups and sessions. */
#include "program.h"

#include <linux/prctl.h>
#include <linux/wait.h>
#include <linux/resource.h>

static const char *program;

static long ended(long child) {
  int status = -1;
  long got = call(__NR_wait4, child, &status, 0, NULL);
  return got == child ? status : got;
}

static void forks(void) {
  static volatile int shared = 1;
  long child = call(__NR_fork);
  if (child == 0) {
    shared = 2;
    exit(shared + 40);
  }
  print("fork: status %x", ended(child));
  print(", the parent's copy is %d\n", (long)shared);
  print("wait again: %e\n", call(__NR_wait4, -1, NULL, 0, NULL));
  child = call(__NR_fork);
  if (child == 0) exit(0x1234);
  print("only 8 bits of an exit code: status %x\n", ended(child));
  long parent = self();
  child = call(__NR_fork);
  if (child == 0) exit(call(__NR_getppid) == parent);
  print("getppid is the parent: %d\n", ended(child) >> 8);
  child = call(__NR_fork);
  if (child == 0) for (;;) call(__NR_pause);
  print("WNOHANG: %e\n", call(__NR_wait4, child, NULL, WNOHANG, NULL));
  call(__NR_kill, child, SIGKILL);
  print("killed: status %x\n", ended(child));
  print("options that do not exist: %e\n", call(__NR_wait4, -1, NULL, 0x10000, NULL));
}

static volatile int written;

static long write_and_exit(void *argument) {
  written = (int)(long)argument;
  return 5;
}

static void waitids(void) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  long child = call(__NR_fork);
  if (child == 0) exit(9);
  print("waitid, WNOWAIT: %e", call(__NR_waitid, P_PID, child, &info, WEXITED | WNOWAIT, NULL));
  print(", si_code %d, si_status %d, si_signo %d\n", (long)info.si_code, (long)info.si_status, (long)info.si_signo);
  print("waitid: %e\n", call(__NR_waitid, P_ALL, 0, &info, WEXITED, NULL));
  print("waitid again: %e\n", call(__NR_waitid, P_ALL, 0, &info, WEXITED, NULL));
  print("waitid for nothing: %e\n", call(__NR_waitid, P_ALL, 0, &info, 0, NULL));
  child = call(__NR_fork);
  if (child == 0) {
    call(__NR_kill, self(), SIGTERM);
    exit(0);
  }
  call(__NR_waitid, P_PID, child, &info, WEXITED, NULL);
  print("of a killed one: si_code %d, si_status %d, si_pid %s\n", (long)info.si_code, (long)info.si_status, info.si_pid == child ? "known" : "wrong");
}

static void vforks(void) {
  long child = vfork_and(write_and_exit, (void *)3);
  print("vfork: the child has ended or executed a program: status %x\n", ended(child));
}

static long exec(const char *what, const char *argument) {
  const char *arguments[] = {program, what, argument, NULL};
  const char *environment[] = {"NAME=value", NULL};
  return call(__NR_execve, program, arguments, environment);
}

static long exec_child(void *argument) {
  exec(argument, NULL);
  return 99;
}

static void executions(void) {
  int pipe[2], kept[2];
  call(__NR_pipe2, pipe, O_CLOEXEC);
  call(__NR_pipe2, kept, 0);
  print("descriptors: %d %d %d %d\n", (long)pipe[0], (long)pipe[1], (long)kept[0], (long)kept[1]);
  handle(SIGUSR1, (void *)exec_child, 0, 0);
  handle(SIGUSR2, SIG_IGN, 0, 0);
  long child = call(__NR_fork);
  if (child == 0) {
    block(BIT(SIGHUP));
    call(__NR_kill, self(), SIGHUP);
    exit((int)exec("inherited", "a b"));
  }
  print("status %x\n", ended(child));
  child = vfork_and(exec_child, (void *)"exit");
  print("vfork and exec: status %x\n", ended(child));
  print("no such program: %e\n", call(__NR_execve, "/does/not/exist", NULL, NULL));
  print("a directory: %e\n", call(__NR_execve, "/", NULL, NULL));
  for (int i = 0; i < 2; i++) call(__NR_close, pipe[i]), call(__NR_close, kept[i]);
  handle(SIGUSR1, SIG_DFL, 0, 0);
}

/* What a program that was executed finds. */
static int inherited(char **argv, char **envp) {
  print("executed: %s, argument %s, environment %s\n", argv[1], argv[2], envp[0]);
  for (long fd = 3; fd < 7; fd++) print("descriptor %d: %e\n", fd, call(__NR_fcntl, fd, F_GETFD));
  struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action;
  call(__NR_rt_sigaction, SIGUSR1, NULL, &action, 8);
  print("a handler is forgotten: %x\n", (uint64_t)action.handler);
  call(__NR_rt_sigaction, SIGUSR2, NULL, &action, 8);
  print("an ignored signal stays so: %x\n", (uint64_t)action.handler);
  uint64_t set;
  call(__NR_rt_sigpending, &set, 8);
  print("pending: %x\n", set);
  return 3;
}

static void orphans(void) {
  int pipe[2], status;
  call(__NR_pipe, pipe);
  call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1);
  long me = self();
  long child = call(__NR_fork);
  if (child == 0) {
    if (call(__NR_fork) == 0) {
      /* The pipe says when the parent has ended. */
      char byte;
      call(__NR_read, pipe[0], &byte, 1);
      exit(call(__NR_getppid) == me ? 8 : 9);
    }
    exit(0);
  }
  print("the child: status %x\n", ended(child));
  call(__NR_write, pipe[1], "x", 1);
  call(__NR_wait4, -1, &status, 0, NULL);
  print("its child came to this process, which asked for orphans: status %x\n", (long)status);
  call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 0);
  call(__NR_close, pipe[0]);
  call(__NR_close, pipe[1]);
  handle(SIGCHLD, SIG_IGN, 0, 0);
  child = call(__NR_fork);
  if (child == 0) exit(0);
  print("with SIGCHLD ignored nothing is left to wait for: %e\n", ended(child));
  handle(SIGCHLD, SIG_DFL, 0, 0);
}

static volatile int signals;
static void count(int signal) { (void)signal; signals++; }

static void groups(void) {
  long child = call(__NR_fork);
  if (child == 0) {
    print("setpgid: %e", call(__NR_setpgid, 0, 0));
    print(", now a leader: %d\n", (long)(call(__NR_getpgrp) == self()));
    print("a leader of a group cannot begin a session: %e\n", call(__NR_setsid));
    long other = call(__NR_fork);
    if (other == 0) {
      print("its child is in its group: %d\n", (long)(call(__NR_getpgid, 0) == call(__NR_getppid)));
      print("setsid: %d", (long)(call(__NR_setsid) == self()));
      print(", session %d, group %d\n", (long)(call(__NR_getsid, 0) == self()), (long)(call(__NR_getpgid, 0) == self()));
      exit(0);
    }
    ended(other);
    /* A signal to the group goes to all in it. */
    for (int i = 0; i < 2; i++)
      if (call(__NR_fork) == 0) for (;;) call(__NR_pause);
    handle(SIGUSR1, count, 0, 0);
    call(__NR_kill, 0, SIGUSR1);
    int killed = 0, status;
    while (call(__NR_wait4, 0, &status, 0, NULL) > 0) killed += status == SIGUSR1;
    print("a signal to the group: %d children ended, and %d was taken here\n", (long)killed, (long)signals);
    exit(0);
  }
  ended(child);
  print("a group that does not exist: %e\n", call(__NR_kill, -999999, SIGUSR1));
  print("setpgid of nobody: %e\n", call(__NR_setpgid, 999999, 0));
}

static long end_at_once(void *argument) {
  return (long)argument;
}

/* A child whose end is told by another signal than SIGCHLD, or by none, is only found if it is asked for. */
static void clones(void) {
  static char stack[4096] __attribute__((aligned(16)));
  static const int signals[] = {0, SIGUSR2, SIGCHLD};
  handle(SIGUSR2, SIG_IGN, 0, 0);
  for (int i = 0; i < 3; i++) {
    int status = -1;
    long child = clone_to(end_at_once, (void *)(i + 1L), stack + sizeof stack, signals[i], NULL, NULL, NULL);
    pause_for(20);
    print("clone, signal %d: wait4 %e", (long)signals[i], call(__NR_wait4, -1, &status, WNOHANG | (i == 2 ? __WCLONE : 0), NULL));
    long got = call(__NR_wait4, -1, &status, i == 2 ? __WALL : __WCLONE, NULL);
    print(", and the other way: known %d, status %x\n", (long)(got == child), (long)status);
  }
}

static void rules(void) {
  int pipe[2];
  char byte;
  call(__NR_pipe, pipe);
  long child = call(__NR_fork);
  if (child == 0) {
    call(__NR_read, pipe[0], &byte, 1);
    exit((int)exec("exit", NULL));
  }
  print("setpgid of a child: %e, to a group of nobody: %e, to a negative one: %e\n", call(__NR_setpgid, child, child), call(__NR_setpgid, child, 999999), call(__NR_setpgid, child, -1));
  print("wait for another group: %e\n", call(__NR_wait4, 0, NULL, WNOHANG, NULL));
  print("getpgid of a child: %d, of nobody: %e, getsid of nobody: %e\n", (long)(call(__NR_getpgid, child) == child), call(__NR_getpgid, 999999), call(__NR_getsid, 999999));
  call(__NR_write, pipe[1], "x", 1);
  siginfo_t info;
  call(__NR_waitid, P_PID, child, &info, WEXITED | WNOWAIT, NULL);
  print("setpgid of a child that has executed a program: %e\n", call(__NR_setpgid, child, child));
  print("signal 0 to one that has ended: %e\n", call(__NR_kill, child, 0));
  print("it ended with %x", ended(child));
  print(", and then: %e\n", call(__NR_kill, child, 0));
  print("waitid for a process 0: %e, of kind 9: %e\n", call(__NR_waitid, P_PID, 0, &info, WEXITED, NULL), call(__NR_waitid, 9, 1, &info, WEXITED, NULL));
  print("wait4 for the smallest number: %e\n", call(__NR_wait4, -2147483648L, NULL, 0, NULL));
}

static void identities(void) {
  char name[16];
  call(__NR_prctl, PR_SET_NAME, "a name that is too long");
  call(__NR_prctl, PR_GET_NAME, name);
  print("name: %s\n", name);
  struct rlimit64 limit = {0, 0}, wanted = {64, 128};
  call(__NR_prlimit64, 0, RLIMIT_NOFILE, &wanted, NULL);
  call(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
  print("limit of descriptors: %d of %d\n", limit.rlim_cur, limit.rlim_max);
  wanted.rlim_cur = 200;
  print("more than the maximum: %e\n", call(__NR_prlimit64, 0, RLIMIT_NOFILE, &wanted, NULL));
  int fd = 0;
  long result;
  while ((result = call(__NR_dup, 1)) >= 0) fd = (int)result;
  print("dup up to %d, then %e\n", (long)fd, result);
  for (; fd > 2; fd--) call(__NR_close, fd);
}

int main(int argc, char **argv, char **envp) {
  program = argv[0];
  if (argc > 1 && same(argv[1], "inherited")) return inherited(argv, envp);
  if (argc > 1 && same(argv[1], "exit")) return 66;
  forks();
  waitids();
  vforks();
  executions();
  orphans();
  groups();
  clones();
  rules();
  identities();
  return 0;
}
