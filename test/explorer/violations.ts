/** Checks the accessibility of the page. */

import { AxeBuilder } from '@axe-core/playwright';
import type { Explorer } from './browser.ts';

/** The scrolling element of the editor contains the focused one. */
const FALSE_ALARMS = [/^scrollable-region-focusable: <div [^>]*class="cm-scroller"/];

/** Returns what axe finds, with the elements. @param rules the rules to check; all by default */
export async function violations({ page }: Explorer, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  return violations
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
    .filter((one) => !FALSE_ALARMS.some((known) => known.test(one)));
}
