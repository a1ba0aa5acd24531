/* What /dev/kvm refuses, and with which error. */
#include <linux/kvm.h>
#include "program.h"

#define MIB 0x100000UL
#define NOWHERE 0x10UL
#define CODE 0x2000

static int kvm, vm, vcpu;

static long on(int fd, unsigned long command, const void *argument) { return call(__NR_ioctl, fd, command, argument); }

static void show(const char *what, long result) { print(result < 0 ? "%s: %e\n" : "%s: %d\n", what, result); }

static char *map(uint64_t length, int flags, int fd, uint64_t offset) {
  uint64_t arguments[6] = {0, length, PROT_READ | PROT_WRITE, flags, fd, offset};
  return (char *)call(__NR_mmap, arguments);
}

static long attribute(unsigned long command, uint32_t group, uint64_t attr, void *at) {
  struct kvm_device_attr request = {.group = group, .attr = attr, .addr = (uint64_t)at};
  return on(vm, command, &request);
}

static void system_commands(void) {
  show("version with an argument", on(kvm, KVM_GET_API_VERSION, (void *)1));
  show("an unknown command", on(kvm, KVM_RUN, NULL));
  show("an unknown type of a machine", on(kvm, KVM_CREATE_VM, (void *)2));
  show("an unknown capability", on(kvm, KVM_CHECK_EXTENSION, (void *)100000));
  show("reading /dev/kvm", call(__NR_read, kvm, &kvm, 1));
}

static long region(uint32_t slot, uint32_t flags, uint64_t guest, uint64_t size, uint64_t user) {
  struct kvm_userspace_memory_region request = {slot, flags, guest, size, user};
  return on(vm, KVM_SET_USER_MEMORY_REGION, &request);
}

static void slots(uint64_t memory) {
  show("a slot in the middle of a MiB", region(0, 0, 0, MIB, memory + PAGE));
  show("a slot of a page", region(0, 0, 0, PAGE, memory));
  show("a slot that can only be read", region(0, KVM_MEM_READONLY, 0, MIB, memory));
  show("a slot with a number that is too high", region(32767, 0, 0, MIB, memory));
  show("a slot", region(0, 0, 0, MIB, memory));
  show("the same slot again", region(0, 0, 0, MIB, memory));
  show("another size", region(0, 0, 0, 2 * MIB, memory));
  show("a slot over it", region(1, 0, 0, MIB, memory));
  show("the end of a slot that is not there", region(7, 0, 0, 0, 0));
  show("slots from nowhere", on(vm, KVM_SET_USER_MEMORY_REGION, (void *)NOWHERE));
  char bitmap[32];
  struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bitmap};
  show("the log of a slot without one", on(vm, KVM_GET_DIRTY_LOG, &log));
}

static void machine_commands(void) {
  show("an unknown command", on(vm, KVM_RUN, NULL));
  show("a virtual CPU with a number that is too high", on(vm, KVM_CREATE_VCPU, (void *)248));
  show("an interrupt controller", on(vm, KVM_CREATE_IRQCHIP, NULL));
  struct kvm_enable_cap cap = {.cap = KVM_CAP_S390_IRQCHIP, .flags = 1};
  show("a capability with flags", on(vm, KVM_ENABLE_CAP, &cap));
  cap.flags = 0;
  show("a capability", on(vm, KVM_ENABLE_CAP, &cap));
  show("an interrupt controller", on(vm, KVM_CREATE_IRQCHIP, NULL));
  cap.cap = 100000;
  show("an unknown capability", on(vm, KVM_ENABLE_CAP, &cap));
  uint64_t value = 1UL << 63;
  show("an unknown attribute", attribute(KVM_HAS_DEVICE_ATTR, 77, 0, &value));
  show("an attribute that can only be set", attribute(KVM_GET_DEVICE_ATTR, KVM_S390_VM_MEM_CTRL, KVM_S390_VM_MEM_ENABLE_CMMA, &value));
  show("an attribute to nowhere", attribute(KVM_GET_DEVICE_ATTR, KVM_S390_VM_MEM_CTRL, KVM_S390_VM_MEM_LIMIT_SIZE, (void *)NOWHERE));
  struct kvm_s390_skeys keys = {.count = 0};
  show("no storage keys", on(vm, KVM_S390_GET_SKEYS, &keys));
  keys.count = 1;
  keys.flags = 1;
  show("storage keys with flags", on(vm, KVM_S390_GET_SKEYS, &keys));
  keys.flags = 0;
  show("storage keys of a guest that uses none", on(vm, KVM_S390_GET_SKEYS, &keys));
}

static void cpu_commands(struct kvm_run *run) {
  show("the same virtual CPU again", on(vm, KVM_CREATE_VCPU, (void *)3));
  show("an unknown command", on(vcpu, KVM_CREATE_VM, NULL));
  show("run with an argument", on(vcpu, KVM_RUN, (void *)1));
  show("registers to nowhere", on(vcpu, KVM_GET_REGS, (void *)NOWHERE));
  uint64_t value = 0;
  struct kvm_one_reg reg = {.id = 1, .addr = (uint64_t)&value};
  show("an unknown register", on(vcpu, KVM_GET_ONE_REG, &reg));
  show("translate", on(vcpu, KVM_TRANSLATE, &run->s));
  struct kvm_s390_ucas_mapping mapping = {0, 0, MIB};
  show("a mapping of a machine with slots", on(vcpu, KVM_S390_UCAS_MAP, &mapping));
  show("a fault where no slot is", on(vcpu, KVM_S390_VCPU_FAULT, (void *)(64 * MIB)));
  struct kvm_mp_state state = {.mp_state = KVM_MP_STATE_LOAD};
  show("a state that CPUs do not have", on(vcpu, KVM_SET_MP_STATE, &state));
  show("run while stopped", on(vcpu, KVM_RUN, NULL));
  state.mp_state = KVM_MP_STATE_OPERATING;
  show("start", on(vcpu, KVM_SET_MP_STATE, &state));
  show("an initial PSW of a CPU that is not stopped", on(vcpu, KVM_S390_SET_INITIAL_PSW, &run->s));
  run->kvm_valid_regs = 1UL << 63;
  show("run with an unknown set of registers", on(vcpu, KVM_RUN, NULL));
  run->kvm_valid_regs = 0;
  run->immediate_exit = 1;
  show("run and exit at once", on(vcpu, KVM_RUN, NULL));
  run->immediate_exit = 0;
}

extern const char guest_code[], guest_end[];
__asm__(".pushsection .rodata\n"
        "guest_code:\n"
        "  stg %r1, 0x3000\n"
        "  lg %r2, 0x4000\n"
        "  diag 0, 0, 0x501\n"
        "guest_end:\n"
        ".popsection");

static void run_guest(const char *what, struct kvm_run *run) {
  show(what, on(vcpu, KVM_RUN, NULL));
  print("  the guest is at %x\n", run->psw_addr);
}

static void protect(char *page, int protection) { call(__NR_mprotect, page, PAGE, protection); }

/* A guest whose memory its process must not access so: the instruction is executed when the process may. */
static void inaccessible_memory(struct kvm_run *run, char *memory) {
  memcpy(memory + CODE, guest_code, guest_end - guest_code);
  run->psw_mask = 0x0000000180000000UL;
  run->psw_addr = CODE;
  run->s.regs.gprs[1] = 0x1234;
  run->kvm_dirty_regs = KVM_SYNC_GPRS;
  protect(memory + 0x3000, PROT_READ);
  protect(memory + 0x4000, PROT_NONE);
  run_guest("a store to memory that can only be read", run);
  run_guest("the store once more", run);
  protect(memory + 0x3000, PROT_READ | PROT_WRITE);
  run_guest("a fetch of memory that cannot be accessed", run);
  protect(memory + 0x4000, PROT_READ);
  run_guest("a fetch of memory that can only be read", run);
  print("  exit %d, stored %x\n", (long)run->exit_reason, *(uint64_t *)(memory + 0x3000));
}

/* The files of a virtual machine belong to the process that made it. */
static void from_a_child(void) {
  long child = call(__NR_clone, 0, 17);
  if (child == 0) {
    show("a child's virtual CPU", on(vm, KVM_CREATE_VCPU, (void *)9));
    show("a child's run", on(vcpu, KVM_RUN, NULL));
    exit(0);
  }
  call(__NR_wait4, child, NULL, 0, NULL);
}

int main(void) {
  kvm = call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR);
  system_commands();
  vm = on(kvm, KVM_CREATE_VM, NULL);
  machine_commands();
  char *memory = map(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  slots(((uint64_t)memory + MIB - 1) & -MIB);
  vcpu = on(vm, KVM_CREATE_VCPU, (void *)3);
  struct kvm_run *run = (struct kvm_run *)map(PAGE, MAP_SHARED, vcpu, 0);
  cpu_commands(run);
  inaccessible_memory(run, (char *)(((uint64_t)memory + MIB - 1) & -MIB));
  from_a_child();
  call(__NR_close, vm);
  show("registers after the machine's file was closed", on(vcpu, KVM_GET_REGS, &run->s));
  call(__NR_close, vcpu);
  show("the page after the virtual CPU was closed", run->immediate_exit);
  return 0;
}
