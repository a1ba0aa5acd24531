/**
 * What the tests of the host have in common, and those of the modules above it: small hosts, error codes, and pictures
 * of everything an operation could have changed. Nothing outside tests imports this.
 */

export * from './guests.ts';
export * from './hosts.ts';
