# Runs sequences of instructions on a bare machine, one after the other.
#
# A record holds a whole processor state, the code and blocks of data. The code is surrounded by zeros, which are no
# instruction, so every sequence ends in an interruption, and the old PSW shows where. The clock comparator ends a
# sequence that loops. The handler stores all that the sequence may have changed.
#
# The layout of records and results, and the addresses, are those of layout.ts.

        .set    FRAMES, 0x20000
        .set    FRAMES_LENGTH, 0x7000
        .set    CASES, 0x100000
        .set    RESULTS, 0x1f00000
        .set    CASE_SIZE, 0x980
        .set    RESULT_SIZE, 0xb00
        .set    COUNT, 0xff000
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
        larl    %r1,controls
        lctlg   %c0,%c15,0(%r1)
        llilf   %r10,CASES
        llilf   %r11,RESULTS
        llilf   %r12,COUNT
        l       %r12,0(%r12)

next:   ltr     %r12,%r12
        je      done
        # The frames: zeros, code, data. Stores of registers: QEMU may keep its translation of code that MVC changes.
        llilf   %r3,FRAMES
        lghi    %r1,FRAMES_LENGTH/64
        slgr    %r4,%r4
        lgr     %r5,%r4
        lgr     %r6,%r4
        lgr     %r7,%r4
0:      stmg    %r4,%r7,0x00(%r3)
        stmg    %r4,%r7,0x20(%r3)
        aghi    %r3,64
        brctg   %r1,0b
        .macro  copy to, from, source
        .irp    part,0x00,0x20,0x40,0x60
        lmg     %r4,%r7,\from+\part(\source)
        stmg    %r4,%r7,\to+\part(%r3)
        .endr
        .endm
        llilf   %r3,FRAMES
        copy    0x800,0x200,%r10
        lgr     %r2,%r10
        lghi    %r1,FRAMES_LENGTH/0x1000
0:      copy    0x000,0x280,%r2
        copy    0xf80,0x300,%r2
        aghi    %r2,0x100
        aghi    %r3,0x1000
        brctg   %r1,0b
        mvc     0xc00(256),0x000(%r10)
        mvc     0xd00(256),0x100(%r10)
        larl    %r2,where
        stmg    %r10,%r12,0(%r2)
        # The clock comparator: half a second from now (2^19 microseconds, in units of 2^-12 microseconds).
        stckf   0xe80
        lg      %r1,0xe80
        llihl   %r2,0
        llilh   %r2,0x8000
        algr    %r1,%r2
        stg     %r1,0xe80
        sckc    0xe80
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
        # The checksum of the frames shows stores outside the blocks.
        llilf   %r4,FRAMES
        lghi    %r5,FRAMES_LENGTH
        slgr    %r2,%r2
0:      cksm    %r2,%r4
        jo      0b
        st      %r2,0x408(%r3)
        larl    %r4,where
        lmg     %r10,%r12,0(%r4)
        mvc     0x000(256,%r11),0x80
        mvc     0x100(256,%r11),0x200(%r3)
        mvc     0x200(256,%r11),0x300(%r3)
        mvc     0x300(256,%r11),0x400(%r3)
        llilf   %r6,FRAMES
        lgr     %r4,%r11
        lghi    %r5,FRAMES_LENGTH/0x1000
0:      mvc     0x400(128,%r4),0x000(%r6)
        mvc     0x480(128,%r4),0xf80(%r6)
        aghi    %r4,0x100
        aghi    %r6,0x1000
        brctg   %r5,0b
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
