/** A network for a guest, in user mode: without privileges, and without a way to the real network. */

export { GUEST_MAC } from './addresses.ts';
export { MTU } from './ethernet.ts';
export type { GuestStream, HostStream } from './tcp/host-stream.ts';
export { UserNetwork } from './user-network.ts';
