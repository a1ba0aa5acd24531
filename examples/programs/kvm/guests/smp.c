/*
 * Starts the other CPUs of the machine, one after the other, resets, starts and stops them, and says what SIGNAL PROCESSOR answers. A CPU that was
 * started stores its address and counts.
 */
#include "guest.h"

#define CPUS 8
#define SENSE 0x01
#define START 0x04
#define STOP 0x05
#define RESTART 0x06
#define INITIAL_CPU_RESET 0x0b
#define CPU_RESET 0x0c
#define SET_PREFIX 0x0d
#define NO_ORDER 0x7e
/* Condition codes, and a bit of the status. */
#define STATUS_STORED 1
#define NOT_OPERATIONAL 3
#define STOPPED 0x40

/* The first 8 KiB of storage as each of the other CPUs sees it. */
static uint8_t areas[CPUS][2 * PAGE] __attribute__((aligned(8192)));

/* What the other CPU does. */
extern uint8_t other_cpu[];
volatile uint16_t address;
volatile uint64_t count;
asm(".pushsection .text\n"
    "other_cpu:\n"
    "  larl %r1, address\n"
    "  stap 0(%r1)\n"
    "  larl %r1, count\n"
    "0: agsi 0(%r1), 1\n"
    "  j 0b\n"
    ".popsection");

/* Another CPU may need the processor: DIAGNOSE 0x44 ends the time slice. */
static void give_way(void) { asm volatile("diag 0,0,0x44" : : : "memory"); }

/* Sends an order. Returns the condition code. */
static int signal(uint16_t cpu, uint32_t order, uint64_t parameter, uint32_t *status) {
  register uint64_t result asm("2") = 0;
  register uint64_t parameter_register asm("3") = parameter;
  int cc;
  do
    asm volatile("sigp %0, %2, 0(%3)\n\tipm %1\n\tsrl %1, 28"
                 : "+d"(result), "=d"(cc)
                 : "d"((uint64_t)cpu), "a"((uint64_t)order), "d"(parameter_register)
                 : "cc", "memory");
  while (cc == 2);
  *status = result;
  return cc;
}

static void order(uint16_t cpu, const char *name, uint32_t code, uint64_t parameter) {
  uint32_t status;
  int cc = signal(cpu, code, parameter, &status);
  print("CPU %u, %s: %d", cpu, name, cc);
  if (cc == STATUS_STORED) print(", status 0x%x", status);
  print("\n");
}

/* An order to reset or to stop is accepted before it is done. */
static void wait_stopped(uint16_t cpu) {
  uint32_t status;
  while (signal(cpu, SENSE, 0, &status) != STATUS_STORED || !(status & STOPPED)) give_way();
  print("CPU %u is stopped\n", cpu);
}

static void wait_count(uint16_t cpu) {
  for (uint64_t before = count; count == before;) give_way();
  print("CPU %u counts\n", cpu);
}

int main(const char *arguments) {
  (void)arguments;
  uint32_t status;
  uint16_t cpu = 1;
  for (; cpu < CPUS && signal(cpu, SENSE, 0, &status) != NOT_OPERATIONAL; cpu++) {
    struct lowcore *area = (struct lowcore *)areas[cpu];
    area->restart_new.mask = psw_mask;
    area->restart_new.address = (uint64_t)other_cpu;
    order(cpu, "sense", SENSE, 0);
    order(cpu, "initial CPU reset", INITIAL_CPU_RESET, 0);
    order(cpu, "set prefix", SET_PREFIX, (uint64_t)area);
    order(cpu, "restart", RESTART, 0);
    wait_count(cpu);
    print("CPU %u says that it is CPU %u\n", cpu, address);
    order(cpu, "CPU reset", CPU_RESET, 0);
    wait_stopped(cpu);
    order(cpu, "start", START, 0);
    wait_count(cpu);
    order(cpu, "an order that there is not", NO_ORDER, 0);
    order(cpu, "stop", STOP, 0);
    wait_stopped(cpu);
  }
  order(cpu, "sense", SENSE, 0);
  return 0;
}
