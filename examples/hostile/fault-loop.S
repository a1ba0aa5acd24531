/*
 * Program interruptions without end: the program new PSW leads to an instruction that causes the next one. No
 * instruction completes from then on.
 */
        .text
        .globl  _start
_start:
        larl    %r1, mask
        lg      %r1, 0(%r1)
        stg     %r1, 0x1d0
        larl    %r1, fault
        stg     %r1, 0x1d8
fault:
        .short  0x0000
        .balign 8
mask:
        .quad   0x0000000180000000
