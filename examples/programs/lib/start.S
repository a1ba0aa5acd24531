/* The entry point of a program, and what C cannot express. */
        .text
        .globl  _start
_start:
        /* The stack pointer leads to the number of arguments, the arguments, the environment and the auxiliary vector. */
        lgr     %r2, %r15
        aghi    %r15, -160
        xc      0(8,%r15), 0(%r15)
        brasl   %r14, start
        j       .

/*
 * long start_thread(void *stack, unsigned long flags, int *parent, int *child, void *tls): clone(2). At the top of the stack are the
 * function and its argument. The result of the function is the exit code.
 */
        .globl  start_thread
start_thread:
        lghi    %r1, 120
        svc     0
        ltgr    %r2, %r2
        bnzr    %r14
        lg      %r1, 0(%r15)
        lg      %r2, 8(%r15)
        aghi    %r15, -160
        xc      0(8,%r15), 0(%r15)
        basr    %r14, %r1
        lghi    %r1, 1
        svc     0
        j       .

/* long vfork_and(long (*action)(void *), void *argument): the child of vfork(2) performs the action, and exits with its result. */
        .globl  vfork_and
vfork_and:
        lgr     %r4, %r2
        lgr     %r5, %r3
        lghi    %r1, 190
        svc     0
        ltgr    %r2, %r2
        bnzr    %r14
        lgr     %r2, %r5
        aghi    %r15, -160
        xc      0(8,%r15), 0(%r15)
        basr    %r14, %r4
        lghi    %r1, 1
        svc     0
        j       .

        .section .note.GNU-stack, "", %progbits
