/*
 * Branches to an address without memory. The addressing exception loads a program new PSW whose address has no memory
 * either, and so on.
 */
        .text
        .globl  _start
_start:
        larl    %r1, new_psw
        mvc     0x1d0(16), 0(%r1)
        larl    %r1, target
        lg      %r1, 0(%r1)
        br      %r1
        .balign 8
new_psw:
        .quad   0x0000000180000000, 0x7fffffffffff0000
target:
        .quad   0xfffffffffffffff0
