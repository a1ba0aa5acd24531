/**
 * What the tests of the host have in common, and those of the rooms above it: small hosts, error codes, pictures
 * of everything an operation could have changed, and random scenarios with a plain model of what they must do.
 * Nothing outside tests imports this.
 */

export * from './guests.ts';
export * from './hosts.ts';
export * from './model.ts';
export * from './operations.ts';
export * from './scenario.ts';
