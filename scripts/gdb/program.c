/* A program for GDB: threads, a signal with a handler, and a fault. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int counter;
double half = 0.5;

static void told(int signal) { counter += signal; }

__attribute__((noinline)) int add(int one, int other) {
  counter++;
  return one + other;
}

static void *work(void *argument) {
  for (int i = 0; i < 3; i++) add(i, (int)(long)argument);
  return argument;
}

int main(int argc, char **argv) {
  pthread_t threads[2];
  signal(SIGUSR1, told);
  printf("add: %d\n", add(1, 2));
  for (long i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, (void *)i);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  raise(SIGUSR1);
  printf("counter: %d\n", counter);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) _exit(add(3, 4));
  waitpid(child, NULL, 0);
  if (argc > 1) *(volatile int *)NULL = argv[1][0];
  return 3;
}
