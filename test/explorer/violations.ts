/** Checks the accessibility of the page. */

import { AxeBuilder } from '@axe-core/playwright';
import type { Explorer } from './browser.ts';

/** The scrolling element of the editor contains the focused one. */
const FALSE_ALARMS = [/^scrollable-region-focusable: <div [^>]*class="cm-scroller"/];

/**
 * Returns what axe finds, with the elements.
 * @param rules the rules to check; all by default
 * @param inside the selector of an element that has all that is checked; the page by default
 */
export async function violations({ page }: Explorer, rules?: string[], inside?: string): Promise<string[]> {
  // Without the elements that are not violations, axe needs half the time.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  if (rules !== undefined) axe.withRules(rules);
  if (inside !== undefined) axe.include(inside);
  const { violations } = await axe.analyze();
  return violations
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
    .filter((one) => !FALSE_ALARMS.some((known) => known.test(one)));
}
