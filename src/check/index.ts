/** Checks machine and host and reports broken rules. */

export { type Checked, Checker, type CheckerOptions, describeViolation, type Violation } from './checker.ts';
export { type Finding, RULES, type Rule } from './rules.ts';
