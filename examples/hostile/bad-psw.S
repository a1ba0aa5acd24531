/*
 * Loads a PSW with bits that must be 0: a specification exception. The program new PSW has such bits, too, and so causes
 * the next one before any instruction.
 */
        .text
        .globl  _start
_start:
        larl    %r1, bad_psw
        mvc     0x1d0(16), 0(%r1)
        lpswe   0(%r1)
        j       _start
        .balign 8
bad_psw:
        .quad   0xb8fffffe7fffffff, 0x20001
