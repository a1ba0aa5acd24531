/** Helpers of the machine's tests that tests of higher modules use too. Only tests import this file. */

export * from './code.ts';
export * from './sigp.ts';
