# Runs recorded cases on a bare machine, one after the other.
#
# A case contains a whole processor state and 1 KiB of storage, the arena, whose first bytes are the code. The
# code is surrounded by zeros, which are no instruction, so every case ends in an interruption, and the old PSW
# shows where it ended. The handler stores everything that the case may have changed.
#
# The layout of cases and results, and the addresses, are those of layout.ts.

        .set    ARENA, 0x20e00
        .set    CASES, 0x100000
        .set    RESULTS, 0x2000000
        .set    CASE_SIZE, 0x600
        .set    RESULT_SIZE, 0x800
        .set    COUNT, 0xff000
        .set    SECOND_PREFIX, 0x40000
        .set    KIND_PROGRAM, 1
        .set    KIND_SVC, 2
        .set    KIND_EXTERNAL, 3

        .text
        .globl  _start
_start:
        lhi     %r1,1
        slr     %r0,%r0
        sigp    %r1,%r0,0x12            # z/Architecture
        larl    %r2,new_psws
        mvc     0x1b0(48),0(%r2)
        # A second prefix area, for cases that change the prefix.
        llilf   %r2,SECOND_PREFIX
        mvc     0x1b0(48,%r2),0x1b0
        larl    %r1,controls
        lctlg   %c0,%c15,0(%r1)
        llilf   %r10,CASES
        llilf   %r11,RESULTS
        llilf   %r12,COUNT
        l       %r12,0(%r12)

next:   ltr     %r12,%r12
        je      done
        llilf   %r3,ARENA
        mvc     0x000(256,%r3),0x200(%r10)
        mvc     0x100(256,%r3),0x300(%r10)
        mvc     0x200(256,%r3),0x400(%r10)
        mvc     0x300(256,%r3),0x500(%r10)
        mvc     0xc00(256),0x000(%r10)
        mvc     0xd00(256),0x100(%r10)
        llgc    %r2,0xdd4
        sske    %r2,%r3
        llgc    %r2,0xdd5
        aghi    %r3,0x200
        sske    %r2,%r3
        larl    %r2,where
        stmg    %r10,%r12,0(%r2)
        lghi    %r1,0xc90
        ld      %f0,0x00(%r1)
        ld      %f1,0x08(%r1)
        ld      %f2,0x10(%r1)
        ld      %f3,0x18(%r1)
        ld      %f4,0x20(%r1)
        ld      %f5,0x28(%r1)
        ld      %f6,0x30(%r1)
        ld      %f7,0x38(%r1)
        ld      %f8,0x40(%r1)
        ld      %f9,0x48(%r1)
        ld      %f10,0x50(%r1)
        ld      %f11,0x58(%r1)
        ld      %f12,0x60(%r1)
        ld      %f13,0x68(%r1)
        ld      %f14,0x70(%r1)
        ld      %f15,0x78(%r1)
        lfpc    0xdd0
        lam     %a0,%a15,0xd10
        lctlg   %c0,%c15,0xd50
        lmg     %r0,%r15,0xc10
        lpswe   0xc00

program:
        stmg    %r0,%r15,0x1200
        lhi     %r2,KIND_PROGRAM
        j       write
svc:
        stmg    %r0,%r15,0x1200
        lhi     %r2,KIND_SVC
        j       write
external:
        stmg    %r0,%r15,0x1200
        lhi     %r2,KIND_EXTERNAL

write:  lghi    %r3,0x1000
        stctg   %c0,%c15,0x380(%r3)
        larl    %r1,controls
        lctlg   %c0,%c15,0(%r1)
        stam    %a0,%a15,0x300(%r3)
        stfpc   0x340(%r3)
        st      %r2,0x400(%r3)
        stpx    0x404(%r3)
        std     %f0,0x280(%r3)
        std     %f1,0x288(%r3)
        std     %f2,0x290(%r3)
        std     %f3,0x298(%r3)
        std     %f4,0x2a0(%r3)
        std     %f5,0x2a8(%r3)
        std     %f6,0x2b0(%r3)
        std     %f7,0x2b8(%r3)
        std     %f8,0x2c0(%r3)
        std     %f9,0x2c8(%r3)
        std     %f10,0x2d0(%r3)
        std     %f11,0x2d8(%r3)
        std     %f12,0x2e0(%r3)
        std     %f13,0x2e8(%r3)
        std     %f14,0x2f0(%r3)
        std     %f15,0x2f8(%r3)
        llilf   %r6,ARENA
        iske    %r2,%r6
        st      %r2,0x408(%r3)
        aghi    %r6,0x200
        iske    %r2,%r6
        st      %r2,0x40c(%r3)
        aghi    %r6,-0x200
        larl    %r4,where
        lmg     %r10,%r12,0(%r4)
        mvc     0x000(256,%r11),0x80
        mvc     0x100(256,%r11),0x200(%r3)
        mvc     0x200(256,%r11),0x300(%r3)
        mvc     0x300(256,%r11),0x400(%r3)
        mvc     0x400(256,%r11),0x000(%r6)
        mvc     0x500(256,%r11),0x100(%r6)
        mvc     0x600(256,%r11),0x200(%r6)
        mvc     0x700(256,%r11),0x300(%r6)
        larl    %r1,zero
        spx     0(%r1)
        aghi    %r10,CASE_SIZE
        aghi    %r11,RESULT_SIZE
        ahi     %r12,-1
        llilf   %r1,COUNT
        st      %r12,0(%r1)
        j       next

done:   larl    %r1,finished
        lpswe   0(%r1)

        .balign 16
new_psws:
        .quad   0x0000000180000000, external
        .quad   0x0000000180000000, svc
        .quad   0x0000000180000000, program
finished:
        .quad   0x0002000180000000, 0xdead
controls:
        .quad   0x400e0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc2000000, 0
where:  .quad   0, 0, 0
zero:   .quad   0
