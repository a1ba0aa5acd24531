/* Time: what sleeping takes, by the clock. */
#include "program.h"

struct moment {
  long seconds, nanoseconds;
};

#define SECOND 1000000000L

static long now(int clock) {
  struct moment time;
  call(__NR_clock_gettime, clock, &time);
  return time.seconds * SECOND + time.nanoseconds;
}

/* How much longer than asked for it took, in tenths of a second: nothing, on a machine that has nothing else to do. */
static long late(long began, long wanted) {
  long over = now(CLOCK_MONOTONIC) - began - wanted;
  return over < 0 ? -1 : over / (SECOND / 10);
}

static volatile int alarms;
static void count(int signal) { (void)signal; alarms++; }

int main(void) {
  long began = now(CLOCK_MONOTONIC);
  struct moment time = {0, 300000000}, rest = {0, 0};
  print("nanosleep: %e", call(__NR_nanosleep, &time, &rest));
  print(", late by %d\n", late(began, 300000000));
  began = now(CLOCK_MONOTONIC);
  print("clock_nanosleep: %e", call(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL));
  print(", late by %d\n", late(began, 300000000));
  began = now(CLOCK_MONOTONIC);
  time.seconds = (began + SECOND / 2) / SECOND;
  time.nanoseconds = (began + SECOND / 2) % SECOND;
  print("until a time: %e", call(__NR_clock_nanosleep, CLOCK_MONOTONIC, 1, &time, NULL));
  print(", late by %d\n", late(began, SECOND / 2));
  began = now(CLOCK_MONOTONIC);
  print("until a time that has passed: %e", call(__NR_clock_nanosleep, CLOCK_MONOTONIC, 1, &time, NULL));
  print(", late by %d\n", late(began, 0));
  began = now(CLOCK_MONOTONIC);
  long real = now(CLOCK_REALTIME) + SECOND / 5;
  time.seconds = real / SECOND, time.nanoseconds = real % SECOND;
  print("until a time of day: %e", call(__NR_clock_nanosleep, CLOCK_REALTIME, 1, &time, NULL));
  print(", late by %d\n", late(began, SECOND / 5 - 1000000) / 2);
  time.seconds = 0, time.nanoseconds = SECOND;
  print("nanoseconds of a whole second: %e\n", call(__NR_nanosleep, &time, NULL));
  time.seconds = -1, time.nanoseconds = 0;
  print("a negative time: %e\n", call(__NR_nanosleep, &time, NULL));
  print("a clock that does not exist: %e, %e\n", call(__NR_clock_gettime, 99, &time), call(__NR_clock_nanosleep, 99, 0, &time, NULL));
  print("a time in page 0: %e\n", call(__NR_nanosleep, 16, NULL));
  long first = now(CLOCK_MONOTONIC), later = now(CLOCK_MONOTONIC);
  print("time does not go back: %d\n", (long)(later >= first));
  call(__NR_clock_getres, CLOCK_MONOTONIC, &time);
  print("resolution: %d s, %d ns\n", time.seconds, time.nanoseconds);
  long before = now(CLOCK_PROCESS_CPUTIME_ID);
  for (volatile int i = 0; i < 100000; i++) continue;
  long worked = now(CLOCK_PROCESS_CPUTIME_ID) - before;
  time.seconds = 0, time.nanoseconds = 200000000;
  before = now(CLOCK_PROCESS_CPUTIME_ID);
  call(__NR_nanosleep, &time, NULL);
  print("work takes processor time: %d, sleep does not: %d\n", (long)(worked > 0), (long)(now(CLOCK_PROCESS_CPUTIME_ID) - before < 100000000));
  handle(SIGALRM, count, 0, 0);
  began = now(CLOCK_MONOTONIC);
  struct { struct moment every, first; } timer = {{0, 0}, {0, 100000}};
  print("setitimer: %e", call(__NR_setitimer, 0, &timer, NULL));
  print(", pause: %e", call(__NR_pause));
  print(", alarms %d, late by %d\n", (long)alarms, late(began, 100000000));
  timer.every.nanoseconds = 50000;
  call(__NR_setitimer, 0, &timer, NULL);
  while (alarms < 4) call(__NR_pause);
  print("again and again: %d, late by %d\n", (long)alarms, late(began, 300000000));
  print("alarm: %e", call(__NR_alarm, 10));
  print(", what is left: %d", call(__NR_alarm, 0));
  print(", and none: %d\n", call(__NR_alarm, 0));
  int status = 0, pipe[2];
  call(__NR_pipe, pipe);
  struct { int fd; short events, got; } polled = {pipe[0], 1, 0};
  began = now(CLOCK_MONOTONIC);
  print("poll for 200 ms: %e", call(__NR_poll, &polled, 1, 200));
  print(", late by %d\n", late(began, 200000000));
  long child = call(__NR_fork);
  if (child == 0) {
    pause_for(150);
    exit(0);
  }
  began = now(CLOCK_MONOTONIC);
  call(__NR_wait4, child, &status, 0, NULL);
  print("a child that slept 150 ms: status %x, late by %d\n", (long)status, late(began, 100000000));
  return 0;
}
