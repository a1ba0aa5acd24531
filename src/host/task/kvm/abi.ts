/**
 * The interface of /dev/kvm: commands, capabilities, and the layout of every struct. Nothing else knows offsets. Linux:
 * include/uapi/linux/kvm.h, arch/s390/include/uapi/asm/kvm.h; Documentation/virt/kvm/api.rst describes what they mean.
 *
 * Offsets and sizes are bytes. Integers are big-endian.
 */

/** Commands of ioctl. */
export const KVM = {
  GET_API_VERSION: 0xae00,
  CREATE_VM: 0xae01,
  CHECK_EXTENSION: 0xae03,
  GET_VCPU_MMAP_SIZE: 0xae04,
  S390_ENABLE_SIE: 0xae06,
  CREATE_VCPU: 0xae41,
  GET_DIRTY_LOG: 0x4010_ae42,
  SET_USER_MEMORY_REGION: 0x4020_ae46,
  SET_USER_MEMORY_REGION2: 0x40a0_ae49,
  S390_UCAS_MAP: 0x4018_ae50,
  S390_UCAS_UNMAP: 0x4018_ae51,
  S390_VCPU_FAULT: 0x4008_ae52,
  CREATE_IRQCHIP: 0xae60,
  SET_GSI_ROUTING: 0x4008_ae6a,
  IRQFD: 0x4020_ae76,
  IOEVENTFD: 0x4040_ae79,
  RUN: 0xae80,
  GET_REGS: 0x8080_ae81,
  SET_REGS: 0x4080_ae82,
  GET_SREGS: 0x80c0_ae83,
  SET_SREGS: 0x40c0_ae84,
  TRANSLATE: 0xc018_ae85,
  SET_SIGNAL_MASK: 0x4004_ae8b,
  GET_FPU: 0x8088_ae8c,
  SET_FPU: 0x4088_ae8d,
  S390_INTERRUPT: 0x4010_ae94,
  S390_STORE_STATUS: 0x4008_ae95,
  S390_SET_INITIAL_PSW: 0x4010_ae96,
  S390_INITIAL_RESET: 0xae97,
  GET_MP_STATE: 0x8004_ae98,
  SET_MP_STATE: 0x4004_ae99,
  SET_GUEST_DEBUG: 0x4018_ae9b,
  ENABLE_CAP: 0x4068_aea3,
  GET_ONE_REG: 0x4010_aeab,
  SET_ONE_REG: 0x4010_aeac,
  S390_MEM_OP: 0x4040_aeb1,
  S390_KEYOP: 0xc010_ae53,
  S390_GET_SKEYS: 0x4040_aeb2,
  S390_SET_SKEYS: 0x4040_aeb3,
  S390_IRQ: 0x4048_aeb4,
  S390_SET_IRQ_STATE: 0x4020_aeb5,
  S390_GET_IRQ_STATE: 0x4020_aeb6,
  S390_GET_CMMA_BITS: 0xc020_aeb8,
  S390_SET_CMMA_BITS: 0x4020_aeb9,
  S390_NORMAL_RESET: 0xaec3,
  S390_CLEAR_RESET: 0xaec4,
  S390_PV_COMMAND: 0xc020_aec5,
  RESET_DIRTY_RINGS: 0xaec7,
  GET_STATS_FD: 0xaece,
  S390_PV_CPU_COMMAND: 0xc020_aed0,
  S390_ZPCI_OP: 0x4048_aed1,
  CREATE_DEVICE: 0xc00c_aee0,
  SET_DEVICE_ATTR: 0x4018_aee1,
  GET_DEVICE_ATTR: 0x4018_aee2,
  HAS_DEVICE_ATTR: 0x4018_aee3,
} as const;

/** The version of the interface that KVM_GET_API_VERSION returns. */
export const KVM_API_VERSION = 12;
/** The type of a virtual machine that its user controls. */
export const KVM_VM_S390_UCONTROL = 1;
/** The page of a virtual CPU's file that holds its state description, of a user-controlled virtual machine. */
export const KVM_S390_SIE_PAGE_OFFSET = 1;

/** Reasons of exits. */
export const EXIT = {
  DEBUG: 4,
  INTR: 10,
  S390_SIEIC: 13,
  S390_RESET: 14,
  S390_UCONTROL: 20,
  S390_TSCH: 22,
  S390_STSI: 25,
} as const;

/** struct kvm_run. The fields of exits share their place. */
export const RUN = {
  SIZE: 2368,
  IMMEDIATE_EXIT: 1,
  EXIT_REASON: 8,
  PSW_MASK: 32,
  PSW_ADDR: 40,
  /** The fields of exits, which are cleared before an exit stores its own. */
  EXIT: 48,
  EXIT_SIZE: 256,
  SIEIC_ICPTCODE: 48,
  SIEIC_IPA: 50,
  SIEIC_IPB: 52,
  RESET_FLAGS: 48,
  UCONTROL_TRANS_EXC_CODE: 48,
  UCONTROL_PGM_CODE: 56,
  TSCH_SUBCHANNEL: 48,
  TSCH_IO_INT_PARM: 52,
  TSCH_IO_INT_WORD: 56,
  TSCH_IPB: 60,
  TSCH_DEQUEUED: 64,
  STSI_ADDR: 48,
  STSI_AR: 56,
  STSI_FC: 58,
  STSI_SEL1: 59,
  STSI_SEL2: 60,
  DEBUG_ADDR: 48,
  DEBUG_TYPE: 56,
  VALID_REGS: 304,
  DIRTY_REGS: 312,
  /** struct kvm_sync_regs begins here: see `SYNC`. */
  REGS: 320,
} as const;

/** Sets of registers in kvm_valid_regs and kvm_dirty_regs. */
export const SYNC_SET = {
  PREFIX: 0x1,
  GPRS: 0x2,
  ACRS: 0x4,
  CRS: 0x8,
  ARCH0: 0x10,
  PFAULT: 0x20,
  VRS: 0x40,
  RICCB: 0x80,
  FPRS: 0x100,
  GSCB: 0x200,
  BPBC: 0x400,
  ETOKEN: 0x800,
  DIAG318: 0x1000,
  /** All of them. */
  VALID: 0x1fff,
} as const;

/** struct kvm_sync_regs, by offsets in struct kvm_run. */
export const SYNC = {
  PREFIX: RUN.REGS,
  GPRS: RUN.REGS + 8,
  ACRS: RUN.REGS + 136,
  CRS: RUN.REGS + 200,
  TODPR: RUN.REGS + 328,
  CPUTM: RUN.REGS + 336,
  CKC: RUN.REGS + 344,
  PP: RUN.REGS + 352,
  GBEA: RUN.REGS + 360,
  PFT: RUN.REGS + 368,
  PFS: RUN.REGS + 376,
  PFC: RUN.REGS + 384,
  FPRS: RUN.REGS + 392,
  FPC: RUN.REGS + 1416,
  DIAG318: RUN.REGS + 1536,
  /** struct gs_cb: a reserved doubleword, and the three guarded-storage registers. */
  GSCB: RUN.REGS + 1744,
} as const;

/** struct kvm_userspace_memory_region, and what kvm_userspace_memory_region2 has beyond it. */
export const MEMORY_REGION = {
  SIZE: 32,
  SIZE2: 160,
  SLOT: 0,
  FLAGS: 4,
  GUEST_PHYS_ADDR: 8,
  MEMORY_SIZE: 16,
  USERSPACE_ADDR: 24,
} as const;

/** struct kvm_dirty_log. */
export const DIRTY_LOG = { SIZE: 16, SLOT: 0, BITMAP: 8 } as const;
/** struct kvm_s390_ucas_mapping. */
export const UCAS_MAPPING = { SIZE: 24, USER_ADDR: 0, VCPU_ADDR: 8, LENGTH: 16 } as const;
/** struct kvm_enable_cap. */
export const ENABLE_CAP = { SIZE: 104, CAP: 0, FLAGS: 4, ARGS: 8 } as const;
/** struct kvm_device_attr. */
export const DEVICE_ATTR = { SIZE: 24, FLAGS: 0, GROUP: 4, ATTR: 8, ADDR: 16 } as const;
/** struct kvm_one_reg. */
export const ONE_REG = { SIZE: 16, ID: 0, ADDR: 8 } as const;
/** struct kvm_regs: 16 general registers. */
export const REGS_SIZE = 128;
/** struct kvm_sregs. */
export const SREGS = { SIZE: 192, ACRS: 0, CRS: 64 } as const;
/** struct kvm_fpu. */
export const FPU = { SIZE: 136, FPC: 0, FPRS: 8 } as const;
/** struct kvm_s390_psw. */
export const PSW_STRUCT = { SIZE: 16, MASK: 0, ADDR: 8 } as const;
/** struct kvm_signal_mask: the length of the set that follows it. */
export const SIGNAL_MASK = { SIZE: 4, LEN: 0 } as const;
/** struct kvm_s390_skeys. */
export const SKEYS = { SIZE: 64, START_GFN: 0, COUNT: 8, SKEYDATA_ADDR: 16, FLAGS: 24 } as const;

/** struct kvm_s390_keyop, and the values of `operation`. */
export const KEYOP = { SIZE: 16, GUEST_ADDR: 0, KEY: 8, OPERATION: 9 } as const;
export const KEY_OPERATION = { ISKE: 1, RRBE: 2, SSKE: 3 } as const;

/** Registers of KVM_GET_ONE_REG and KVM_SET_ONE_REG: the size of the value is in bits 52 to 55. */
export const REG = {
  TODPR: 0x5020_0000_0000_0001n,
  EPOCHDIFF: 0x5030_0000_0000_0002n,
  CPU_TIMER: 0x5030_0000_0000_0003n,
  CLOCK_COMP: 0x5030_0000_0000_0004n,
  PFTOKEN: 0x5030_0000_0000_0005n,
  PFCOMPARE: 0x5030_0000_0000_0006n,
  PFSELECT: 0x5030_0000_0000_0007n,
  PP: 0x5030_0000_0000_0008n,
  GBEA: 0x5030_0000_0000_0009n,
} as const;
/** The value of KVM_REG_S390_PFTOKEN of a guest without a handshake for page faults. */
export const PFAULT_TOKEN_INVALID = 0xffff_ffff_ffff_ffffn;

/** States of KVM_GET_MP_STATE. */
export const MP_STATE = { STOPPED: 5, CHECK_STOP: 6, OPERATING: 7, LOAD: 8 } as const;

/** Capabilities of KVM_CHECK_EXTENSION. */
export const CAP = {
  USER_MEMORY: 3,
  NR_VCPUS: 9,
  NR_MEMSLOTS: 10,
  MP_STATE: 14,
  SYNC_MMU: 16,
  DESTROY_MEMORY_REGION_WORKS: 21,
  SET_GUEST_DEBUG: 23,
  IRQ_ROUTING: 25,
  JOIN_MEMORY_REGIONS_WORKS: 30,
  IRQFD: 32,
  IOEVENTFD: 36,
  INTERNAL_ERROR_DATA: 40,
  S390_PSW: 42,
  ENABLE_CAP: 54,
  ASYNC_PF: 59,
  MAX_VCPUS: 66,
  ONE_REG: 70,
  S390_GMAP: 71,
  S390_UCONTROL: 73,
  SYNC_REGS: 74,
  S390_COW: 79,
  IRQFD_RESAMPLE: 82,
  S390_CSS_SUPPORT: 85,
  DEVICE_CTRL: 89,
  ENABLE_CAP_VM: 98,
  S390_IRQCHIP: 99,
  VM_ATTRIBUTES: 101,
  CHECK_EXTENSION_VM: 105,
  S390_USER_SIGP: 106,
  S390_VECTOR_REGISTERS: 107,
  S390_MEM_OP: 108,
  S390_USER_STSI: 109,
  S390_SKEYS: 110,
  S390_INJECT_IRQ: 113,
  S390_IRQ_STATE: 114,
  IOEVENTFD_ANY_LENGTH: 122,
  S390_RI: 124,
  MAX_VCPU_ID: 128,
  S390_USER_INSTR0: 130,
  IMMEDIATE_EXIT: 136,
  S390_GS: 140,
  S390_AIS: 141,
  S390_CMMA_MIGRATION: 145,
  S390_AIS_MIGRATION: 150,
  S390_BPB: 152,
  S390_HPAGE_1M: 156,
  S390_VCPU_RESETS: 179,
  S390_PROTECTED: 180,
  HALT_POLL: 182,
  S390_DIAG318: 186,
  SET_GUEST_DEBUG2: 195,
  BINARY_STATS_FD: 203,
  S390_MEM_OP_EXTENSION: 211,
  SYSTEM_EVENT_DATA: 215,
  S390_PROTECTED_DUMP: 217,
  S390_ZPCI_OP: 221,
  S390_CPU_TOPOLOGY: 222,
  S390_PROTECTED_ASYNC_DISABLE: 224,
  USER_MEMORY2: 231,
  S390_USER_OPEREXEC: 246,
  S390_KEYOP: 247,
} as const;

/** Groups of attributes of a virtual machine, and the attributes. */
export const VM_ATTR = {
  MEM_CTRL: 0,
  TOD: 1,
  CRYPTO: 2,
  CPU_MODEL: 3,
  MIGRATION: 4,
  CPU_TOPOLOGY: 5,
} as const;
export const MEM_CTRL = { ENABLE_CMMA: 0, CLR_CMMA: 1, LIMIT_SIZE: 2 } as const;
/** The value of KVM_S390_VM_MEM_LIMIT_SIZE without a limit. */
export const NO_MEM_LIMIT = 0xffff_ffff_ffff_ffffn;
export const TOD_ATTR = { LOW: 0, HIGH: 1, EXT: 2 } as const;
/** struct kvm_s390_vm_tod_clock. */
export const TOD_CLOCK = { SIZE: 16, EPOCH_IDX: 0, TOD: 8 } as const;
export const CPU_MODEL = {
  PROCESSOR: 0,
  MACHINE: 1,
  PROCESSOR_FEAT: 2,
  MACHINE_FEAT: 3,
  PROCESSOR_SUBFUNC: 4,
  MACHINE_SUBFUNC: 5,
  PROCESSOR_UV_FEAT_GUEST: 6,
  MACHINE_UV_FEAT_GUEST: 7,
} as const;
/** struct kvm_s390_vm_cpu_processor. */
export const CPU_PROCESSOR = { SIZE: 2064, CPUID: 0, IBC: 8, FAC_LIST: 16 } as const;
/** struct kvm_s390_vm_cpu_machine. */
export const CPU_MACHINE = { SIZE: 4112, CPUID: 0, IBC: 8, FAC_MASK: 16, FAC_LIST: 2064 } as const;
/** The size of a list of facilities in the structs of processors and machines. */
export const FAC_LIST_SIZE = 2048;
/** struct kvm_s390_vm_cpu_feat: a bitmap whose first bit is the leftmost one. */
export const CPU_FEAT_SIZE = 128;
/** KVM_S390_VM_CPU_FEAT_*. */
export const CPU_FEAT = { ESOP: 0 } as const;
/** struct kvm_s390_vm_cpu_subfunc. The blocks of instructions that the machine does not have follow. */
export const CPU_SUBFUNC = { SIZE: 2048, PLO: 0, PTFF: 32 } as const;
/** struct kvm_s390_vm_cpu_uv_feat. */
export const CPU_UV_FEAT_SIZE = 8;
export const MIGRATION = { STOP: 0, START: 1, STATUS: 2 } as const;

/** struct kvm_s390_mem_op. */
export const MEM_OP = {
  SIZE: 64,
  GADDR: 0,
  FLAGS: 8,
  LENGTH: 16,
  OP: 20,
  BUF: 24,
  AR: 32,
  KEY: 33,
  OLD_ADDR: 40,
} as const;
/** Operations of KVM_S390_MEM_OP. */
export const MEMOP = {
  LOGICAL_READ: 0,
  LOGICAL_WRITE: 1,
  ABSOLUTE_READ: 4,
  ABSOLUTE_WRITE: 5,
  ABSOLUTE_CMPXCHG: 6,
} as const;
/** Flags of KVM_S390_MEM_OP. */
export const MEMOP_FLAG = { CHECK_ONLY: 1, INJECT_EXCEPTION: 2, SKEY_PROTECTION: 4 } as const;
/** Bits of KVM_CAP_S390_MEM_OP_EXTENSION. */
export const MEMOP_EXTENSION = { BASE: 1, CMPXCHG: 2 } as const;

/** struct kvm_stats_header. */
export const STATS_HEADER = {
  SIZE: 24,
  NAME_SIZE: 4,
  NUM_DESC: 8,
  ID_OFFSET: 12,
  DESC_OFFSET: 16,
  DATA_OFFSET: 20,
} as const;
/** The size of a name, and of the identification, in a file of statistics (KVM_STATS_NAME_SIZE). */
export const STATS_NAME_SIZE = 48;
/** struct kvm_stats_desc, with its name. */
export const STATS_DESC = { SIZE: 16 + STATS_NAME_SIZE, COUNT: 6, OFFSET: 8, NAME: 16 } as const;

/** struct kvm_s390_cmma_log. The last field is the number of pages that are left, or the mask of the bits that are set. */
export const CMMA_LOG = {
  SIZE: 32,
  START_GFN: 0,
  COUNT: 8,
  FLAGS: 12,
  REMAINING: 16,
  MASK: 16,
  VALUES: 24,
} as const;
/** A flag of KVM_S390_GET_CMMA_BITS: the values are those of the pages asked for, whether they have changed or not. */
export const CMMA_PEEK = 1;

/** struct kvm_ioeventfd, and its flags. */
export const IOEVENTFD = { SIZE: 64, DATAMATCH: 0, ADDR: 8, LEN: 16, FD: 20, FLAGS: 24 } as const;
export const IOEVENTFD_FLAG = { DATAMATCH: 1, PIO: 2, DEASSIGN: 4, VIRTIO_CCW_NOTIFY: 8 } as const;
/** Addresses of KVM_S390_STORE_STATUS that stand for the assigned locations, and for those in the prefix area. */
export const STORE_STATUS = { NOADDR: -1, PREFIXED: -2 } as const;

/** struct kvm_guest_debug, and its flags. */
export const GUEST_DEBUG = { SIZE: 24, CONTROL: 0, NR_HW_BP: 8, HW_BP: 16 } as const;
export const GUESTDBG = { ENABLE: 1, SINGLESTEP: 2, USE_HW_BP: 0x1_0000 } as const;
/** struct kvm_hw_breakpoint. */
export const HW_BREAKPOINT = { SIZE: 32, ADDR: 0, PHYS_ADDR: 8, LEN: 16, TYPE: 24 } as const;

/** Types of interruptions. Those up to `IO_MAX` are I/O interruptions. */
export const IRQ = {
  IO_MAX: 0xfffd_ffff,
  SIGP_STOP: 0xfffe_0000,
  PROGRAM_INT: 0xfffe_0001,
  SIGP_SET_PREFIX: 0xfffe_0002,
  RESTART: 0xfffe_0003,
  INT_PFAULT_INIT: 0xfffe_0004,
  INT_PFAULT_DONE: 0xfffe_0005,
  MCHK: 0xfffe_1000,
  INT_CLOCK_COMP: 0xffff_1004,
  INT_CPU_TIMER: 0xffff_1005,
  INT_EMERGENCY: 0xffff_1201,
  INT_EXTERNAL_CALL: 0xffff_1202,
  INT_SERVICE: 0xffff_2401,
  INT_VIRTIO: 0xffff_2603,
} as const;
/** A bit of the type of an I/O interruption: that of an adapter. */
export const IO_ADAPTER = 0x0400_0000;
/** struct kvm_s390_interrupt. */
export const INTERRUPT = { SIZE: 16, TYPE: 0, PARM: 4, PARM64: 8 } as const;
/** struct kvm_s390_irq, with the members of its union. */
export const IRQ_STRUCT = {
  SIZE: 72,
  TYPE: 0,
  EXT_PARAMS: 8,
  EXT_PARAMS2: 16,
  /** The sender of an emergency signal or an external call, 16 bits. */
  SENDER: 8,
  PREFIX: 8,
  STOP_FLAGS: 8,
  PGM_TRANS_EXC_CODE: 8,
  PGM_MON_CODE: 16,
  PGM_PER_ADDRESS: 24,
  PGM_DATA_EXC_CODE: 32,
  PGM_CODE: 36,
  PGM_MON_CLASS_NR: 38,
  PGM_PER_CODE: 40,
  PGM_PER_ATMID: 41,
  PGM_EXC_ACCESS_ID: 42,
  PGM_PER_ACCESS_ID: 43,
  PGM_OP_ACCESS_ID: 44,
  PGM_FLAGS: 45,
  MCHK_CR14: 8,
  MCHK_MCIC: 16,
  MCHK_FAILING_STORAGE_ADDRESS: 24,
  MCHK_EXT_DAMAGE_CODE: 32,
  MCHK_FIXED_LOGOUT: 40,
  IO_SUBCHANNEL: 8,
  IO_PARM: 12,
  IO_WORD: 16,
} as const;
export const FIXED_LOGOUT_SIZE = 16;
/** Flags of a program interruption: bits 1 and 2 are the length of the instruction, if bit 0 says so. */
export const PGM_FLAG = { ILC_VALID: 1, ILC_MASK: 6, NO_REWIND: 8 } as const;
/** A flag of a stop: the status is stored. */
export const STOP_STORE_STATUS = 1;
/** struct kvm_s390_irq_state. */
export const IRQ_STATE = { SIZE: 32, BUF: 0, FLAGS: 8, LEN: 12 } as const;

/** struct kvm_create_device, and a flag: it is only asked whether there is such a device. */
export const CREATE_DEVICE = { SIZE: 12, TYPE: 0, FD: 4, FLAGS: 8 } as const;
export const CREATE_DEVICE_TEST = 1;
/** The type of the floating interrupt controller. */
export const DEVICE_TYPE_FLIC = 6;

/** Groups of attributes of the floating interrupt controller (Documentation/virt/kvm/devices/s390_flic.rst). */
export const FLIC = {
  GET_ALL_IRQS: 1,
  ENQUEUE: 2,
  CLEAR_IRQS: 3,
  APF_ENABLE: 4,
  APF_DISABLE_WAIT: 5,
  ADAPTER_REGISTER: 6,
  ADAPTER_MODIFY: 7,
  CLEAR_IO_IRQ: 8,
  AISM: 9,
  AIRQ_INJECT: 10,
  AISM_ALL: 11,
} as const;
/** The longest buffer of interruptions. */
export const FLIC_MAX_BUFFER = 0x200_0000;
/** struct kvm_s390_io_adapter, and a flag: its interruptions can be suppressed. */
export const ADAPTER = { SIZE: 8, ID: 0, ISC: 4, MASKABLE: 5, SWAP: 6, FLAGS: 7 } as const;
export const ADAPTER_SUPPRESSIBLE = 1;
/** struct kvm_s390_io_adapter_req, and its types. */
export const ADAPTER_REQUEST = { SIZE: 16, ID: 0, TYPE: 4, MASK: 5 } as const;
export const ADAPTER_REQUEST_TYPE = { MASK: 1, MAP: 2, UNMAP: 3 } as const;
/** struct kvm_s390_ais_req, and its modes. */
export const AIS_REQUEST = { SIZE: 4, ISC: 0, MODE: 2 } as const;
export const AIS_MODE = { ALL: 0, SINGLE: 1 } as const;
/** struct kvm_s390_ais_all. */
export const AIS_ALL = { SIZE: 2, SINGLE: 0, NO: 1 } as const;

/** struct kvm_irq_routing, which entries follow, and the most of them (KVM_MAX_IRQ_ROUTES). */
export const ROUTING = { SIZE: 8, NR: 0, FLAGS: 4 } as const;
export const ROUTES_MAX = 4096;
/** struct kvm_irq_routing_entry, with struct kvm_irq_routing_s390_adapter, and its type. */
export const ROUTE = {
  SIZE: 48,
  GSI: 0,
  TYPE: 4,
  FLAGS: 8,
  IND_ADDR: 16,
  SUMMARY_ADDR: 24,
  IND_OFFSET: 32,
  SUMMARY_OFFSET: 40,
  ADAPTER_ID: 44,
} as const;
export const ROUTE_S390_ADAPTER = 3;
/** struct kvm_irqfd, and its flags. */
export const IRQFD = { SIZE: 32, FD: 0, GSI: 4, FLAGS: 8, RESAMPLEFD: 12 } as const;
export const IRQFD_FLAG = { DEASSIGN: 1, RESAMPLE: 2 } as const;
