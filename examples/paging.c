/*
 * A guest's own page tables: it builds a region-third table, segment tables and page tables, turns translation on, and
 * shows its effects. Its first MiB is mapped to itself, so that it continues to run.
 */
#include "guest.h"

/* Entries: the types of tables, and the bits of a page-table entry. */
#define TABLE_REGION_THIRD 0x4UL
#define TABLE_SEGMENT 0x0UL
/* The table has its full length of 16 KiB. */
#define TABLE_LENGTH 0x3UL
#define TABLE_INVALID 0x20UL
#define PAGE_INVALID 0x400UL
#define PAGE_PROTECTED 0x200UL

#define ENTRIES 2048
#define PAGES 256

/* The window at 5 GiB, in another region than the guest itself. */
#define WINDOW 0x140000000UL
#define FIRST (WINDOW + 0 * PAGE)
#define SECOND (WINDOW + 1 * PAGE)
#define READ_ONLY (WINDOW + 2 * PAGE)
#define MISSING (WINDOW + 3 * PAGE)

static uint64_t region[ENTRIES] __attribute__((aligned(16384)));
static uint64_t low_segments[ENTRIES] __attribute__((aligned(16384)));
static uint64_t window_segments[ENTRIES] __attribute__((aligned(16384)));
static volatile uint64_t low_pages[PAGES] __attribute__((aligned(2048)));
static volatile uint64_t window_pages[PAGES] __attribute__((aligned(2048)));
static uint8_t frames[2][PAGE] __attribute__((aligned(4096)));

static int failures;

static void check(const char *what, int holds) {
  print("%s: %s\n", what, holds ? "yes" : "no");
  if (!holds) failures++;
}

static void build_tables(void) {
  for (int i = 0; i < ENTRIES; i++) {
    region[i] = TABLE_INVALID | TABLE_REGION_THIRD;
    low_segments[i] = window_segments[i] = TABLE_INVALID | TABLE_SEGMENT;
  }
  for (int i = 0; i < PAGES; i++) {
    low_pages[i] = i * PAGE;
    window_pages[i] = PAGE_INVALID;
  }
  low_segments[0] = (uint64_t)low_pages | TABLE_SEGMENT;
  window_segments[(WINDOW >> 20) % ENTRIES] = (uint64_t)window_pages | TABLE_SEGMENT;
  region[0] = (uint64_t)low_segments | TABLE_REGION_THIRD | TABLE_LENGTH;
  region[WINDOW >> 31] = (uint64_t)window_segments | TABLE_REGION_THIRD | TABLE_LENGTH;
  window_pages[0] = (uint64_t)frames[0];
  window_pages[1] = (uint64_t)frames[0];
  window_pages[2] = (uint64_t)frames[1] | PAGE_PROTECTED;
}

static void turn_translation_on(void) {
  uint64_t asce = (uint64_t)region | TABLE_REGION_THIRD | TABLE_LENGTH;
  psw_mask |= PSW_DAT;
  struct psw psw = {psw_mask, 0};
  asm volatile(
    "lctlg %%c1, %%c1, %[asce]\n\t"
    "larl %%r1, 1f\n\t"
    "stg %%r1, 8(%[psw])\n\t"
    "lpswe 0(%[psw])\n"
    "1:"
    :
    : [asce] "QS"(asce), [psw] "a"(&psw)
    : "r1", "memory");
}

static struct trap load(uint64_t address) {
  return PROVOKE("lg %%r1, 0(%[at])", [at] "a"(address));
}

static struct trap store(uint64_t address) {
  return PROVOKE("stg %%r1, 0(%[at])", [at] "a"(address));
}

/* A load without a translation. It is nullified, so the old PSW has the address of the instruction itself. */
static void show_fault(const char *name, uint64_t address, uint16_t expected) {
  struct trap trap = load(address);
  print("load at 0x%lx: code 0x%x (%s), old PSW at the instruction + %lu", address, trap.code, name,
        trap.old.address - trap.instruction);
  /* An ASCE-type exception need not store the address. */
  if (expected != 0x38) print(", translation address 0x%lx", trap.translation & -PAGE);
  print("\n");
  if (trap.code != expected || trap.old.address != trap.instruction) failures++;
  if (expected != 0x38 && (trap.translation & -PAGE) != (address & -PAGE)) failures++;
}

int main(const char *arguments) {
  (void)arguments;
  volatile uint64_t *first = (volatile uint64_t *)FIRST;
  volatile uint64_t *second = (volatile uint64_t *)SECOND;
  volatile uint64_t *read_only = (volatile uint64_t *)READ_ONLY;
  volatile uint64_t *missing = (volatile uint64_t *)MISSING;

  build_tables();
  turn_translation_on();
  print("translation is on\n");

  *first = 0x1122334455667788UL;
  print("stored at 0x%lx, read at 0x%lx: 0x%lx\n", FIRST, SECOND, *second);
  check("two pages, one frame", *second == 0x1122334455667788UL && *(uint64_t *)frames[0] == *second);

  *(uint64_t *)frames[1] = 0xabcdef;
  struct trap trap = store(READ_ONLY);
  print("store at the read-only page: code 0x%x (protection)\n", trap.code);
  check("the read-only page is unchanged", trap.code == 0x04 && *read_only == 0xabcdef);

  show_fault("page translation", MISSING + 0x128, 0x11);
  show_fault("segment translation", WINDOW + MIB, 0x10);
  show_fault("region-third translation", 0x200000000UL, 0x3b);
  show_fault("ASCE type", 0x80000000000UL, 0x38);

  /* A CPU does not cache an invalid entry, so a store is enough to make the page valid. */
  window_pages[3] = (uint64_t)frames[1];
  check("the missing page is present now", *missing == 0xabcdef);

  /* It may cache a valid one, so INVALIDATE PAGE TABLE ENTRY is needed before the page can get another frame. */
  asm volatile("ipte %0, %1" : : "a"((uint64_t)window_pages), "a"(SECOND) : "memory");
  check("IPTE has set the invalid bit", window_pages[1] == ((uint64_t)frames[0] | PAGE_INVALID));
  show_fault("page translation", SECOND, 0x11);
  window_pages[1] = (uint64_t)frames[1];
  print("read at 0x%lx: 0x%lx\n", SECOND, *second);
  check("the second page has the other frame now", *second == 0xabcdef);
  check("the first page is unchanged", *first == 0x1122334455667788UL);

  print("failures: %d\n", failures);
  return failures != 0;
}
