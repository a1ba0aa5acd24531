/** Looks at everything below and says when a rule is broken. */

export * from './checker.ts';
export { type Finding, RULES, type Rule } from './rules.ts';
