/** Where the memory of a program of the system calls' fuzzer is: addresses and lengths in bytes. */

export const AT = {
  CODE: 0x1000_0000,
  /** The slots, and what system calls are given. */
  DATA: 0x1100_0000,
  /** Stacks of the lists. */
  STACKS: 0x1200_0000,
  STACK_SIZE: 0x8000,
  /** Memory to write to. Nothing is mapped behind it. */
  PLAY: 0x3000_0000,
  PLAY_SIZE: 0x8000,
  READ_ONLY: 0x3010_0000,
  NO_ACCESS: 0x3020_0000,
  /** Where steps map memory: files beyond their ends, memory that is shared, and other. */
  MAPPED: 0x3030_0000,
  MAPPED_SIZE: 0x8000,
  /** Where it maps memory whose missing pages the program provides itself. */
  SERVED: 0x3040_0000,
  SERVED_SIZE: 0x5000,
} as const;

/** The descriptors that the first process opens, a file of every sort. */
export const FD = {
  FILE: 20,
  DIRECTORY: 21,
  PIPE_IN: 22,
  PIPE_OUT: 23,
  SOCKET: 24,
  PEER: 25,
  EVENT: 26,
  EPOLL: 27,
  MEMORY: 28,
  TIMER: 29,
  SIGNAL: 30,
  LISTENER: 31,
  DATAGRAM: 32,
  TERMINAL: 33,
  PROCESS: 34,
  PATH: 35,
  OWN_MEMORY: 36,
  FIFO: 37,
  CLIENT: 38,
  FAULTS: 39,
} as const;
