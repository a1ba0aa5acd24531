/*
 * A virtual machine monitor: boots a Linux kernel, or a guest that is an ELF file, by /dev/kvm.
 *
 *     monitor MIB CPUS IMAGE [INITRD [COMMAND LINE]]      an INITRD of - is none
 *
 * The guest has MIB of memory, CPUS processors and one device: the service-call logical processor (SCLP), with a console that is standard
 * input and output. KVM executes the guest's instructions until one needs us: then KVM_RUN returns, and struct kvm_run tells why. We answer
 *
 *     SERVICE CALL            the commands of the SCLP, and an external interruption when one is done
 *     SIGNAL PROCESSOR        starts and resets of processors. KVM answers all other orders
 *     DIAGNOSE 0x308          what a kernel asks about its initial program load, and a restart
 *     a stop, a wait forever  the end
 *
 * There is no channel subsystem. KVM itself answers its instructions then: no subchannel is operational.
 */
#include <linux/elf.h>
#include <linux/futex.h>
#include <linux/kvm.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <asm/termios.h>
#include "program.h"

typedef unsigned short uint16_t;

#define MIB 0x100000UL
#define CPUS 8
/* Interception codes, opcodes and program-interruption codes. */
#define ICPT_INSTRUCTION 0x04
#define ICPT_WAIT 0x1c
#define ICPT_STOP 0x28
#define SERVC 0xb220
#define DIAG 0x83
#define SIGP 0xae
#define PGM_OPERATION 1
#define PGM_ADDRESSING 5
#define PGM_SPECIFICATION 6
/* Where a kernel starts, and its parameters: arch/s390/include/asm/setup.h. */
#define KERNEL_ENTRY 0x10000
#define KERNEL_MAGIC 0x10008
#define INITRD_START 0x10408
#define INITRD_SIZE 0x10410
#define COMMAND_LINE_SIZE 0x10430
#define COMMAND_LINE 0x10480

/* A processor of the guest, and the thread that runs it. */
static struct cpu {
  int fd, address;
  struct kvm_run *run;
  int operating; /* Otherwise it is stopped, and its thread waits here. */
  long reset;    /* The reset that it performs when it stops, or 0. */
  char stack[16384] __attribute__((aligned(16)));
} cpus[CPUS];
static long vm, cpu_count;
static uint8_t *memory;
static uint64_t memory_size;
static char **arguments, **environment;

/* A terminal passes each key to the guest, which answers for it. ^C still ends us. */
static struct termios usual;
static int is_terminal;

static void use_keys(void) {
  is_terminal = call(__NR_ioctl, 0, TCGETS, &usual) == 0;
  struct termios keys = usual;
  keys.c_lflag &= ~(ICANON | ECHO);
  keys.c_iflag &= ~ICRNL;
  if (is_terminal) call(__NR_ioctl, 0, TCSETS, &keys);
}

static void use_lines(void) {
  if (is_terminal) call(__NR_ioctl, 0, TCSETS, &usual);
}

static void end(int status) {
  use_lines();
  exit(status);
}

static long check(const char *what, long result) {
  if (result < 0) {
    print("%s: %e\n", what, result);
    end(2);
  }
  return result;
}

/* Whoever serves an exit or input holds the lock, so that only one thread does. */
static int lock_word;

static void lock(void) {
  while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE)) call(__NR_futex, &lock_word, FUTEX_WAIT, 1, 0);
}

static void unlock(void) {
  __atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
  call(__NR_futex, &lock_word, FUTEX_WAKE, 1);
}

static void start_thread_of(struct cpu *cpu, long (*action)(void *), char *top) {
  unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  check("clone", clone_to(action, cpu, top, flags, NULL, NULL, NULL));
}

/* What an instruction gets and leaves: its second operand address, the condition code, a program interruption. */

static uint64_t operand_address(const struct kvm_run *run) {
  uint32_t base = run->s390_sieic.ipb >> 28, displacement = run->s390_sieic.ipb >> 16 & 0xfff;
  return displacement + (base ? run->s.regs.gprs[base] : 0);
}

static void set_condition(struct kvm_run *run, uint64_t code) {
  run->psw_mask = (run->psw_mask & ~(3UL << 44)) | code << 44;
}

static void interrupt(int fd, uint32_t type, uint32_t parameter) {
  struct kvm_s390_interrupt one = {.type = type, .parm = parameter};
  check("KVM_S390_INTERRUPT", call(__NR_ioctl, fd, KVM_S390_INTERRUPT, &one));
}

static void refuse(struct cpu *cpu, uint32_t code) {
  interrupt(cpu->fd, KVM_S390_PROGRAM_INT, code);
}

/*
 * The service-call logical processor. A command has a service-call control block (SCCB) in guest memory, below 2 GiB and within a page, which
 * we answer in. Structures are those of drivers/s390/char/sclp.h.
 */

#define READ_SCP_INFO 0x00020001
#define READ_SCP_INFO_FORCED 0x00120001
#define READ_CPU_INFO 0x00010001
#define READ_EVENT_DATA 0x00770005
#define WRITE_EVENT_DATA 0x00760005
#define WRITE_EVENT_MASK 0x00780005
#define HEADER 8
#define EVENT_HEADER 6
#define ASCII_CONSOLE 0x1a
#define ASCII_CONSOLE_BIT 0x40 /* in byte 3 of an event mask */
#define EVENT_ACCEPTED 0x80
#define END_OF_INPUT 4 /* the character that ends input on a terminal */

struct sccb {
  uint16_t length;
  uint8_t function, control[3];
  uint16_t response;
  union {
    uint8_t data[PAGE - HEADER];
    struct {
      uint16_t increments; /* of memory */
      uint8_t increment_mib, unused1[5];
      uint16_t cpus, cpus_at;
      uint8_t unused2[4], load_parameter[8], unused3[16];
      uint64_t facilities;
      uint8_t unused4[64];
      uint16_t highest_cpu;
      uint8_t unused5[6], cpu[CPUS][16]; /* the first byte of each is its address */
    } scp;
    struct {
      uint16_t configured, configured_at, standby, standby_at;
      uint8_t unused[8], cpu[CPUS][16];
    } cpu;
    struct {
      uint16_t unused, length;
      uint8_t masks[]; /* that of what the guest receives, of what it sends; ours of what it may send, of what it may receive */
    } mask;
  };
};

/* What the guest has to know of input, and whether it wants to. */
static enum { NO_INPUT, INPUT, INPUT_ENDED } input;
static int input_enabled;

/* Makes the interruption pending that tells of a command that is done, and of input. */
static void service_signal(uint32_t sccb) {
  interrupt(vm, KVM_S390_INT_SERVICE, sccb | (input == INPUT && input_enabled));
}

static uint16_t read_scp_info(struct sccb *block) {
  if (block->length < HEADER + sizeof block->scp) return 0x0300;
  memset(block->data, 0, block->length - HEADER);
  block->scp.increments = memory_size / MIB;
  block->scp.increment_mib = 1;
  block->scp.cpus = cpu_count;
  block->scp.cpus_at = HEADER + ((uint8_t *)block->scp.cpu - block->data);
  memset(block->scp.load_parameter, 0x40, sizeof block->scp.load_parameter); /* EBCDIC blanks */
  block->scp.facilities = 0x0c00000000000000; /* it knows READ CPU INFO */
  block->scp.highest_cpu = cpu_count - 1;
  for (int i = 0; i < cpu_count; i++) block->scp.cpu[i][0] = i;
  return 0x0010;
}

static uint16_t read_cpu_info(struct sccb *block) {
  if (block->length < HEADER + sizeof block->cpu) return 0x0300;
  memset(block->data, 0, block->length - HEADER);
  block->cpu.configured = cpu_count;
  block->cpu.configured_at = HEADER + ((uint8_t *)block->cpu.cpu - block->data);
  block->cpu.standby_at = block->cpu.configured_at + cpu_count * sizeof block->cpu.cpu[0];
  for (int i = 0; i < cpu_count; i++) block->cpu.cpu[i][0] = i;
  return 0x0010;
}

static uint16_t write_event_mask(struct sccb *block) {
  uint64_t length = block->mask.length;
  if (length < 4 || HEADER + 4 + 4 * length > block->length) return 0x74f0;
  input_enabled = (block->mask.masks[3] & ASCII_CONSOLE_BIT) != 0;
  uint8_t *ours = block->mask.masks + 2 * length;
  memset(ours, 0, 2 * length);
  ours[3] = ours[length + 3] = ASCII_CONSOLE_BIT;
  return 0x0020;
}

static uint16_t write_event_data(struct sccb *block) {
  for (uint64_t at = 0, last = block->length - HEADER; at < last;) {
    uint8_t *event = block->data + at;
    uint16_t length = at + EVENT_HEADER <= last ? event[0] << 8 | event[1] : 0;
    if (length < EVENT_HEADER || at + length > last) return 0x73f0;
    if (event[2] != ASCII_CONSOLE) return 0x40f0;
    call(__NR_write, 1, event + EVENT_HEADER, length - EVENT_HEADER);
    event[3] |= EVENT_ACCEPTED;
    at += length;
  }
  return 0x0020;
}

static uint16_t read_event_data(struct sccb *block) {
  if (block->length < HEADER + EVENT_HEADER + 2) return 0x0300;
  if (input != INPUT || !input_enabled) return 0x60f0;
  uint8_t *text = block->data + EVENT_HEADER + 1;
  long count = call(__NR_read, 0, text, block->length - HEADER - EVENT_HEADER - 1);
  input = count > 0 ? NO_INPUT : INPUT_ENDED;
  call(__NR_futex, &input, FUTEX_WAKE, 1);
  if (count <= 0) text[0] = END_OF_INPUT, count = 1;
  long length = EVENT_HEADER + 1 + count;
  memcpy(block->data, (uint8_t[]){length >> 8, length, ASCII_CONSOLE, 0, 0, 0, 0}, EVENT_HEADER + 1); /* the last 0: text follows */
  if (block->control[2] & 0x80) block->length = HEADER + length, block->control[2] &= ~0x80;
  return 0x0020;
}

static uint16_t sclp_command(uint32_t command, struct sccb *block) {
  switch (command & 0xffff00ff) {
  case READ_SCP_INFO:
  case READ_SCP_INFO_FORCED: return read_scp_info(block);
  case READ_CPU_INFO: return read_cpu_info(block);
  case WRITE_EVENT_MASK: return write_event_mask(block);
  case WRITE_EVENT_DATA: return write_event_data(block);
  case READ_EVENT_DATA: return read_event_data(block);
  default: return 0x01f0;
  }
}

static void service_call(struct cpu *cpu) {
  uint32_t ipb = cpu->run->s390_sieic.ipb;
  uint32_t command = cpu->run->s.regs.gprs[ipb >> 20 & 15];
  uint64_t address = cpu->run->s.regs.gprs[ipb >> 16 & 15];
  if (address >= memory_size) return refuse(cpu, PGM_ADDRESSING);
  uint64_t lowcore = address & ~0x1fffUL;
  if (address & ~0x7ffffff8UL || lowcore == 0 || lowcore == cpu->run->s.regs.prefix) return refuse(cpu, PGM_SPECIFICATION);
  /* The guest's other processors may change the block at any time. We use one copy of it. */
  static struct sccb block;
  uint64_t most = PAGE - address % PAGE;
  memcpy(&block, memory + address, most);
  uint64_t length = block.length;
  if (length < HEADER) return refuse(cpu, PGM_SPECIFICATION);
  block.response = length > most ? 0x0100 : sclp_command(command, &block);
  memcpy(memory + address, &block, length > most ? HEADER : length);
  set_condition(cpu->run, 0);
  service_signal(address);
}

/* The thread that waits for input, and tells the guest. The guest reads it by READ EVENT DATA. */
static long watch_input(void *unused) {
  (void)unused;
  struct pollfd standard_input = {.fd = 0, .events = POLLIN};
  while (input != INPUT_ENDED) {
    call(__NR_poll, &standard_input, 1, -1);
    lock();
    input = INPUT;
    if (input_enabled) service_signal(0);
    unlock();
    while (__atomic_load_n(&input, __ATOMIC_ACQUIRE) == INPUT) call(__NR_futex, &input, FUTEX_WAIT, INPUT, 0);
  }
  return 0;
}

/* SIGNAL PROCESSOR: the orders that KVM leaves to us, because user space starts and stops the processors. */

static void set_operating(struct cpu *cpu, int operating) {
  struct kvm_mp_state state = {operating ? KVM_MP_STATE_OPERATING : KVM_MP_STATE_STOPPED};
  check("KVM_SET_MP_STATE", call(__NR_ioctl, cpu->fd, KVM_SET_MP_STATE, &state));
  __atomic_store_n(&cpu->operating, operating, __ATOMIC_RELEASE);
  call(__NR_futex, &cpu->operating, FUTEX_WAKE, 1);
}

static void perform_reset(struct cpu *cpu) {
  if (cpu->reset) check("reset", call(__NR_ioctl, cpu->fd, cpu->reset));
  cpu->reset = 0;
}

static void reset(struct cpu *cpu, long command) {
  struct kvm_s390_interrupt stop = {.type = KVM_S390_SIGP_STOP};
  cpu->reset = command;
  if (cpu->operating) call(__NR_ioctl, cpu->fd, KVM_S390_INTERRUPT, &stop); /* EBUSY: it is about to stop */
  else perform_reset(cpu);
}

static void signal_processor(struct cpu *cpu) {
  struct kvm_run *run = cpu->run;
  uint32_t r1 = run->s390_sieic.ipa >> 4 & 15, r3 = run->s390_sieic.ipa & 15;
  uint16_t address = run->s.regs.gprs[r3];
  struct cpu *target = &cpus[address];
  if (address >= cpu_count) return set_condition(run, 3);
  set_condition(run, 0);
  switch (operand_address(run) & 0xff) {
  case 0x04: return set_operating(target, 1);
  case 0x06: interrupt(target->fd, KVM_S390_RESTART, 0); return set_operating(target, 1);
  case 0x0b: return reset(target, KVM_S390_INITIAL_RESET);
  case 0x0c: return reset(target, KVM_S390_NORMAL_RESET);
  }
  run->s.regs.gprs[r1] = (run->s.regs.gprs[r1] & ~0xffffffffUL) | 2; /* invalid order */
  set_condition(run, 1);
}

/* DIAGNOSE 0x308. KVM recognizes the subcodes that load the machine anew. */
static void diagnose(struct cpu *cpu) {
  struct kvm_run *run = cpu->run;
  uint32_t r1 = run->s390_sieic.ipa >> 4 & 15, r3 = run->s390_sieic.ipa & 15;
  if ((operand_address(run) & 0xffff) != 0x308 || r1 & 1) return refuse(cpu, PGM_SPECIFICATION);
  switch (run->s.regs.gprs[r3]) {
  case 5: run->s.regs.gprs[r1 + 1] = 0x402; break; /* sets how the next load is done: we have no device */
  case 6: run->s.regs.gprs[r1 + 1] = 0x102; break; /* asks how this one was done: it was not loaded from a device */
  default: refuse(cpu, PGM_SPECIFICATION);
  }
}

/* The processor has stopped by an order. The guest has ended when all are. */
static void stopped(struct cpu *cpu) {
  set_operating(cpu, 0);
  perform_reset(cpu);
  for (int i = 0; i < cpu_count; i++)
    if (cpus[i].operating) return;
  end(0);
}

static void serve_exit(struct cpu *cpu) {
  struct kvm_run *run = cpu->run;
  uint16_t ipa = run->s390_sieic.ipa;
  if (run->exit_reason == KVM_EXIT_S390_RESET) { /* We begin anew, with another machine. */
    use_lines();
    check("execve", call(__NR_execve, "/proc/self/exe", arguments, environment));
  }
  if (run->exit_reason == KVM_EXIT_S390_SIEIC) {
    switch (run->s390_sieic.icptcode) {
    case ICPT_INSTRUCTION:
      if (ipa == SERVC) return service_call(cpu);
      if (ipa >> 8 == SIGP) return signal_processor(cpu);
      if (ipa >> 8 == DIAG) return diagnose(cpu);
      return refuse(cpu, PGM_OPERATION);
    case ICPT_STOP: return stopped(cpu);
    case ICPT_WAIT: /* With a PSW that nothing can interrupt a guest ends, or a kernel panics. The address tells more. */
      if (run->psw_addr == 0) end(0);
      print("the guest ended at %x\n", run->psw_addr);
      end(1);
    }
  }
  print("CPU %d at %x: exit %d, code %x\n", cpu->address, run->psw_addr, run->exit_reason, run->s390_sieic.icptcode);
  end(1);
}

static long run_cpu(void *which) {
  struct cpu *cpu = which;
  long result;
  do {
    while (!__atomic_load_n(&cpu->operating, __ATOMIC_ACQUIRE)) call(__NR_futex, &cpu->operating, FUTEX_WAIT, 0, 0);
    result = call(__NR_ioctl, cpu->fd, KVM_RUN, 0);
    if (result < 0) continue;
    lock();
    serve_exit(cpu);
    unlock();
  } while (result == 0 || result == -EINTR);
  return check("KVM_RUN", result);
}

/* Making the machine, and loading it. */

/* mmap has its arguments in memory. */
static void *map(uint64_t length, int flags, int fd) {
  uint64_t list[6] = {0, length, PROT_READ | PROT_WRITE, flags, fd, 0};
  return (void *)check("mmap", call(__NR_mmap, list));
}

static void make_cpu(struct cpu *cpu, int address, long run_size) {
  cpu->address = address;
  cpu->fd = check("KVM_CREATE_VCPU", call(__NR_ioctl, vm, KVM_CREATE_VCPU, address));
  cpu->run = map(run_size, MAP_SHARED, cpu->fd);
  set_operating(cpu, address == 0);
}

/* Reads a file, or a part of it, to a guest address. Returns the number of bytes. */
static uint64_t load(int file, uint64_t offset, uint64_t to, uint64_t most) {
  uint64_t count = 0;
  for (long n = 1; n > 0 && count < most; count += n) {
    if (to + count >= memory_size) check("the guest's memory", -ENOMEM);
    uint64_t room = memory_size - to - count, left = most - count;
    n = check("read", call(__NR_pread64, file, memory + to + count, left < room ? left : room, offset + count));
  }
  return count;
}

static int open_file(const char *name) {
  return check(name, call(__NR_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC));
}

/* Loads an ELF file, or a raw image, which begins at address 0. Returns where it ends, and sets where it starts. */
static uint64_t load_image(const char *name, uint64_t *entry) {
  int file = open_file(name);
  Elf64_Ehdr header;
  Elf64_Phdr part;
  long count = check(name, call(__NR_pread64, file, &header, sizeof header, 0));
  *entry = KERNEL_ENTRY;
  if (count < (long)sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG)) return load(file, 0, 0, -1UL);
  *entry = header.e_entry;
  uint64_t last = 0;
  for (int i = 0; i < header.e_phnum; i++) {
    check(name, call(__NR_pread64, file, &part, sizeof part, header.e_phoff + i * sizeof part));
    if (part.p_type != PT_LOAD || part.p_filesz == 0) continue;
    load(file, part.p_offset, part.p_paddr, part.p_filesz);
    if (part.p_paddr + part.p_memsz > last) last = part.p_paddr + part.p_memsz;
  }
  return last;
}

/* Loads all that the guest is given. Returns where it starts. */
static uint64_t load_guest(const char *image, const char *initrd, const char *command_line) {
  uint64_t entry, last = load_image(image, &entry), size = 896;
  if (memcmp(memory + KERNEL_MAGIC, "S390EP", 6) == 0) {
    if (*(uint64_t *)(memory + COMMAND_LINE_SIZE)) size = *(uint64_t *)(memory + COMMAND_LINE_SIZE);
    if (!same(initrd, "-")) {
      /* A MiB behind the kernel, which unpacks itself. */
      uint64_t start = last < 7 * MIB ? 8 * MIB : (last + 2 * MIB - 1) & -MIB;
      *(uint64_t *)(memory + INITRD_SIZE) = load(open_file(initrd), 0, start, -1UL);
      *(uint64_t *)(memory + INITRD_START) = start;
    }
  }
  if (length_of(command_line) >= size) check("the command line", -E2BIG);
  memcpy(memory + COMMAND_LINE, command_line, length_of(command_line) + 1);
  return entry;
}

/* Returns a number, or 0 if it is none, or too high. */
static uint64_t number(const char *text, uint64_t most) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9' && value <= most; text++) value = value * 10 + *text - '0';
  return *text || value > most ? 0 : value;
}

int main(int argc, char **argv, char **envp) {
  arguments = argv;
  environment = envp;
  if (argc > 3) memory_size = number(argv[1], 65535) * MIB, cpu_count = number(argv[2], CPUS);
  if (memory_size == 0 || cpu_count == 0) {
    print("usage: monitor MIB CPUS IMAGE [INITRD [COMMAND LINE]]\n");
    return 2;
  }
  int kvm = check("/dev/kvm", call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR | O_CLOEXEC));
  vm = check("KVM_CREATE_VM", call(__NR_ioctl, kvm, KVM_CREATE_VM, 0));

  /* Memory of a guest begins at a multiple of 1 MiB. */
  memory = map(memory_size + MIB, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  memory = (uint8_t *)(((uint64_t)memory + MIB - 1) & -MIB);
  struct kvm_userspace_memory_region slot = {.memory_size = memory_size, .userspace_addr = (uint64_t)memory};
  check("KVM_SET_USER_MEMORY_REGION", call(__NR_ioctl, vm, KVM_SET_USER_MEMORY_REGION, &slot));

  long run_size = check("KVM_GET_VCPU_MMAP_SIZE", call(__NR_ioctl, kvm, KVM_GET_VCPU_MMAP_SIZE));
  for (int i = 0; i < cpu_count; i++) make_cpu(&cpus[i], i, run_size);
  cpus[0].run->psw_mask = 0x0000000180000000; /* 64-bit addresses, no interruptions */
  cpus[0].run->psw_addr = load_guest(argv[3], argc > 4 ? argv[4] : "-", argc > 5 ? argv[5] : "");

  use_keys();
  for (int i = 1; i < cpu_count; i++) start_thread_of(&cpus[i], run_cpu, cpus[i].stack + sizeof cpus[i].stack);
  static char stack[16384] __attribute__((aligned(16)));
  start_thread_of(NULL, watch_input, stack + sizeof stack);
  return run_cpu(&cpus[0]);
}
