/*
 * A virtual machine that its user controls (KVM_VM_S390_UCONTROL). The guest's address space is ours to build: we map two segments of it,
 * crosswise, and serve the fault on a third one. The guest copies a byte through all three, and says that it is done.
 *
 *     guest address             our memory
 *     0x000000 (its code)  ->   second MiB
 *     0x100000             ->   first MiB
 *     0x200000             ->   third MiB, once the guest has asked for it
 */
#include <linux/kvm.h>
#include "program.h"

#define MIB 0x100000UL
/* The page of a virtual CPU's file that holds its state description. */
#define SIE_PAGE KVM_S390_SIE_PAGE_OFFSET
/* Fields of the state description: arch/s390/include/asm/kvm_host.h. */
#define CPUFLAGS 0x00
#define CPUSTAT_STOPPED 0x80000000U
#define ICPT_INSTRUCTION 0x04

extern const char guest_code[], guest_end[];
__asm__(".pushsection .rodata\n"
        "guest_code:\n"
        "  llilh %r1, 0x10\n"        /* the second segment */
        "  mvi 0(%r1), 'Z'\n"
        "  llilh %r2, 0x20\n"        /* the third one, which is not mapped yet */
        "  mvc 0(1, %r2), 0(%r1)\n"
        "  diag 0, 0, 0x500\n"       /* an instruction that KVM leaves to us */
        "guest_end:\n"
        ".popsection");

static long check(const char *what, long result) {
  if (result < 0) {
    print("%s: %e\n", what, result);
    exit(1);
  }
  return result;
}

/* mmap has its arguments in memory. */
static char *map(uint64_t length, int flags, int fd, uint64_t offset) {
  uint64_t arguments[6] = {0, length, PROT_READ | PROT_WRITE, flags, fd, offset};
  return (char *)check("mmap", call(__NR_mmap, arguments));
}

static void map_segment(int vcpu, const char *from, uint64_t to) {
  struct kvm_s390_ucas_mapping mapping = {.user_addr = (uint64_t)from, .vcpu_addr = to, .length = MIB};
  check("KVM_S390_UCAS_MAP", call(__NR_ioctl, vcpu, KVM_S390_UCAS_MAP, &mapping));
  print("guest %x is our MiB at %x\n", to, (long)from & 0xf00000);
}

int main(void) {
  int kvm = check("/dev/kvm", call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR));
  print("KVM's interface has version %d\n", call(__NR_ioctl, kvm, KVM_GET_API_VERSION));
  int vm = check("KVM_CREATE_VM", call(__NR_ioctl, kvm, KVM_CREATE_VM, KVM_VM_S390_UCONTROL));
  int vcpu = check("KVM_CREATE_VCPU", call(__NR_ioctl, vm, KVM_CREATE_VCPU, 0));
  long size = check("KVM_GET_VCPU_MMAP_SIZE", call(__NR_ioctl, kvm, KVM_GET_VCPU_MMAP_SIZE));
  struct kvm_run *run = (struct kvm_run *)map(size, MAP_SHARED, vcpu, 0);
  char *sie = map(PAGE, MAP_SHARED, vcpu, SIE_PAGE * PAGE);

  /* Three MiB of ours, at a multiple of 16 MiB. */
  char *memory = map(32 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memory = (char *)(((uint64_t)memory + 16 * MIB - 1) & -(16 * MIB));
  memcpy(memory + MIB + 0x2000, guest_code, guest_end - guest_code);

  map_segment(vcpu, memory, MIB);
  map_segment(vcpu, memory + MIB, 0);
  *(uint32_t *)(sie + CPUFLAGS) &= ~CPUSTAT_STOPPED;
  run->psw_mask = 0x0000000180000000UL;
  run->psw_addr = 0x2000;

  for (;;) {
    check("KVM_RUN", call(__NR_ioctl, vcpu, KVM_RUN, 0));
    switch (run->exit_reason) {
    case KVM_EXIT_S390_UCONTROL:
      print("fault: code %x at guest %x, instruction at %x\n", run->s390_ucontrol.pgm_code, run->s390_ucontrol.trans_exc_code,
            run->psw_addr);
      map_segment(vcpu, memory + 2 * MIB, run->s390_ucontrol.trans_exc_code);
      break;
    case KVM_EXIT_S390_SIEIC:
      print("interception %x of %x %x\n", run->s390_sieic.icptcode, run->s390_sieic.ipa, run->s390_sieic.ipb);
      print("our first MiB has '%c', our third '%c'\n", memory[0], memory[2 * MIB]);
      return run->s390_sieic.icptcode == ICPT_INSTRUCTION ? 0 : 1;
    default:
      print("exit %d\n", run->exit_reason);
      return 1;
    }
  }
}
