/*
 * Thousands of service calls with pseudo-random commands, addresses and contents. Half of them resemble valid ones,
 * because random data would fail the first check. Its console output is noise. Ends with status 0.
 */
#include "guest.h"

#define CALLS 5000
/* Valid control blocks are here, outside of the guest's own image. */
#define ARENA (2 * MIB)
#define ARENA_SIZE (1 * MIB)

static const uint32_t commands[] = {0x00020001, 0x00120001, 0x00010001, 0x00770005, 0x00760005, 0x00780005};
static const uint8_t types[] = {0x01, 0x02, 0x04, 0x09, 0x1a, 0x1d, 0xff};

static uint64_t state = 1;

/* A linear congruential generator, whose high bits are better than its low ones. */
static uint32_t next(void) {
  state = state * 6364136223846793005UL + 1442695040888963407UL;
  return state >> 33;
}

static uint32_t below(uint32_t limit) {
  return next() % limit;
}

static uint64_t next_long(void) {
  uint64_t high = next();
  return high << 33 | (uint64_t)next() << 2;
}

static uint64_t wild_address(void) {
  switch (below(5)) {
    case 0:
      return below(0x2000); /* The lowcore. */
    case 1:
      return ARENA + below(ARENA_SIZE - 0x10000); /* Mostly not aligned. */
    case 2:
      return next_long() | 0x100000000UL; /* Above 4 GiB. */
    case 3:
      return 0x80000000UL - 8 + below(16); /* About 2 GiB. */
    default:
      return next_long() >> below(32);
  }
}

/* A control block in the arena, with a valid or invalid length, and an event buffer, a mask or noise in it. */
static uint64_t block(void) {
  uint64_t address = ARENA + below(ARENA_SIZE / 8 - 0x2000) * 8;
  if (below(4) != 0) address &= -PAGE;
  uint8_t *bytes = (uint8_t *)address;
  uint32_t length = below(3) == 0 ? below(0x10000) : 8 + below(200);
  if (below(4) == 0) length = PAGE;
  for (int i = 2; i < 256; i++) bytes[i] = below(4) == 0 ? next() : 0;
  *(uint16_t *)bytes = length;
  if (below(4) != 0) bytes[2] = below(2);
  uint32_t inside = length - 8;
  switch (below(4)) {
    case 0:
      *(uint16_t *)(bytes + 10) = below(3) == 0 ? below(2000) : 4;
      break;
    case 1:
      *(uint16_t *)(bytes + 8) = below(2) == 0 ? inside : below(inside + 8);
      bytes[10] = types[below(sizeof types)];
      /* A message data block with an object. */
      *(uint16_t *)(bytes + 14) = below(2) == 0 ? inside - 6 : below(inside + 8);
      *(uint16_t *)(bytes + 26) = below(2) == 0 ? inside - 18 : below(40);
      *(uint16_t *)(bytes + 28) = below(6);
      break;
    default:
      break;
  }
  return address;
}

int main(const char *arguments) {
  (void)arguments;
  for (int i = 0; i < CALLS; i++) {
    uint64_t address = below(3) == 0 ? wild_address() : block();
    uint32_t command = below(3) == 0 ? next_long() : commands[below(6)];
    if (below(16) == 0) command ^= 1u << below(32);
    PROVOKE(".insn rre, 0xb2200000, %[command], %[sccb]", [command] "d"(command), [sccb] "a"(address));
  }
  return 0;
}
