/** What the tests of the machine have for those of the rooms above it. Nothing outside tests imports this. */

export * from './code.ts';
export * from './sigp.ts';
