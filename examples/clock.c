/*
 * Waits for the clock: sets the clock comparator a little ahead of the clock and loads a wait PSW that is enabled for
 * external interruptions, three times. The value of the clock differs from run to run, so it is not printed.
 */
#include "guest.h"

/* The clock counts in steps of 2^-12 microseconds. */
#define MICROSECOND 4096UL

static uint64_t now(void) {
  uint64_t value;
  asm volatile("stck %0" : "=QS"(value) : : "cc");
  return value;
}

int main(const char *arguments) {
  (void)arguments;
  int ticks = 0, early = 0, others = 0;
  while (ticks < 3 && others == 0) {
    uint64_t comparator = now() + 5000 * MICROSECOND;
    asm volatile("sckc %0" : : "QS"(comparator));
    uint16_t code = wait_external(SUBCLASS_CLOCK_COMPARATOR);
    if (code != EXTERNAL_CLOCK_COMPARATOR) others++;
    else ticks++;
    if (now() <= comparator) early++;
  }
  print("ticks of the clock: %d, too early: %d, other interruptions: %d\n", ticks, early, others);
  return ticks == 3 && early == 0 ? 0 : 1;
}
