export * from './formats.ts';
export * from './scan.ts';
export * from './walk.ts';
