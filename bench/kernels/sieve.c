/* The sieve of Eratosthenes: byte stores with a stride, and branches that are hard to predict. */
#include "guest.h"

#define LIMIT 2000000

static uint8_t composite[LIMIT];

int main(const char *arguments) {
  (void)arguments;
  uint32_t count = 0;
  for (uint32_t i = 2; i < LIMIT; i++) {
    if (composite[i]) continue;
    count++;
    for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i) composite[j] = 1;
  }
  print("sieve: %u primes\n", count);
  return count != 148933;
}
