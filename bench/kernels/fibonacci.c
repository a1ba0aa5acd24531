/* Fibonacci numbers by recursion: calls, returns and the stack. */
#include "kernel.h"

static __attribute__((noinline)) uint64_t fibonacci(uint64_t n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static __attribute__((noinline)) int work(int last) {
  uint64_t n = 27;
  asm volatile("" : "+r"(n));
  uint64_t result = fibonacci(n);
  if (last) print("fibonacci: %lu\n", result);
  return result != 196418;
}

KERNEL(14)
