/*
 * Executes the longest instruction that the host does not see: INVALIDATE DAT TABLE ENTRY of a whole table, 2048 entries.
 */
        .globl  _start
_start: llilf   %r1, 0x200000
        llilf   %r2, 0x7ff
again:  .insn   rrf, 0xb98e0000, %r1, %r2, 0, 0
        j       again
