/* Copying, comparing and clearing blocks of 8 bytes to 16 KiB, by storage-to-storage instructions. */
#include "kernel.h"

#define SIZE 0x4000

static uint8_t from[SIZE] __attribute__((aligned(4096))), to[SIZE] __attribute__((aligned(4096)));

static void copy(uint8_t *d, const uint8_t *s, uint64_t n) {
  for (; n >= 256; d += 256, s += 256, n -= 256) asm volatile("mvc 0(256,%0),0(%1)" : : "a"(d), "a"(s) : "memory");
  for (; n >= 8; d += 8, s += 8, n -= 8) asm volatile("mvc 0(8,%0),0(%1)" : : "a"(d), "a"(s) : "memory");
}

static void clear(uint8_t *d, uint64_t n) {
  for (; n >= 256; d += 256, n -= 256) asm volatile("xc 0(256,%0),0(%0)" : : "a"(d) : "memory", "cc");
  for (; n >= 8; d += 8, n -= 8) asm volatile("xc 0(8,%0),0(%0)" : : "a"(d) : "memory", "cc");
}

static int equal(const uint8_t *a, const uint8_t *b, uint64_t n) {
  int differ = 0;
  for (; n >= 16; a += 16, b += 16, n -= 16) {
    int code;
    asm volatile("clc 0(16,%1),0(%2)\n\tipm %0\n\tsrl %0,28" : "=d"(code) : "a"(a), "a"(b) : "memory", "cc");
    differ |= code;
  }
  return differ == 0;
}

static __attribute__((noinline)) int work(int last) {
  uint32_t sum = 0;
  for (uint64_t i = 0; i < SIZE; i++) from[i] = i * 7 + (i >> 8);
  for (uint64_t size = 8; size <= SIZE; size *= 2) {
    for (uint64_t n = 0; n < SIZE / size * 8; n++) {
      copy(to, from, size);
      sum += equal(from, to, size) + to[size - 1];
      clear(to, size);
    }
  }
  if (last) print("blocks: %x\n", sum);
  return 0;
}

KERNEL(60)
