/*
 * A hostile program: system calls with random numbers and arguments, in children that are killed after a while. The first argument seeds
 * them. It ends with status 0, whatever the calls do.
 */
#include "program.h"

#define CHILDREN 40
#define CALLS 60

static uint64_t state;

static uint64_t random_word(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static char memory[4 * PAGE] __attribute__((aligned(PAGE)));
static const char *const names[] = {"a", "b/c", "..", "/proc/self/fd/1", "/dev/zero", "/", "/proc/self/maps", "", "/dev/null", "/tmp"};

/* Calls that would end the parent, or this child at once. */
static const short excluded[] = {__NR_exit, __NR_exit_group, __NR_kill, __NR_tkill, __NR_tgkill, __NR_rt_sigqueueinfo, __NR_rt_tgsigqueueinfo, __NR_pidfd_send_signal, __NR_reboot, __NR_setpgid, __NR_setsid};

static uint64_t argument(void) {
  uint64_t word = random_word();
  switch (word % 12) {
    case 0: return 0;
    case 1: return -1;
    case 2: return word >> 8 & 7;
    case 3: return word >> 8 & 0xff;
    case 4: return (uint64_t)memory + (word >> 8 & 0x1fff);
    case 5: return (uint64_t)memory + (word >> 8 & 0xff) * 8;
    case 6: return (uint64_t)names[(word >> 8) % LENGTH(names)];
    case 7: return (uint64_t)memory + 3 * PAGE - (word >> 8 & 15);
    case 8: return 1UL << (word >> 8 & 63);
    case 9: return (1UL << (word >> 8 & 63)) - 1;
    case 10: return (uint64_t)(int)(word >> 8);
    default: return word;
  }
}

static void perform(void) {
  for (int i = 0; i < CALLS; i++) {
    long number = random_word() % 452;
    int skip = 0;
    for (uint64_t k = 0; k < LENGTH(excluded); k++) skip |= excluded[k] == number;
    if (skip) continue;
    for (uint64_t k = 0; k < 64; k++) ((uint64_t *)memory)[k] = argument();
    call6(number, argument(), argument(), argument(), argument(), argument(), argument());
  }
}

int main(int argc, char **argv) {
  uint64_t seed = 1;
  for (const char *at = argc > 1 ? argv[1] : "1"; *at; at++) seed = seed * 31 + *at;
  for (int i = 0; i < CHILDREN; i++) {
    long child = call(__NR_fork);
    if (child == 0) {
      call(__NR_setpgid, 0, 0);
      call(__NR_mprotect, memory + 3 * PAGE, PAGE, PROT_NONE);
      state = seed * 1000003 + i;
      for (int k = 0; k < 8; k++) random_word();
      perform();
      call(__NR_exit_group, 0);
    }
    pause_for(20);
    call(__NR_kill, -child, SIGKILL);
    call(__NR_kill, child, SIGKILL);
    call(__NR_wait4, child, NULL, 0, NULL);
  }
  return 0;
}
