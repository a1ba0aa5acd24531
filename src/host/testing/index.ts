/**
 * Helpers of the tests of the host and of higher modules: small hosts, error codes, and snapshots of the state that an
 * operation could change. Only tests import this file.
 */

export * from './guests.ts';
export * from './hosts.ts';
