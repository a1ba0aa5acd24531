/* The entry point of a test program: enables floating point, sets a stack, and loads a disabled wait with main's result as its address. */
        .set    PROGRAM_NEW, 0x1d0

        .section .text.start, "ax"
        .globl  _start
_start:
        larl    %r1,program_psw
        mvc     PROGRAM_NEW(16),0(%r1)
        /* Control register 0: the floating-point registers. */
        larl    %r1,control
        lctlg   %c0,%c0,0(%r1)
        larl    %r15,stack_top
        aghi    %r15,-160
        lghi    %r2,1
        larl    %r3,arguments
        larl    %r4,arguments+8
        brasl   %r14,main
        lgfr    %r2,%r2

        /* void exit(long status) */
        .globl  exit, _exit
exit:
_exit:  larl    %r1,stop_psw
        stg     %r2,8(%r1)
        lpswe   0(%r1)

        /* void abort(void) */
        .globl  abort
abort:  lghi    %r2,0xab
        j       exit


        .data
        .balign 16
program_psw:
        .quad   0x0002000180000000, 0xbad
stop_psw:
        .quad   0x0002000180000000, 0
control:
        .quad   0x400e0
arguments:
        .quad   name, 0
name:   .asciz  "test"

        .bss
        .balign 4096
        .skip   0x100000
stack_top:
        .section .note.GNU-stack, "", %progbits
