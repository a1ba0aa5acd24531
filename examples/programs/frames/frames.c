/* A null pointer in a function without a back chain: debuggers find its callers by .eh_frame, and their lines by .debug_line. */
#include "program.h"

__attribute__((noinline)) static long value_of(const long *volatile at) {
  return *at;
}

__attribute__((noinline)) static long twice(const long *at, long count) {
  /* So much that the stack pointer is moved by a register. */
  volatile char large[20000];
  large[count] = (char)count;
  long value = value_of(at);
  return value + large[count];
}

__attribute__((noinline)) static long many(const long *at, long depth) {
  if (depth == 0) return twice(at, 7) + 1;
  return many(at, depth - 1) + depth;
}

int main(void) {
  print("the value is %d\n", many(NULL, 3));
  return 0;
}
