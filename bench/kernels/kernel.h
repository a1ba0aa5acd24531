/* What the guests of `npm run bench -- cpu` share: they do their work several times, and print its result the last time. */
#pragma once
#include "guest.h"

/* `work` must not be moved before floating-point registers are enabled, nor be done only once. */
#define KERNEL(rounds)                                       \
  int main(const char *arguments) {                          \
    (void)arguments;                                         \
    enable_floating_point();                                 \
    for (int round = rounds; round > 0; round--) {           \
      int last = round == 1;                                 \
      asm volatile("" : "+r"(last) : : "memory");            \
      int status = work(last);                               \
      if (status != 0) return status;                        \
    }                                                        \
    return 0;                                                \
  }
