/** Random scenarios, a plain model of what they must do, and campaigns of them. */

export * from './campaign.ts';
export * from './generate.ts';
export * from './model/index.ts';
export * from './random.ts';
export * from './run.ts';
export * from './shrink.ts';
