/*
 * Program interruptions and a supervisor call, one of each kind: their codes, and the address in the old PSW. All of
 * these exceptions suppress or complete the instruction, so the old PSW has the address of the next one.
 */
#include "guest.h"

#define LOW_ADDRESS_PROTECTION 0x10000000UL

static int failures;

/* An EXECUTE, as the target of another EXECUTE. */
extern const uint16_t execute_target[];
asm(".text\n\t.balign 4\nexecute_target:\n\tex %r0, 0(%r1)\n");

static void show(const char *name, struct trap trap, uint16_t expected) {
  uint64_t distance = trap.old.address - trap.instruction;
  print("%s: code 0x%x, length %u, old PSW at the instruction + %lu\n", name, trap.code, trap.length, distance);
  if (trap.code != expected || distance != trap.length) {
    print("  expected code 0x%x and the two numbers equal\n", expected);
    failures++;
  }
}

/* In the problem state: a PSW switches to it and continues at label 1. */
static void privileged(void) {
  struct psw user = {psw_mask | PSW_PROBLEM, 0};
  struct trap trap = PROVOKE_BETWEEN(
    "larl %%r1, 1f\n\t"
    "stg %%r1, 8(%[user])\n\t"
    "lpswe 0(%[user])",
    "stctg %%c0, %%c0, 0(%[user])", "", [user] "a"(&user));
  show("privileged operation", trap, 0x02);
  print("  the old PSW has the problem state: %s\n", trap.old.mask & PSW_PROBLEM ? "yes" : "no");
}

/* Control register 0 enables the protection for this store only. */
static struct trap store_protected(uint64_t address) {
  uint64_t control[2];
  asm volatile("stctg %%c0, %%c0, 0(%0)" : : "a"(control) : "memory");
  control[1] = control[0] | LOW_ADDRESS_PROTECTION;
  return PROVOKE_BETWEEN("lctlg %%c0, %%c0, 8(%[control])", "stg %%r1, 0(%[address])",
                         "lctlg %%c0, %%c0, 0(%[control])", [control] "a"(control), [address] "a"(address));
}

static void low_address(void) {
  show("protection (low address)", store_protected(0), 0x04);
  /* 512 is the first address that is not protected. */
  struct trap trap = store_protected(0x200);
  print("  storing at 0x200: code 0x%x\n", trap.code);
  if (trap.code != 0) failures++;
}

static void supervisor_call(void) {
  uint64_t next;
  uint64_t other = lowcore.service_new.address;
  asm volatile("larl %0, 2f\n\tstg %0, 0x1c8\n\tsvc 42\n2:" : "=&d"(next) : : "memory");
  lowcore.service_new.address = other;
  print("supervisor call: code %u, length %u, old PSW at the next instruction: %s\n", lowcore.service_code,
        lowcore.service_length, lowcore.service_old.address == next ? "yes" : "no");
  if (lowcore.service_code != 42 || lowcore.service_old.address != next) failures++;
}

int main(const char *arguments) {
  (void)arguments;
  show("operation", PROVOKE(".short 0x0000"), 0x01);
  privileged();
  /* EXECUTE of an EXECUTE. */
  show("execute", PROVOKE("ex %%r0, 0(%[target])", [target] "a"(execute_target)), 0x03);
  low_address();
  show("addressing", PROVOKE("lg %%r1, 0(%[at])", [at] "a"(1UL << 40)), 0x05);
  /* DIVIDE requires an even register. */
  show("specification", PROVOKE(".short 0x1d12"), 0x06);
  struct trap data = PROVOKE("cgit %[one], 1, 8", [one] "d"(1UL));
  show("data (compare and trap)", data, 0x07);
  print("  data exception code 0x%x\n", data.data_code);
  if (data.data_code != 0xff) failures++;
  show("fixed-point divide", PROVOKE_BETWEEN("lghi %%r0, 0\n\tlghi %%r1, 0", "dlgr %%r0, %%r1", ""), 0x09);
  supervisor_call();
  print("failures: %d\n", failures);
  return failures != 0;
}
