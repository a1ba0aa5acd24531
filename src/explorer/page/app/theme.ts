/**
 * Light or dark: what the system says, unless somebody chose.
 */

import { effect, signal } from '@preact/signals';
import { storedText } from '../ui/stored.ts';

/** How the page looks. */
export type Theme = 'light' | 'dark';

const KEY = 'guesthouse-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const choice = storedText(() => localStorage, KEY);

/** How the page looks now. */
export const theme = signal<Theme>(chosen() ?? ofSystem());

function chosen(): Theme | null {
  const value = choice.read();
  return value === 'light' || value === 'dark' ? value : null;
}

function ofSystem(): Theme {
  return system.matches ? 'dark' : 'light';
}

/** Changes to the other one, and keeps that. */
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
