/*
 * Turns translation on with invalid contents of control registers 0, 1 and 13: tables outside of memory, tables that are
 * the guest's own code, wrong table types, real-space designations, reserved bits. Each time the next instruction fetch
 * fails or has an unpredictable target. The program new PSW turns translation off and starts the next attempt. The
 * guest ends with status 0 after the last one.
 */
#include "guest.h"

static const uint64_t designations[] = {
  0x0000000000000000UL, /* A segment table at 0: the lowcore as entries. */
  0x0000000000000003UL,
  0x000000000000000fUL, /* A region-first table at 0. */
  0x0000000000020003UL, /* The guest's code as a segment table... */
  0x000000000002000fUL, /* ...and as a region-first table. */
  0x0000000004000007UL, /* Directly after 64 MiB of memory. */
  0x7fffffffffff0003UL, /* Far outside of memory. */
  0xfffffffffffff00fUL, /* The highest addresses. */
  0xffffffffffffffffUL, /* The same with every bit, so real-space control. */
  0x0000000000000fffUL,
  0x0000000000000020UL, /* Real space: virtual addresses are real ones. */
  0x00000000000203c0UL, /* Other control bits. */
  0x8000000000000000UL,
  0x00000000ffffc00bUL, /* The last table below 4 GiB. */
  0x5555555555555555UL,
  0xaaaaaaaaaaaaaaaaUL,
};
#define DESIGNATIONS (sizeof designations / sizeof designations[0])

/* Control register 0: unchanged, then with all bits for translation, then with all bits. */
static const uint64_t controls[] = {0x00000000000000e0UL, 0x0000000090d00ee0UL, 0x0000000010c400e0UL};
#define CONTROLS (sizeof controls / sizeof controls[0])

/* PSW masks with translation on: each of the four address spaces. */
static const uint64_t masks[] = {
  0x0400000180000000UL,
  0x0400400180000000UL,
  0x0400800180000000UL,
  0x0400c00180000000UL,
};
#define MASKS (sizeof masks / sizeof masks[0])

static void attempt(uint64_t control, uint64_t designation, uint64_t mask) {
  uint64_t saved[16];
  uint64_t wild[3] = {control, designation, ~designation};
  struct psw psw = {mask, 0};
  trap_begin();
  asm volatile(
    "stctg %%c0, %%c15, 0(%[saved])\n\t"
    "larl %%r1, 2f\n\t"
    "stg %%r1, 0x1d8\n\t"
    "larl %%r1, 1f\n\t"
    "stg %%r1, 8(%[psw])\n\t"
    "lctlg %%c0, %%c0, 0(%[wild])\n\t"
    "lctlg %%c1, %%c1, 8(%[wild])\n\t"
    "lctlg %%c13, %%c13, 16(%[wild])\n\t"
    "lctlg %%c7, %%c7, 8(%[wild])\n\t"
    "lpswe 0(%[psw])\n"
    /* Reached only with a real-space designation. An operation exception ends this as well. */
    "1:\t.short 0x0000\n"
    "2:\tlctlg %%c0, %%c15, 0(%[saved])"
    :
    : [saved] "a"(saved), [wild] "a"(wild), [psw] "a"(&psw)
    : "r0", "r1", "cc", "memory");
}

int main(const char *arguments) {
  (void)arguments;
  for (uint64_t c = 0; c < CONTROLS; c++) {
    for (uint64_t d = 0; d < DESIGNATIONS; d++) {
      for (uint64_t m = 0; m < MASKS; m++) attempt(controls[c], designations[d], masks[m]);
    }
  }
  return 0;
}
