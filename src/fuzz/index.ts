/** Campaigns: random scenarios against a plain model, random guests, callers, images and texts. */

export * from './campaign.ts';
export * from './case-campaign.ts';
export * from './fuzzer.ts';
export * from './generate.ts';
export * from './guests/run.ts';
export * from './images/run.ts';
export * from './library/run.ts';
export * from './model/index.ts';
export * from './random.ts';
export * from './reduce.ts';
export * from './run.ts';
export * from './shards.ts';
export * from './shrink.ts';
export * from './texts/run.ts';
