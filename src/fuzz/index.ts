/** Campaigns: random scenarios against a model, and random guests, callers, images, texts, floating-point instructions, engines, devices, networks, system calls and /dev/kvm. */

export { CallsFuzzer } from './calls/run.ts';
export { Campaign, type CampaignOptions, type Failure, formatFailure, shrinkFailure } from './campaign.ts';
export { CaseCampaign } from './case-campaign.ts';
export { DevicesFuzzer } from './devices/run.ts';
export { EnginesFuzzer } from './engines/run.ts';
export { FloatsFuzzer } from './floats/run.ts';
export {
  type CaseFailure,
  type CaseFinding,
  type CaseResult,
  describeError,
  type FuzzCase,
  type Fuzzer,
  formatCase,
  parseCase,
} from './fuzzer.ts';
export { drawProfile, Generator, type Profile } from './generate.ts';
export { GuestsFuzzer, type GuestsOptions } from './guests/run.ts';
export { ImagesFuzzer, type ImagesOptions } from './images/run.ts';
export { KvmFuzzer } from './kvm/run.ts';
export { LibraryFuzzer, type LibraryOptions } from './library/run.ts';
export { NetworkFuzzer } from './network/run.ts';
export { Random, seedOf } from './random.ts';
export { reduce } from './reduce.ts';
export { Run, type RunOptions } from './run.ts';
export {
  type MergedSummary,
  mergeSummaries,
  parseShard,
  parseSummary,
  runsOf,
  type Shard,
  type ShardSummary,
} from './shards.ts';
export { TextsFuzzer, type TextsOptions } from './texts/run.ts';
