/**
 * ARIA attributes of drawings.
 */

/** For decoration, whose meaning is given elsewhere. */
export const DECORATION = { 'aria-hidden': true } as const;

/** For elements that belong together. */
export function group(label: string) {
  return { role: 'group', 'aria-label': label } as const;
}

/** For a box that scrolls, so that the keyboard can scroll it. */
export function scrolled(label: string) {
  return { role: 'region', 'aria-label': label, tabindex: 0 } as const;
}

/**
 * For a list whose items the arrow keys select; an image while it is empty. SVG knows `tabindex` only in lower case.
 */
export function listbox(id: string, label: string, filled: boolean, active: string | null) {
  if (!filled) return { id, role: 'img', 'aria-label': label, tabindex: 0 } as const;
  const at = active === null ? {} : { 'aria-activedescendant': optionId(id, active) };
  return { id, role: 'listbox', 'aria-label': label, tabindex: 0, ...at } as const;
}

/** The id of an option in a list. */
export function optionId(id: string, key: string): string {
  return `${id}-${key.replaceAll(' ', '-')}`;
}
