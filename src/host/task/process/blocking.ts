/**
 * Waiting in a system call. A call that may have to wait is a generator. It yields when the thread must sleep, and is resumed when something
 * woke the thread; then it looks again at what it waits for.
 */

/** A system call that may wait, with a result. */
export type Blocking<T> = Generator<void, T, void>;

/** Why a sleep ended. */
export type Awakening = 'woken' | 'signal' | 'timeout';
