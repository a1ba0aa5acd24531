/**
 * The scenario language, and the world in which its operations are performed. docs/scenarios.md describes the
 * language.
 */

export { formatBytes, formatNumber, formatOperation, formatProtection } from './format.ts';
export {
  CPUS,
  FILE_NAMES,
  GMAP_NAMES,
  type MmapWords,
  type Operation,
  type OperationOf,
  PROCESS_NAMES,
} from './operation.ts';
export { parseLine } from './parse.ts';
export { parseNumber, ScenarioSyntaxError } from './words.ts';
export { type Answer, READ_LIMIT, World, type WorldOptions } from './world.ts';
