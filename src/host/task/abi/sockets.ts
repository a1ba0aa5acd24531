/** Numbers of Linux's interface for sockets. Linux: include/linux/socket.h, include/uapi/asm-generic/socket.h, include/uapi/linux/{in,in6,tcp}.h. */

/** Families of addresses. */
export const AF = { UNSPEC: 0, UNIX: 1, INET: 2, INET6: 10 } as const;

/** Types of sockets, and flags that socket takes with them. */
export const SOCK = {
  STREAM: 1,
  DGRAM: 2,
  SEQPACKET: 5,
  TYPE: 0xf,
  NONBLOCK: 0o4000,
  CLOEXEC: 0o200_0000,
} as const;

/** Protocols of the Internet. */
export const IPPROTO = { IP: 0, TCP: 6, UDP: 17, IPV6: 41 } as const;

/** Flags of send and recv. */
export const MSG = {
  OOB: 1,
  PEEK: 2,
  CTRUNC: 8,
  TRUNC: 0x20,
  DONTWAIT: 0x40,
  EOR: 0x80,
  WAITALL: 0x100,
  NOSIGNAL: 0x4000,
  WAITFORONE: 0x1_0000,
  CMSG_CLOEXEC: 0x4000_0000,
} as const;

/** The level of options and control messages of all sockets. */
export const SOL_SOCKET = 1;

/** Options of all sockets. */
export const SO = {
  DEBUG: 1,
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  DONTROUTE: 5,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  OOBINLINE: 10,
  PRIORITY: 12,
  LINGER: 13,
  REUSEPORT: 15,
  PASSCRED: 16,
  PEERCRED: 17,
  RCVLOWAT: 18,
  SNDLOWAT: 19,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  TIMESTAMP: 29,
  ACCEPTCONN: 30,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  MARK: 36,
  PROTOCOL: 38,
  DOMAIN: 39,
} as const;

/** Control messages. */
export const SCM = { RIGHTS: 1, CREDENTIALS: 2 } as const;

/** Ways of shutdown. */
export const SHUT = { RD: 0, WR: 1, RDWR: 2 } as const;

/** Whether a socket of IPv6 leaves IPv4 alone. */
export const IPV6_V6ONLY = 26;
