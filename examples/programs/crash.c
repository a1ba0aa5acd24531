/* A null pointer, at the end of a chain of calls: the process ends by SIGSEGV. */
#include "program.h"

struct item {
  struct item *next;
  long value;
};

static struct item third = {NULL, 30}, second = {&third, 20}, first = {&second, 10};

__attribute__((noinline)) static long value_of(const struct item *volatile item) { return item->value; }

__attribute__((noinline)) static long sum(const struct item *item, int count) {
  long result = 0;
  for (int i = 0; i < count; i++) {
    result += value_of(item);
    print("item %d: sum %d\n", (long)i, result);
    item = item->next;
  }
  return result;
}

int main(void) {
  print("three items: %d\n", sum(&first, 3));
  /* There is no fourth one. */
  print("four items: %d\n", sum(&first, 4));
  return 0;
}
