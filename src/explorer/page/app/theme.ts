/**
 * The colour theme: the system's, unless the user chose one.
 */

import { effect, signal } from '@preact/signals';
import { storedText } from '../ui/stored.ts';

/** A theme. */
export type Theme = 'light' | 'dark';

const KEY = 'guesthouse-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const choice = storedText(() => localStorage, KEY);

/** The current theme. */
export const theme = signal<Theme>(chosen() ?? ofSystem());

function chosen(): Theme | null {
  const value = choice.read();
  return value === 'light' || value === 'dark' ? value : null;
}

function ofSystem(): Theme {
  return system.matches ? 'dark' : 'light';
}

/** Changes to the other theme, and stores the choice. */
export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  choice.write(theme.value);
}

system.addEventListener('change', () => {
  if (chosen() === null) theme.value = ofSystem();
});

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
