/*
 * Takes one interruption after another and completes no instruction: the clock comparator is always due, and the
 * external new PSW is enabled for it again.
 */
        .set    EXTERNAL_NEW, 0x1b0

        .globl  _start
_start: larl    %r1, psw
        mvc     EXTERNAL_NEW(16), 0(%r1)
        larl    %r2, control
        lctlg   %c0, %c0, 0(%r2)
        larl    %r2, zero
        sckc    0(%r2)
        lpswe   0(%r1)

        .balign 8
psw:    .quad   0x0100000180000000, _start
control:
        .quad   0x8e0
zero:   .quad   0
