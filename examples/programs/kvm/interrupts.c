/*
 * Interruptions that any virtual CPU may take: the floating interrupt controller (FLIC), adapters, routes from an eventfd to an adapter. The guest
 * waits with I/O interruptions enabled, and tells of each one that it takes.
 */
#include <linux/kvm.h>
#include "program.h"

#define MIB 0x100000UL
#define NOWHERE 0x10UL
/* Where the guest has things: its code, the handler of I/O interruptions, and the indicators of the adapter. */
#define CODE 0x2000
#define HANDLER 0x2100
#define INDICATORS 0x4000
#define SUMMARY 0x5008
/* Assigned storage locations: the new PSW of I/O interruptions, and the interruption code. */
#define IO_NEW_PSW 0x1f0
#define IO_CODE 0xb8
#define ADAPTER 5
#define SUBCLASS 3
#define GSI 7
/* Modes of the suppression of adapter interruptions: Documentation/virt/kvm/devices/s390_flic.rst. */
#define KVM_S390_AIS_MODE_ALL 0
#define KVM_S390_AIS_MODE_SINGLE 1

extern const char guest_code[], guest_end[], handler_code[], handler_end[];
__asm__(".pushsection .rodata\n"
        ".balign 8\n"
        "guest_code:\n"
        "  larl %r1, 1f\n"
        "  lctlg %c6, %c6, 0(%r1)\n"
        "0: larl %r1, 2f\n"
        "  lpswe 0(%r1)\n"
        ".balign 8\n"
        "1: .quad 0xff000000\n"        /* control register 6: all subclasses */
        "2: .quad 0x0202000180000000\n" /* a wait, enabled for I/O interruptions */
        "  .quad 0x2000\n"
        "guest_end:\n"
        ".balign 8\n"
        "handler_code:\n"
        "  diag 0, 0, 0x500\n"       /* an instruction that KVM leaves to us */
        "  lpswe 0x170\n"            /* back, by the old PSW of I/O interruptions */
        "handler_end:\n"
        ".popsection");

static int kvm, vm, vcpu, flic;
static char *memory;
static struct kvm_run *run;

static long on(int fd, unsigned long command, const void *argument) { return call(__NR_ioctl, fd, command, argument); }

static void show(const char *what, long result) { print(result < 0 ? "%s: %e\n" : "%s: %d\n", what, result); }

static char *map(uint64_t length, int flags, int fd, uint64_t offset) {
  uint64_t arguments[6] = {0, length, PROT_READ | PROT_WRITE, flags, fd, offset};
  return (char *)call(__NR_mmap, arguments);
}

static long attribute(unsigned long command, uint32_t group, uint64_t attr, const void *at) {
  struct kvm_device_attr request = {.group = group, .attr = attr, .addr = (uint64_t)at};
  return on(flic, command, &request);
}

static long set(uint32_t group, uint64_t attr, const void *at) { return attribute(KVM_SET_DEVICE_ATTR, group, attr, at); }

static long create(int machine, uint32_t type, uint32_t flags) {
  struct kvm_create_device request = {.type = type, .flags = flags};
  long result = on(machine, KVM_CREATE_DEVICE, &request);
  if (result < 0 || flags != 0) return result;
  flic = request.fd;
  return 0;
}

static void devices(void) {
  show("a device of VFIO", create(vm, KVM_DEV_TYPE_VFIO, 0));
  show("a device of an unknown type", create(vm, 1000, 0));
  show("whether there can be a FLIC", create(vm, KVM_DEV_TYPE_FLIC, KVM_CREATE_DEVICE_TEST));
  show("a FLIC from nowhere", on(vm, KVM_CREATE_DEVICE, (void *)NOWHERE));
  show("a FLIC", create(vm, KVM_DEV_TYPE_FLIC, 0));
  show("a second FLIC", create(vm, KVM_DEV_TYPE_FLIC, 0));
  show("an unknown command", on(flic, KVM_CREATE_VM, NULL));
  show("whether there is an unknown group", attribute(KVM_HAS_DEVICE_ATTR, 100, 0, NULL));
  show("whether interruptions can be cleared", attribute(KVM_HAS_DEVICE_ATTR, KVM_DEV_FLIC_CLEAR_IRQS, 0, NULL));
  show("an unknown group", set(100, 0, NULL));
  show("a group that can only be set", attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_CLEAR_IRQS, 0, NULL));
  show("asynchronous page faults", set(KVM_DEV_FLIC_APF_ENABLE, 0, NULL));
  show("no asynchronous page faults", set(KVM_DEV_FLIC_APF_DISABLE_WAIT, 0, NULL));
}

static struct kvm_s390_irq pending[8];

static void list(void) {
  long count = attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_GET_ALL_IRQS, sizeof pending, pending);
  show("pending", count);
  for (long n = 0; n < count; n++) {
    struct kvm_s390_irq *irq = &pending[n];
    print("  %x: %x %x %x\n", irq->type, irq->u.ext.ext_params, irq->u.io.io_int_parm, irq->u.ext.ext_params2);
  }
}

static void queue(void) {
  struct kvm_s390_irq irqs[] = {
      {.type = KVM_S390_MCHK, .u.mchk = {.cr14 = 0x10000000, .mcic = 0x00400f1d40330000}},
      {.type = KVM_S390_INT_SERVICE, .u.ext = {.ext_params = 0x1000}},
      {.type = KVM_S390_INT_VIRTIO, .u.ext = {.ext_params = 0x0d00, .ext_params2 = 0x123456789}},
      {.type = KVM_S390_INT_PFAULT_DONE, .u.ext = {.ext_params2 = 0x77}},
      {.type = KVM_S390_INT_IO(0, 0xfe, 1, 4), .u.io = {.subchannel_id = 0xfe03, .subchannel_nr = 4, .io_int_parm = 9, .io_int_word = SUBCLASS << 27}},
      {.type = KVM_S390_INT_IO(1, 0, 0, 0), .u.io = {.io_int_word = 0x80000000 | 6 << 27}},
  };
  show("six interruptions", set(KVM_DEV_FLIC_ENQUEUE, sizeof irqs, irqs));
  list();
  show("a buffer for five", attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_GET_ALL_IRQS, 5 * sizeof irqs[0], pending));
  show("no buffer", attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_GET_ALL_IRQS, 0, pending));
  show("a buffer that is nowhere", attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_GET_ALL_IRQS, sizeof pending, (void *)NOWHERE));
  show("half an interruption", set(KVM_DEV_FLIC_ENQUEUE, sizeof irqs[0] / 2, irqs));
  irqs[0].type = KVM_S390_RESTART;
  show("an interruption of a CPU", set(KVM_DEV_FLIC_ENQUEUE, sizeof irqs[0], irqs));
  uint32_t subchannel = 0;
  show("clear subchannel 0", set(KVM_DEV_FLIC_CLEAR_IO_IRQ, sizeof subchannel, &subchannel));
  subchannel = 0xfe030004;
  show("clear a subchannel of 8 bytes", set(KVM_DEV_FLIC_CLEAR_IO_IRQ, 8, &subchannel));
  show("clear a subchannel", set(KVM_DEV_FLIC_CLEAR_IO_IRQ, sizeof subchannel, &subchannel));
  list();
  show("clear all", set(KVM_DEV_FLIC_CLEAR_IRQS, 0, NULL));
  list();
}

static long modify(uint8_t type, uint8_t mask) {
  struct kvm_s390_io_adapter_req request = {.id = ADAPTER, .type = type, .mask = mask};
  return set(KVM_DEV_FLIC_ADAPTER_MODIFY, 0, &request);
}

static long mode(uint8_t isc, unsigned short how) {
  struct kvm_s390_ais_req request = {.isc = isc, .mode = how};
  return set(KVM_DEV_FLIC_AISM, 0, &request);
}

static void show_modes(void) {
  struct kvm_s390_ais_all all = {0, 0};
  long result = attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_AISM_ALL, sizeof all, &all);
  show("modes", result);
  if (result == 0) print("  single %x, none %x\n", (long)all.simm, (long)all.nimm);
}

static void suppression(void) {
  print("suppression of adapter interruptions\n");
  show_modes();
  show("single", mode(SUBCLASS, KVM_S390_AIS_MODE_SINGLE));
  show("an unknown mode", mode(SUBCLASS, 7));
  show("an unknown subclass", mode(8, KVM_S390_AIS_MODE_ALL));
  show("interrupt", set(KVM_DEV_FLIC_AIRQ_INJECT, ADAPTER, NULL));
  show_modes();
  show("clear all", set(KVM_DEV_FLIC_CLEAR_IRQS, 0, NULL));
  show("interrupt", set(KVM_DEV_FLIC_AIRQ_INJECT, ADAPTER, NULL));
  list();
  show("all", mode(SUBCLASS, KVM_S390_AIS_MODE_ALL));
  show("interrupt", set(KVM_DEV_FLIC_AIRQ_INJECT, ADAPTER, NULL));
  list();
  show("clear all", set(KVM_DEV_FLIC_CLEAR_IRQS, 0, NULL));
  struct kvm_s390_ais_all all = {.simm = 0x55, .nimm = 0x05};
  show("modes of all subclasses", set(KVM_DEV_FLIC_AISM_ALL, 0, &all));
  show_modes();
  show("too few bytes", attribute(KVM_GET_DEVICE_ATTR, KVM_DEV_FLIC_AISM_ALL, 1, &all));
}

static void adapters(void) {
  struct kvm_s390_io_adapter adapter = {.id = 64, .isc = SUBCLASS, .maskable = 1, .flags = KVM_S390_ADAPTER_SUPPRESSIBLE};
  show("adapter 64", set(KVM_DEV_FLIC_ADAPTER_REGISTER, 0, &adapter));
  show("change of an adapter that is not there", modify(KVM_S390_IO_ADAPTER_MASK, 1));
  show("interruption of an adapter that is not there", set(KVM_DEV_FLIC_AIRQ_INJECT, ADAPTER, NULL));
  adapter.id = ADAPTER;
  show("adapter 5", set(KVM_DEV_FLIC_ADAPTER_REGISTER, 0, &adapter));
  show("adapter 5 again", set(KVM_DEV_FLIC_ADAPTER_REGISTER, 0, &adapter));
  show("map", modify(KVM_S390_IO_ADAPTER_MAP, 0));
  show("an unknown change", modify(9, 0));
}

/* Runs the guest until it has taken an interruption. */
static void until_interruption(void) {
  long result = on(vcpu, KVM_RUN, NULL);
  if (result < 0) {
    show("run", result);
    return;
  }
  uint32_t *code = (uint32_t *)(memory + IO_CODE);
  print("the guest takes %x %x %x (exit %d)\n", (long)code[0], (long)code[1], (long)code[2], (long)run->exit_reason);
}

static void show_indicators(void) {
  print("  indicators %x, summary %x\n", *(uint64_t *)(memory + INDICATORS), *(uint64_t *)(memory + SUMMARY));
}

static long route(uint32_t gsi, uint32_t type, uint64_t summary, uint64_t offset) {
  struct {
    struct kvm_irq_routing head;
    struct kvm_irq_routing_entry entry;
  } request = {.head = {.nr = 1}, .entry = {.gsi = gsi, .type = type}};
  struct kvm_irq_routing_s390_adapter *adapter = &request.entry.u.adapter;
  adapter->adapter_id = ADAPTER;
  adapter->ind_addr = INDICATORS;
  adapter->ind_offset = offset;
  adapter->summary_addr = summary;
  adapter->summary_offset = 2;
  return on(vm, KVM_SET_GSI_ROUTING, &request);
}

static long irqfd(int fd, uint32_t gsi, uint32_t flags) {
  struct kvm_irqfd request = {.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = fd};
  return on(vm, KVM_IRQFD, &request);
}

/* An eventfd is for one route, whichever virtual machine has it, until the route or the virtual machine ends. */
static void share(int event) {
  int first = vm;
  vm = on(kvm, KVM_CREATE_VM, NULL);
  show("the eventfd for another virtual machine", irqfd(event, GSI, 0));
  show("its end there", irqfd(event, GSI, KVM_IRQFD_FLAG_DEASSIGN));
  int other = call(__NR_eventfd2, 0, 0);
  show("another eventfd there", irqfd(other, GSI, 0));
  int second = vm;
  vm = first;
  show("that one here", irqfd(other, GSI + 2, 0));
  call(__NR_close, second);
  show("that one here, when the other virtual machine has ended", irqfd(other, GSI + 2, 0));
  call(__NR_close, other);
}

static void ring(int event) {
  uint64_t one = 1;
  show("an event", call(__NR_write, event, &one, sizeof one));
  show_indicators();
}

static void routes(void) {
  show("a route to memory that the guest does not have", route(GSI, KVM_IRQ_ROUTING_S390_ADAPTER, 64 * MIB, 9));
  show("a route of another type", route(GSI, KVM_IRQ_ROUTING_MSI, SUMMARY, 9));
  show("a route with a number that is too high", route(4096, KVM_IRQ_ROUTING_S390_ADAPTER, SUMMARY, 9));
  show("a bit of another page", route(GSI, KVM_IRQ_ROUTING_S390_ADAPTER, SUMMARY, 1UL << 40));
  show("a route", route(GSI, KVM_IRQ_ROUTING_S390_ADAPTER, SUMMARY, 9));
  int event = call(__NR_eventfd2, 0, 0x800 /* EFD_NONBLOCK */);
  show("an eventfd that is none", irqfd(kvm, GSI, 0));
  show("a descriptor that is not open", irqfd(77, GSI, 0));
  show("unknown flags", irqfd(event, GSI, 8));
  show("an eventfd", irqfd(event, GSI, 0));
  show("the eventfd again", irqfd(event, GSI + 1, 0));
  share(event);
  ring(event);
  until_interruption();
  ring(event);
  list();
  *(uint64_t *)(memory + SUMMARY) = 0;
  show("mask", modify(KVM_S390_IO_ADAPTER_MASK, 1));
  ring(event);
  list();
  *(uint64_t *)(memory + SUMMARY) = 0;
  show("unmask", modify(KVM_S390_IO_ADAPTER_MASK, 0));
  ring(event);
  list();
  uint64_t count = 0;
  show("what the eventfd holds", call(__NR_read, event, &count, sizeof count));
  show("the end of another route's eventfd", irqfd(event, GSI + 1, KVM_IRQFD_FLAG_DEASSIGN));
  show("the end of the eventfd", irqfd(event, GSI, KVM_IRQFD_FLAG_DEASSIGN));
  *(uint64_t *)(memory + SUMMARY) = 0;
  ring(event);
  show("the eventfd once more, to be told of acknowledgements", irqfd(event, GSI, KVM_IRQFD_FLAG_RESAMPLE));
  show_indicators();
  call(__NR_close, event);
  until_interruption();
}

static void make_guest(void) {
  uint64_t room = (uint64_t)map(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memory = (char *)((room + MIB - 1) & -MIB);
  struct kvm_userspace_memory_region region = {.memory_size = MIB, .userspace_addr = (uint64_t)memory};
  show("memory", on(vm, KVM_SET_USER_MEMORY_REGION, &region));
  vcpu = on(vm, KVM_CREATE_VCPU, NULL);
  run = (struct kvm_run *)map(PAGE, MAP_SHARED, vcpu, 0);
  memcpy(memory + CODE, guest_code, guest_end - guest_code);
  memcpy(memory + HANDLER, handler_code, handler_end - handler_code);
  uint64_t *psw = (uint64_t *)(memory + IO_NEW_PSW);
  psw[0] = run->psw_mask = 0x0000000180000000UL;
  psw[1] = HANDLER;
  run->psw_addr = CODE;
}

/* A CPU that is stopped already stores its status at once. */
static void stop_without_memory(void) {
  int machine = on(kvm, KVM_CREATE_VM, NULL);
  int cpu = on(machine, KVM_CREATE_VCPU, NULL);
  struct kvm_s390_interrupt stop = {.type = KVM_S390_SIGP_STOP, .parm = KVM_S390_STOP_FLAG_STORE_STATUS};
  show("a stop with status, without memory", on(cpu, KVM_S390_INTERRUPT, &stop));
  call(__NR_close, cpu);
  call(__NR_close, machine);
}

int main(void) {
  kvm = call(__NR_openat, AT_FDCWD, "/dev/kvm", O_RDWR);
  stop_without_memory();
  vm = on(kvm, KVM_CREATE_VM, NULL);
  devices();
  queue();
  adapters();
  show_modes();
  show("single, without suppression", mode(SUBCLASS, KVM_S390_AIS_MODE_SINGLE));
  struct kvm_enable_cap cap = {.cap = KVM_CAP_S390_AIS};
  show("the capability of suppression", on(vm, KVM_ENABLE_CAP, &cap));
  suppression();
  make_guest();
  show("the capability of suppression, late", on(vm, KVM_ENABLE_CAP, &cap));
  set(KVM_DEV_FLIC_AISM_ALL, 0, &(struct kvm_s390_ais_all){0, 0});
  show("interrupt", set(KVM_DEV_FLIC_AIRQ_INJECT, ADAPTER, NULL));
  until_interruption();
  routes();
  int controlled = on(kvm, KVM_CREATE_VM, (void *)KVM_VM_S390_UCONTROL);
  print("a machine that its user controls\n");
  show("a FLIC", create(controlled, KVM_DEV_TYPE_FLIC, 0));
  show("asynchronous page faults", set(KVM_DEV_FLIC_APF_ENABLE, 0, NULL));
  list();
  vm = controlled;
  show("routes", route(GSI, KVM_IRQ_ROUTING_S390_ADAPTER, SUMMARY, 9));
  return 0;
}
