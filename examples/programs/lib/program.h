/* The runtime of the example programs: system calls, output and threads, without a library. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <linux/signal.h>
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/time.h>

#define NULL ((void *)0)
#define PAGE 4096UL
#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

typedef unsigned char uint8_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t;

int main();

/* A system call: its number in register 1, the arguments from register 2 on. An error is a result from -4095 to -1. */
static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
  register long r1 __asm__("1") = number;
  register long r2 __asm__("2") = a;
  register long r3 __asm__("3") = b;
  register long r4 __asm__("4") = c;
  register long r5 __asm__("5") = d;
  register long r6 __asm__("6") = e;
  register long r7 __asm__("7") = f;
  __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7) : "memory", "cc");
  return r2;
}

/* call(NUMBER, arguments...): arguments that are absent are 0. */
#define call(...) CALL(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define CALL(n, a, b, c, d, e, f, ...) \
  call6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* Writes a line or a part of one to standard output, in one call: %d, %u, %x (long), %s, %c, and %e (long), which prints an error by its name. */
void print(const char *format, ...);
void exit(int code) __attribute__((noreturn));

uint64_t length_of(const char *text);
int same(const char *one, const char *other);
void *memset(void *to, int value, uint64_t length);
void *memcpy(void *to, const void *from, uint64_t length);
int memcmp(const void *one, const void *other, uint64_t length);

long start_thread(void *stack, unsigned long flags, int *parent, int *child, void *tls);
long vfork_and(long (*action)(void *), void *argument);
/* Starts a thread or process that performs a function on a stack: clone(2). `top` is the end of the stack. */
long clone_to(long (*action)(void *), void *argument, void *top, unsigned long flags, int *parent, int *child, void *tls);

/* Sets a handler, with the kernel's struct sigaction. Returns the result of the call. */
long handle(int signal, void *handler, unsigned long flags, uint64_t mask);
#define BIT(signal) (1UL << ((signal) - 1))
/* Blocks just these signals. Returns those that were blocked. */
uint64_t block(uint64_t set);

static inline long self(void) { return call(__NR_getpid); }

/* Waits for milliseconds. */
void pause_for(long milliseconds);

#endif
