export * from './formats.ts';
export * from './walk.ts';
