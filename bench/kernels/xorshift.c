/* A random number generator: shifts and exclusive ORs in registers, no memory. */
#include "kernel.h"

static __attribute__((noinline)) int work(int last) {
  uint64_t state = 88172645463325252UL, sum = 0;
  for (int i = 0; i < 3000000; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    sum += state;
  }
  if (last) print("xorshift: %lx\n", sum);
  return 0;
}

KERNEL(16)
