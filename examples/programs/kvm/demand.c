/*
 * A guest whose memory comes when it is asked for, as after a migration that has moved the guest first: a thread of ours serves the faults
 * of the guest's memory (userfaultfd), a page at a time. The guest's first MiB is anonymous memory, and its pages are copied from elsewhere.
 * Its second MiB is a file in memory that has all pages already (minor faults): they are only mapped.
 */
#include <linux/ioctl.h>
#include <linux/kvm.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include "program.h"

#define MIB 0x100000UL
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS)
#define CODE 2

extern const char guest_code[], guest_end[];
__asm__(".pushsection .rodata\n"
        "guest_code:\n"
        "  llill %r1, 0x8000\n"
        "  llc %r2, 5(%r1)\n"        /* page 8 */
        "  mvi 0(%r1), 'G'\n"        /* it is there */
        "  llilh %r3, 0x10\n"
        "  ic %r4, 0x123(%r3)\n"     /* page 0 of the file */
        "  lay %r3, 0x7000(%r3)\n"
        "  stc %r4, 0(%r3)\n"        /* page 7 of it */
        "  llill %r1, 0x9000\n"
        "  mvc 0(4, %r1), 0xffe(%r3)\n" /* from pages 7 and 8 of the file to page 9 */
        "  diag 0, 0, 0x500\n"       /* an instruction that KVM leaves to us */
        "guest_end:\n"
        ".popsection");

static char stack[16384] __attribute__((aligned(16)));
static char storage[64] __attribute__((aligned(16)));
static char source[PAGE] __attribute__((aligned(PAGE)));
static char *memory;
static int missing, minor;
static int runner;
static volatile int taken;

static long check(const char *what, long result) {
  if (result < 0) {
    print("%s: %e\n", what, result);
    exit(1);
  }
  return result;
}

static char *map(char *at, uint64_t length, int flags, int fd) {
  uint64_t arguments[6] = {(uint64_t)at, length, PROT_READ | PROT_WRITE, flags, fd, 0};
  return (char *)check("mmap", call(__NR_mmap, arguments));
}

static int serve(void *start, uint64_t mode) {
  int fd = check("userfaultfd", call(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  struct uffdio_api api = {.api = UFFD_API};
  check("UFFDIO_API", call(__NR_ioctl, fd, UFFDIO_API, &api));
  struct uffdio_register range = {.range = {(uint64_t)start, MIB}, .mode = mode};
  check("UFFDIO_REGISTER", call(__NR_ioctl, fd, UFFDIO_REGISTER, &range));
  return fd;
}

/* Reads of a fault and provides the page. Returns whether there was one. */
static int provide(int fd) {
  struct uffd_msg message;
  if (call(__NR_read, fd, &message, sizeof message) != sizeof message) return 0;
  uint64_t address = message.arg.pagefault.address;
  long page = (address - (uint64_t)memory) / PAGE;
  print("  page %x, %s%s\n", page, message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE ? "store" : "load",
        message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_MINOR ? ", minor" : "");
  if (fd == minor) {
    struct uffdio_continue request = {{address, PAGE}, 0, 0};
    check("UFFDIO_CONTINUE", call(__NR_ioctl, fd, UFFDIO_CONTINUE, &request));
    return 1;
  }
  /* A signal does not end the waiting: the guest goes on first. */
  if (page == 9) call(__NR_tgkill, self(), runner, SIGUSR1);
  memset(source, page == CODE ? 0 : 'a' + page, PAGE);
  if (page == CODE) memcpy(source, guest_code, guest_end - guest_code);
  if (page < 2) memset(source, 0, PAGE);
  struct uffdio_copy request = {address, (uint64_t)source, PAGE, 0, 0};
  check("UFFDIO_COPY", call(__NR_ioctl, fd, UFFDIO_COPY, &request));
  return 1;
}

static long server(void *argument) {
  for (;;) {
    while (provide(missing) || provide(minor)) {}
    struct { int fd; short events, ready; } polled[2] = {{missing, 1, 0}, {minor, 1, 0}};
    call(__NR_poll, polled, 2, -1);
  }
  return (long)argument;
}

static void count(int signal) {
  (void)signal;
  taken++;
}

int main(void) {
  int kvm = check("/dev/kvm", call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR));
  int vm = check("KVM_CREATE_VM", call(__NR_ioctl, kvm, KVM_CREATE_VM, 0));
  char *room = map(NULL, 4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  memory = (char *)(((uint64_t)room + MIB - 1) & -MIB);
  int file = check("memfd_create", call(__NR_memfd_create, "memory", 0));
  check("ftruncate", call(__NR_ftruncate, file, MIB));
  map(memory + MIB, MIB, MAP_SHARED | MAP_FIXED, file);
  char *alias = map(NULL, MIB, MAP_SHARED, file);
  for (uint64_t page = 0; page < 16; page++) memset(alias + page * PAGE, 'A' + page, PAGE);
  for (int slot = 0; slot < 2; slot++) {
    struct kvm_userspace_memory_region region = {slot, 0, slot * MIB, MIB, (uint64_t)memory + slot * MIB};
    check("KVM_SET_USER_MEMORY_REGION", call(__NR_ioctl, vm, KVM_SET_USER_MEMORY_REGION, &region));
  }
  missing = serve(memory, UFFDIO_REGISTER_MODE_MISSING);
  minor = serve(memory + MIB, UFFDIO_REGISTER_MODE_MINOR);
  runner = call(__NR_gettid);
  handle(SIGUSR1, count, 0, 0);
  check("clone", clone_to(server, NULL, stack + sizeof stack, THREAD, NULL, NULL, storage));

  int vcpu = check("KVM_CREATE_VCPU", call(__NR_ioctl, vm, KVM_CREATE_VCPU, 0));
  long size = check("KVM_GET_VCPU_MMAP_SIZE", call(__NR_ioctl, kvm, KVM_GET_VCPU_MMAP_SIZE));
  struct kvm_run *run = (struct kvm_run *)map(NULL, size, MAP_SHARED, vcpu);
  run->psw_mask = 0x0000000180000000UL;
  run->psw_addr = CODE * PAGE;
  print("KVM_RUN\n");
  print("KVM_RUN: %e, signals %d\n", call(__NR_ioctl, vcpu, KVM_RUN, 0), (long)taken);
  print("KVM_RUN: %e\n", call(__NR_ioctl, vcpu, KVM_RUN, 0));
  print("exit %d: %x %x\n", (long)run->exit_reason, (long)run->s390_sieic.ipa, (long)run->s390_sieic.ipb);
  print("it has loaded '%c', and stored '%c' and '%c'\n", (long)run->s.regs.gprs[2], memory[8 * PAGE], alias[7 * PAGE]);
  print("it has copied '%c%c%c%c'\n", memory[9 * PAGE], memory[9 * PAGE + 1], memory[9 * PAGE + 2], memory[9 * PAGE + 3]);

  /* User space's own access to the guest's memory waits for the page as well. */
  char byte = 0;
  struct kvm_s390_mem_op operation = {.gaddr = 0xa010, .size = 1, .op = KVM_S390_MEMOP_ABSOLUTE_READ, .buf = (uint64_t)&byte};
  print("KVM_S390_MEM_OP\n");
  long result = call(__NR_ioctl, vm, KVM_S390_MEM_OP, &operation);
  print("KVM_S390_MEM_OP: %e '%c'\n", result, byte);
  /* Nobody serves the guest's faults any more. */
  call(__NR_close, missing);
  operation.gaddr = 0xb010;
  result = call(__NR_ioctl, vm, KVM_S390_MEM_OP, &operation);
  print("KVM_S390_MEM_OP: %e %d\n", result, (long)byte);
  return 0;
}
