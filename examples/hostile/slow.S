/*
 * Executes instructions that take as long as an instruction can: PERFORM FRAME MANAGEMENT FUNCTION clears 1 MiB each time.
 */
        .globl  _start
_start: llilf   %r1, 0x11000
        llilf   %r3, 0x100000
again:  lgr     %r2, %r3
        .insn   rre, 0xb9af0000, %r1, %r2
        j       again
