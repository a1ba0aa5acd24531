/* A thread runs a guest that never ends, while another one closes the descriptors of the virtual machine. */
#include <linux/kvm.h>
#include <linux/sched.h>
#include "program.h"

#define MIB 0x100000UL
#define PAGES 64

static int vcpu, done, thread;
static char stack[16384] __attribute__((aligned(16)));
static void ignore(int signal) { (void)signal; }

static char *map(uint64_t length, int flags, int fd, uint64_t offset) {
  uint64_t arguments[6] = {0, length, PROT_READ | PROT_WRITE, flags, fd, offset};
  return (char *)call(__NR_mmap, arguments);
}

static long run(void *argument) {
  (void)argument;
  print("the guest ran until: %e\n", call(__NR_ioctl, vcpu, KVM_RUN, 0));
  __atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
  return 0;
}

int main(void) {
  int kvm = call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR);
  int vm = call(__NR_ioctl, kvm, KVM_CREATE_VM, 0);
  char *memory = map(2 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memory = (char *)(((uint64_t)memory + MIB - 1) & -MIB);
  struct kvm_userspace_memory_region region = {0, 0, 0, MIB, (uint64_t)memory};
  call(__NR_ioctl, vm, KVM_SET_USER_MEMORY_REGION, &region);
  vcpu = call(__NR_ioctl, vm, KVM_CREATE_VCPU, 0);
  /* Branch to itself. */
  memcpy(memory + 0x2000, "\xa7\xf4\x00\x00", 4);
  struct kvm_run *page = (struct kvm_run *)map(PAGE, MAP_SHARED, vcpu, 0);
  page->psw_mask = 0x0000000180000000UL;
  page->psw_addr = 0x2000;
  uint64_t unmap[2] = {(uint64_t)page, PAGE};
  call(__NR_munmap, unmap[0], unmap[1]);

  handle(SIGUSR1, ignore, 0, 0);
  unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_PARENT_SETTID;
  clone_to(run, NULL, stack + sizeof stack, flags, &thread, NULL, NULL);
  pause_for(1);
  call(__NR_close, vcpu);
  call(__NR_close, vm);
  /* Nothing of these pages may be what the virtual CPU stores into. */
  char *pages = map(PAGES * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < PAGES; i++) pages[i * PAGE] = 0;
  pause_for(1);
  call(__NR_tgkill, self(), thread, SIGUSR1);
  while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) pause_for(1);
  long changed = 0;
  for (uint64_t i = 0; i < PAGES * PAGE; i++) changed += pages[i] != 0;
  print("bytes of other pages that have changed: %d\n", changed);
  return 0;
}
