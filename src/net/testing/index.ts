/** A guest, a server in it, and a program of the host, for tests and fuzzers. */

export { ADDRESS } from '../addresses.ts';
export { checksum } from '../checksum.ts';
export { ipv4Frame } from '../ipv4.ts';
export { type Segment, TCP } from '../tcp/segment.ts';
export { bytesOfRecorded, RECORDED } from './recorded.ts';
export { ANNOUNCEMENT, fromGuest, guestSegment, segmentIn, TestGuest, TestStream } from './test-guest.ts';
export { TestServer } from './test-server.ts';
