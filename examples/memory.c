/*
 * Verifies the memory: asks the service-call logical processor for its size, marks every page after the guest's own
 * first MiB, checks at the end that no mark has changed (no two pages share a frame), and that there is no memory after
 * the last byte.
 */
#include "guest.h"

#define READ_SCP_INFO 0x00020001

static uint64_t memory_size(void) {
  *(uint16_t *)sccb = PAGE;
  uint16_t response = sclp(READ_SCP_INFO, sccb);
  if (response != 0x0010) {
    print("READ SCP INFO: response 0x%x\n", response);
    stop(1);
  }
  /* Each of the two numbers has a small field, and a larger one that is used if it does not fit. */
  uint64_t count = *(uint16_t *)(sccb + 8);
  uint64_t mebibytes = sccb[10];
  if (count == 0) count = *(uint64_t *)(sccb + 104);
  if (mebibytes == 0) mebibytes = *(uint32_t *)(sccb + 100);
  return count * mebibytes * MIB;
}

/* A doubleword of each page, at an offset that varies from page to page. */
static volatile uint64_t *mark_of(uint64_t page) {
  return (volatile uint64_t *)(page + (page / PAGE % 512) * 8);
}

static uint64_t pattern_of(uint64_t page) {
  return page * 0x9e3779b97f4a7c15UL ^ 0x0123456789abcdefUL;
}

int main(const char *arguments) {
  (void)arguments;
  uint64_t size = memory_size();
  print("memory: %lu MiB\n", size / MIB);
  print("this guest is in the first MiB: %s\n", (uint64_t)image_end <= MIB ? "yes" : "no");

  for (uint64_t page = MIB; page < size; page += PAGE) *mark_of(page) = pattern_of(page);
  uint64_t wrong = 0;
  for (uint64_t page = MIB; page < size; page += PAGE) {
    if (*mark_of(page) == pattern_of(page)) continue;
    if (wrong++ == 0) print("page 0x%lx: 0x%lx instead of 0x%lx\n", page, *mark_of(page), pattern_of(page));
  }
  print("pages marked and verified: %lu in %lu MiB, wrong: %lu\n", (size - MIB) / PAGE, size / MIB - 1, wrong);

  struct trap last = PROVOKE("ic %%r1, 0(%[at])", [at] "a"(size - 1));
  print("the last byte, 0x%lx: %s\n", size - 1, last.code == 0 ? "readable" : "not readable");
  struct trap after = PROVOKE("ic %%r1, 0(%[at])", [at] "a"(size));
  print("the byte after it, 0x%lx: program interruption 0x%x%s\n", size, after.code,
        after.code == 5 ? " (addressing)" : "");
  return wrong == 0 && last.code == 0 && after.code == 5 ? 0 : 1;
}
