/* The sieve of Eratosthenes: byte stores with a stride, and branches that are hard to predict. */
#include "kernel.h"

#define LIMIT 2000000

static uint8_t composite[LIMIT];

static __attribute__((noinline)) int work(int last) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < LIMIT; i++) composite[i] = 0;
  for (uint32_t i = 2; i < LIMIT; i++) {
    if (composite[i]) continue;
    count++;
    for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i) composite[j] = 1;
  }
  if (last) print("sieve: %u primes\n", count);
  return count != 148933;
}

KERNEL(8)
