/* String search by the method of Horspool, for many patterns in 256 KiB of text. */
#include "kernel.h"

#define LENGTH 0x40000
#define PATTERN 12

static uint8_t text[LENGTH];

static uint32_t find_all(const uint8_t *pattern) {
  uint8_t skip[256];
  for (int i = 0; i < 256; i++) skip[i] = PATTERN;
  for (int i = 0; i < PATTERN - 1; i++) skip[pattern[i]] = PATTERN - 1 - i;
  uint32_t found = 0;
  for (uint64_t at = 0; at + PATTERN <= LENGTH; at += skip[text[at + PATTERN - 1]]) {
    int i = PATTERN - 1;
    while (i >= 0 && text[at + i] == pattern[i]) i--;
    if (i < 0) found++;
  }
  return found;
}

static __attribute__((noinline)) int work(int last) {
  uint32_t random = 7, sum = 0;
  for (uint64_t i = 0; i < LENGTH; i++) {
    random = random * 1103515245 + 12345;
    text[i] = "etaoin shrdlu"[(random >> 16) % 13];
  }
  for (int i = 0; i < 16; i++) sum += find_all(text + i * 4099);
  if (last) print("search: %u\n", sum);
  return sum < 16;
}

KERNEL(16)
