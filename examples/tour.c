/*
 * The guest of the tour (npm start): stores into two distant segments, and returns control to its host in between with
 * DIAGNOSE 0x600. Register 2 is the number of the step, register 3 its guest address.
 */
#include "guest.h"

/* Guest addresses of the segments that the tour maps in addition to the one at 0. */
#define NEAR 0x140000000UL         /* 5 GiB */
#define FAR 0x1000000000000000UL   /* 1 EiB */

static void hand_over(uint64_t step, uint64_t address) {
  register uint64_t number asm("2") = step;
  register uint64_t about asm("3") = address;
  asm volatile("diag %0, %1, 0x600" : : "d"(number), "d"(about) : "memory");
}

static void store(uint64_t address, const char *text) {
  volatile char *to = (volatile char *)address;
  do *to++ = *text; while (*text++);
}

int main(const char *arguments) {
  (void)arguments;
  /* Step 0 checks whether the host handles the code. */
  register uint64_t step asm("2") = 0;
  if (PROVOKE("diag %%r2, %%r3, 0x600", "d"(step)).code) {
    print("I am the guest of the tour: npx guesthouse tour\n");
    return 0;
  }
  print("I am a guest, and I run at address 0x%lx.\n", (uint64_t)image_start);
  store(NEAR + 0x2000, "written by the guest");
  hand_over(1, NEAR + 0x2000);
  store(FAR + 0x45000, "");
  hand_over(2, FAR + 0x45000);
  /* The host has unmapped the memory at NEAR. This load waits until it is mapped again. */
  char first = *(volatile char *)(NEAR + 0x2000);
  print("I read 0x%x at 0x%lx: fresh memory.\n", first, NEAR + 0x2000);
  store(NEAR + 0x2000, "written again");
  hand_over(3, NEAR + 0x2000);
  return 0;
}
