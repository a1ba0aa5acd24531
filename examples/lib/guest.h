/* The runtime of the example guests: console, interruptions and the end of a guest. */
#ifndef GUEST_H
#define GUEST_H

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef int int32_t;
typedef unsigned long uint64_t;

#define MIB 0x100000UL
#define PAGE 4096UL

/* Bits of the PSW mask. */
#define PSW_DAT 0x0400000000000000UL
#define PSW_PROBLEM 0x0001000000000000UL

/* External interruptions: the subclass bit of control register 0 and the interruption code. */
#define SUBCLASS_SERVICE 0x200UL
#define SUBCLASS_CLOCK_COMPARATOR 0x800UL
#define EXTERNAL_CLOCK_COMPARATOR 0x1004
#define EXTERNAL_SERVICE 0x2401

struct psw {
  uint64_t mask;
  uint64_t address;
};

/* The first 512 bytes of storage, where the CPU stores the parameters of interruptions and reads new PSWs. */
struct lowcore {
  uint8_t reserved_0[0x80];
  uint32_t external_parameter; /* 0x080 */
  uint16_t external_address;
  uint16_t external_code; /* 0x086 */
  uint16_t service_length;
  uint16_t service_code; /* 0x08a */
  uint16_t program_length;
  uint16_t program_code; /* 0x08e */
  uint32_t data_code; /* 0x090 */
  uint8_t reserved_1[0xa8 - 0x94];
  uint64_t translation; /* 0x0a8 */
  uint8_t reserved_2[0x120 - 0xb0];
  struct psw restart_old; /* 0x120 */
  struct psw external_old;
  struct psw service_old;
  struct psw program_old;
  struct psw machine_check_old;
  struct psw io_old;
  uint8_t reserved_3[0x1a0 - 0x180];
  struct psw restart_new; /* 0x1a0 */
  struct psw external_new;
  struct psw service_new;
  struct psw program_new;
  struct psw machine_check_new;
  struct psw io_new;
};
_Static_assert(sizeof(struct lowcore) == 0x200, "the layout of the lowcore");

/* Placed at address 0 by the linker script. */
extern volatile struct lowcore lowcore;

/* The current PSW mask of this guest. Interruption handlers run with it. */
extern uint64_t psw_mask;

/* The first byte of the guest's image, and the first one after it. */
extern uint8_t image_start[], image_end[];

/* The program: gets the command line, and returns the guest's status. */
int main(const char *arguments);

/* Ends the guest. A status of 0 means success. */
void stop(uint64_t status) __attribute__((noreturn));

/* Waits for one external interruption of these subclasses. Returns its code. */
uint16_t wait_external(uint64_t subclasses);

/* The handler of unexpected program interruptions. */
void unexpected_program(void);

/* Executes a service-call command on a control block and waits for its end. Returns the response code. */
uint16_t sclp(uint32_t command, void *sccb);

/* Executes SERVICE CALL, for which the assembler has no name. Returns the condition code. */
static inline int service_call(uint32_t command, uint64_t sccb) {
  int cc;
  asm volatile(".insn rre, 0xb2200000, %1, %2\n\tipm %0\n\tsrl %0, 28" : "=d"(cc) : "d"(command), "d"(sccb) : "cc", "memory");
  return cc;
}

/* Lets the program use all floating-point registers and instructions: sets the AFP-register control. */
static inline void enable_floating_point(void) {
  uint64_t control;
  asm volatile("stctg %%c0, %%c0, %0" : "=QS"(control));
  control |= 0x40000;
  asm volatile("lctlg %%c0, %%c0, %0" : : "QS"(control));
}

/* A page for service calls, also used by the console. */
extern uint8_t sccb[PAGE];

/* Prints with %s, %c, %d, %u, %lu, %x, %lx and %%. A line is shown when it is complete. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The result of a provoked instruction. */
struct trap {
  /* The program interruption code; 0 if there was no interruption. */
  uint16_t code;
  /* The instruction length that the CPU stored, in bytes. */
  uint16_t length;
  /* The data exception code. */
  uint8_t data_code;
  /* The old PSW. */
  struct psw old;
  /* The translation exception identification. */
  uint64_t translation;
  /* The address of the instruction. */
  uint64_t instruction;
};

/* Clears the last program interruption. */
static inline void trap_begin(void) {
  lowcore.program_code = 0;
  lowcore.program_length = 0;
  lowcore.data_code = 0;
  lowcore.translation = 0;
  lowcore.program_new.mask = psw_mask;
}

/* Returns the last program interruption. From now on none is expected. */
static inline struct trap trap_end(uint64_t instruction) {
  struct trap trap = {
    .code = lowcore.program_code,
    .length = lowcore.program_length,
    .data_code = lowcore.data_code,
    .old = {lowcore.program_old.mask, lowcore.program_old.address},
    .translation = lowcore.translation,
    .instruction = instruction,
  };
  lowcore.program_new.address = (uint64_t)unexpected_program;
  return trap;
}

/*
 * Executes `before`, one instruction, and `after`, all assembler text. Continues with `after` even if the instruction causes
 * a program interruption. Input operands follow the texts. Label 1 is the instruction. Registers 0 and 1 are changed.
 */
#define PROVOKE_BETWEEN(before, text, after, ...) \
  ({ \
    uint64_t instruction_; \
    trap_begin(); \
    asm volatile("larl %%r1, 2f\n\t" \
                 "stg %%r1, 0x1d8\n\t" \
                 "larl %[instruction_], 1f\n\t" before "\n" \
                 "1:\t" text "\n" \
                 "2:\t" after \
                 : [instruction_] "=&d"(instruction_) \
                 : __VA_ARGS__ \
                 : "r0", "r1", "cc", "memory"); \
    trap_end(instruction_); \
  })
#define PROVOKE(text, ...) PROVOKE_BETWEEN("", text, "", __VA_ARGS__)

#endif
