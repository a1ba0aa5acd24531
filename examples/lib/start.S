/*
 * The entry point of a guest: sets up the environment of C, calls main, and ends the guest with its return value.
 *
 * At the start the guest is in z/Architecture mode with 64-bit addresses, no translation and no interruption
 * enabled, and every general register is 0.
 */
        .set    EXTERNAL_NEW, 0x1b0
        .set    SERVICE_NEW, 0x1c0
        .set    PROGRAM_NEW, 0x1d0
        .set    MACHINE_CHECK_NEW, 0x1e0
        .set    IO_NEW, 0x1f0
        .set    EXTERNAL_CODE, 0x86

        .section .text.start, "ax"
        .globl  _start
_start:
        larl    %r15, stack_top
        aghi    %r15, -160
        /* No interruption is expected yet: each one prints a message and ends the guest. */
        larl    %r1, psw_mask
        lg      %r1, 0(%r1)
        stg     %r1, EXTERNAL_NEW
        stg     %r1, SERVICE_NEW
        stg     %r1, PROGRAM_NEW
        stg     %r1, MACHINE_CHECK_NEW
        stg     %r1, IO_NEW
        larl    %r1, unexpected_external
        stg     %r1, EXTERNAL_NEW + 8
        larl    %r1, unexpected_program
        stg     %r1, PROGRAM_NEW + 8
        larl    %r1, unexpected_other
        stg     %r1, SERVICE_NEW + 8
        stg     %r1, MACHINE_CHECK_NEW + 8
        stg     %r1, IO_NEW + 8
        /* The command line, as main's argument. */
        llilf   %r2, 0x10480
        brasl   %r14, main
        lgfr    %r2, %r2
        brasl   %r14, stop

        .text
/* void stop(uint64_t status): loads a disabled wait PSW with the status as its address. */
        .globl  stop
stop:
        larl    %r1, stop_psw
        stg     %r2, 8(%r1)
        lpswe   0(%r1)

/* uint16_t wait_external(uint64_t subclasses): waits for one external interruption and returns its code. */
        .globl  wait_external
wait_external:
        larl    %r1, wait_area
        larl    %r3, psw_mask
        lg      %r3, 0(%r3)
        stg     %r3, EXTERNAL_NEW
        larl    %r4, woken
        stg     %r4, EXTERNAL_NEW + 8
        /* The same PSW mask, and with it the external mask (bit 7) and the wait state (bit 14). */
        oihh    %r3, 0x0102
        stg     %r3, 16(%r1)
        stg     %r4, 24(%r1)
        stctg   %c0, %c0, 0(%r1)
        og      %r2, 0(%r1)
        stg     %r2, 8(%r1)
        lctlg   %c0, %c0, 8(%r1)
        lpswe   16(%r1)
woken:
        larl    %r1, wait_area
        lctlg   %c0, %c0, 0(%r1)
        larl    %r1, unexpected_external
        stg     %r1, EXTERNAL_NEW + 8
        llgh    %r2, EXTERNAL_CODE
        br      %r14

        /* The stack of the interrupted code may be invalid, so these use a new one. */
unexpected_external:
        larl    %r15, stack_top
        aghi    %r15, -160
        brasl   %r14, report_external
        .globl  unexpected_program
unexpected_program:
        larl    %r15, stack_top
        aghi    %r15, -160
        brasl   %r14, report_program
unexpected_other:
        lghi    %r2, 0x3000
        brasl   %r14, stop

        .data
        .balign 8
/* The PSW mask that the guest runs with: 64-bit addresses. A guest that turns translation on changes it. */
        .globl  psw_mask
psw_mask:
        .quad   0x0000000180000000
stop_psw:
        .quad   0x0002000180000000, 0

        .bss
        .balign 8
/* Control register 0 before and during the wait, then the PSW of the wait. */
wait_area:
        .skip   32
        .balign 4096
        .skip   16384
stack_top:
        .section .note.GNU-stack, "", %progbits
