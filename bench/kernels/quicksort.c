/* Quicksort of 200,000 words: recursion, comparisons, loads and stores. */
#include "kernel.h"

#define COUNT 200000

static uint32_t numbers[COUNT];

static void sort(uint32_t *from, uint32_t *to) {
  while (to - from > 1) {
    uint32_t pivot = from[(to - from) / 2];
    uint32_t *low = from, *high = to - 1;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low > high) break;
      uint32_t other = *low;
      *low++ = *high;
      *high-- = other;
    }
    if (high - from < to - low) {
      sort(from, high + 1);
      from = low;
    } else {
      sort(low, to);
      to = high + 1;
    }
  }
}

static __attribute__((noinline)) int work(int last) {
  uint32_t random = 1;
  for (int i = 0; i < COUNT; i++) {
    random = random * 1664525 + 1013904223;
    numbers[i] = random >> 4;
  }
  sort(numbers, numbers + COUNT);
  uint32_t sum = 0;
  for (int i = 1; i < COUNT; i++) {
    if (numbers[i - 1] > numbers[i]) return 1;
    sum = sum * 31 + numbers[i];
  }
  if (last) print("quicksort: %x\n", sum);
  return 0;
}

KERNEL(8)
