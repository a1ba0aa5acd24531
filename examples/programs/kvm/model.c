/*
 * The CPU model of a guest: which facilities it can have, which it has, and what it sees of them; the features of the machine, and the functions
 * of its instructions, which are those that this program finds by asking the instructions. At the end it executes an instruction of zeros, which
 * we have asked to be told of (KVM_CAP_S390_USER_INSTR0).
 */
#include <linux/kvm.h>
#include "program.h"

#define MIB 0x100000UL
#define CODE 0x2000
#define LIST 0x3000
#define CPU_ID 0x3100

/* As in <linux/kvm.h> of Linux 6.7 and later. */
#ifndef KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST
#define KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST 6
#define KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST 7
#endif

/* Facilities: enhanced DAT 1, the second set of translations, adapter-interruption suppression, vectors, guarded storage, the z/Architecture from the start. */
static const int numbers[] = {8, 24, 72, 129, 133, 138};

extern const char guest_code[], guest_end[];
__asm__(".pushsection .rodata\n"
        "guest_code:\n"
        "  lghi %r0, 31\n"
        "  lghi %r1, 0x3000\n"
        "  stfle 0(%r1)\n"
        "  stidp 0x100(%r1)\n"
        "  .long 0\n"
        "guest_end:\n"
        ".popsection");

static int vm;

static long on(int fd, unsigned long command, const void *argument) { return call(__NR_ioctl, fd, command, argument); }

static void show(const char *what, long result) { print(result < 0 ? "%s: %e\n" : "%s: %d\n", what, result); }

static char *map(uint64_t length, int flags, int fd) {
  uint64_t arguments[6] = {0, length, PROT_READ | PROT_WRITE, flags, fd, 0};
  return (char *)call(__NR_mmap, arguments);
}

static long model(unsigned long command, uint64_t attr, void *at) {
  struct kvm_device_attr request = {.group = KVM_S390_VM_CPU_MODEL, .attr = attr, .addr = (uint64_t)at};
  return on(vm, command, &request);
}

static int has(const uint64_t *list, int number) { return list[number / 64] >> (63 - number % 64) & 1; }

static void show_list(const char *what, const uint64_t *list) {
  print("%s:", what);
  for (uint64_t n = 0; n < LENGTH(numbers); n++) print(has(list, numbers[n]) ? " %d" : " -", (long)numbers[n]);
  print("\n");
}

static struct kvm_s390_vm_cpu_machine machine;
static struct kvm_s390_vm_cpu_processor processor;

static void show_model(void) {
  show("machine", model(KVM_GET_DEVICE_ATTR, KVM_S390_VM_CPU_MACHINE, &machine));
  show_list("  the machine has", (uint64_t *)machine.fac_list);
  show_list("  a guest can have", (uint64_t *)machine.fac_mask);
  show("processor", model(KVM_GET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR, &processor));
  show_list("  the guest has", (uint64_t *)processor.fac_list);
}

static void enable(const char *what, uint32_t number) {
  struct kvm_enable_cap cap = {.cap = number};
  show(what, on(vm, KVM_ENABLE_CAP, &cap));
}

static struct kvm_s390_vm_cpu_feat feat;
static struct kvm_s390_vm_cpu_subfunc subfunc, asked;
static uint64_t uv;

/* Asks the instructions themselves: PERFORM LOCKED OPERATION tests a function, PERFORM TIMING FACILITY FUNCTION has a query. */
static void ask(void) {
  for (uint64_t code = 0; code < 256; code++) {
    register uint64_t function __asm__("0") = code | 0x100;
    uint64_t condition;
    __asm__ volatile("plo 0,0,0,0(0)\n  ipm %0\n  srl %0,28" : "=d"(condition) : "d"(function) : "cc");
    if ((uint32_t)condition == 0) asked.plo[code / 8] |= 0x80 >> code % 8;
  }
  register uint64_t query __asm__("0") = 0;
  register void *block __asm__("1") = asked.ptff;
  __asm__ volatile(".insn e,0x0104" : : "d"(query), "a"(block) : "cc", "memory");
}

static void show_functions(const char *what, uint64_t attr) {
  memset(&subfunc, 0xff, sizeof subfunc);
  show(what, model(KVM_GET_DEVICE_ATTR, attr, &subfunc));
  print("  locked operations %x, timing %x, %s the instructions say\n", *(uint64_t *)subfunc.plo, *(uint64_t *)subfunc.ptff,
        memcmp(&subfunc, &asked, sizeof subfunc) == 0 ? "as" : "other than");
}

static void show_features(const char *what, uint64_t attr) {
  memset(&feat, 0xff, sizeof feat);
  show(what, model(KVM_GET_DEVICE_ATTR, attr, &feat));
  print("  %x %x\n", feat.feat[0], feat.feat[15]);
}

static void show_ultravisor(const char *what, uint64_t attr) {
  uv = -1UL;
  show(what, model(KVM_GET_DEVICE_ATTR, attr, &uv));
  print("  %x\n", uv);
}

/* What a guest has is what user space says; the functions need not be those of the machine. */
static void try_features(void) {
  show_features("features of the machine", KVM_S390_VM_CPU_MACHINE_FEAT);
  show_features("features of the guest", KVM_S390_VM_CPU_PROCESSOR_FEAT);
  feat.feat[0] = 1UL << (63 - KVM_S390_VM_CPU_FEAT_ESOP);
  show("suppression on protection", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_FEAT, &feat));
  feat.feat[0] |= 1UL << (63 - KVM_S390_VM_CPU_FEAT_SIEF2);
  show("guests of guests", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_FEAT, &feat));
  show_features("features of the guest", KVM_S390_VM_CPU_PROCESSOR_FEAT);
  show("features at no address", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_FEAT, NULL));

  ask();
  show_functions("functions of the machine", KVM_S390_VM_CPU_MACHINE_SUBFUNC);
  show_functions("functions of the guest", KVM_S390_VM_CPU_PROCESSOR_SUBFUNC);
  subfunc.plo[0] = 0x0f;
  subfunc.reserved[0] = 1;
  show("other functions", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_SUBFUNC, &subfunc));
  show_functions("functions of the guest", KVM_S390_VM_CPU_PROCESSOR_SUBFUNC);
  show("functions at no address", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_SUBFUNC, NULL));
  show("functions for the machine", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_MACHINE_SUBFUNC, &subfunc));

  show_ultravisor("the machine's ultravisor", KVM_S390_VM_CPU_MACHINE_UV_FEAT_GUEST);
  show_ultravisor("the guest's ultravisor", KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST);
  show("no ultravisor", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST, &uv));
  uv = 1;
  show("an ultravisor", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST, &uv));
}

/* What cannot be changed once there is a virtual CPU. A value that is wrong is told of first, except for functions. */
static void try_late(void) {
  show("a model after the virtual CPU", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR, &processor));
  feat.feat[0] = 1;
  show("features that are not there", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_FEAT, &feat));
  feat.feat[0] = 0;
  show("features after the virtual CPU", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_FEAT, &feat));
  show("functions after the virtual CPU", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_SUBFUNC, NULL));
  uv = 0;
  show("no ultravisor after the virtual CPU", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR_UV_FEAT_GUEST, &uv));
  enable("guarded storage after the virtual CPU", KVM_CAP_S390_GS);
}

int main(void) {
  int kvm = call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR);
  vm = on(kvm, KVM_CREATE_VM, NULL);
  show_model();
  enable("guarded storage", KVM_CAP_S390_GS);
  enable("suppression", KVM_CAP_S390_AIS);
  enable("vectors", KVM_CAP_S390_VECTOR_REGISTERS);
  enable("instructions of zeros", KVM_CAP_S390_USER_INSTR0);
  show_model();
  processor.cpuid = 0xff12345628278000UL;
  processor.fac_list[0] &= ~(1UL << (63 - 8));
  show("another model", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_PROCESSOR, &processor));
  show("a model of the machine", model(KVM_SET_DEVICE_ATTR, KVM_S390_VM_CPU_MACHINE, &machine));
  try_features();

  char *memory = map(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  memory = (char *)(((uint64_t)memory + MIB - 1) & -MIB);
  struct kvm_userspace_memory_region region = {.memory_size = MIB, .userspace_addr = (uint64_t)memory};
  show("memory", on(vm, KVM_SET_USER_MEMORY_REGION, &region));
  int vcpu = on(vm, KVM_CREATE_VCPU, NULL);
  try_late();

  struct kvm_run *run = (struct kvm_run *)map(PAGE, MAP_SHARED, vcpu);
  memcpy(memory + CODE, guest_code, guest_end - guest_code);
  run->psw_mask = 0x0000000180000000UL;
  run->psw_addr = CODE;
  show("run", on(vcpu, KVM_RUN, NULL));
  print("exit %d, interception %x of %x\n", (long)run->exit_reason, (long)run->s390_sieic.icptcode, (long)run->s390_sieic.ipa);
  show_list("the guest sees", (uint64_t *)(memory + LIST));
  print("its CPU ID is %x\n", *(uint64_t *)(memory + CPU_ID));
  return 0;
}
