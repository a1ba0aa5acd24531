/**
 * The scenario language, and the world in which its operations are performed. docs/scenarios.md describes the
 * language.
 */

export { formatBytes, formatNumber, formatOperation, formatProtection } from './format.ts';
export { formatText } from './literal.ts';
export {
  type AddressOperand,
  type BytesOperand,
  CPUS,
  FILE_NAMES,
  type FileOperand,
  GMAP_NAMES,
  type GmapOperand,
  type MmapWords,
  type Operation,
  type OperationOf,
  PROCESS_NAMES,
  type ProcessOperand,
  type ProcessorOperand,
  type RangeOperand,
} from './operation.ts';
export { parseLine } from './parse.ts';
export { parseNumber, ScenarioSyntaxError } from './words.ts';
export { type Answer, READ_LIMIT, World, type WorldOptions } from './world.ts';
