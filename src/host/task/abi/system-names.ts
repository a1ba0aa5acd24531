/** What uname tells of the system: the kernel whose interface it has. */

export const RELEASE = '6.12.0-guesthouse';
export const VERSION = '#1 SMP';
