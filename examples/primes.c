/* Work for the CPU: the sieve of Eratosthenes. */
#include "guest.h"

#define LIMIT 200000

static uint8_t composite[LIMIT];

int main(const char *arguments) {
  (void)arguments;
  uint32_t count = 0, last = 0;
  for (uint32_t i = 2; i < LIMIT; i++) {
    if (composite[i]) continue;
    count++;
    last = i;
    for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i) composite[j] = 1;
  }
  print("primes below %u: %u, the last is %u\n", LIMIT, count, last);
  return count == 17984 ? 0 : 1;
}
