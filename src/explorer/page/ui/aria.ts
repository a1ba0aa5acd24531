/**
 * What a drawing tells a screen reader.
 */

/** Of what is there for the eye only: its meaning is said elsewhere. */
export const UNSEEN = { 'aria-hidden': true } as const;

/** Of things that belong together. */
export function group(label: string) {
  return { role: 'group', 'aria-label': label } as const;
}

/** Of a box that scrolls, so that it can be by keyboard. */
export function scrolled(label: string) {
  return { role: 'region', 'aria-label': label, tabIndex: 0 } as const;
}

/** Of a list of parts that arrow keys go through; a picture while there are none. */
export function listbox(id: string, label: string, filled: boolean, active: string | null) {
  if (!filled) return { id, role: 'img', 'aria-label': label, tabIndex: 0 } as const;
  const at = active === null ? {} : { 'aria-activedescendant': optionId(id, active) };
  return { id, role: 'listbox', 'aria-label': label, tabIndex: 0, ...at } as const;
}

/** The id of a part in a list. */
export function optionId(id: string, key: string): string {
  return `${id}-${key.replaceAll(' ', '-')}`;
}
