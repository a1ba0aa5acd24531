/**
 * Starts the page.
 */

import './app/theme.css';
import { render } from 'preact';
import { App } from './app/App.tsx';
import { help } from './app/HelpDialog.tsx';
import { listenForKeys } from './app/shortcuts.ts';
import { start } from './recording/opening/start.ts';
import { keepAddress } from './recording/share/link.ts';

render(<App />, document.getElementById('app') as HTMLElement);
listenForKeys(() => {
  help.value = true;
});
void start().finally(keepAddress);
