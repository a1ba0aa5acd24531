/**
 * Starts the page.
 */

import './app/theme.css';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app/App.tsx';
import { help } from './app/HelpDialog.tsx';
import { listenForKeys } from './app/shortcuts.ts';
import { Embed, isEmbedded } from './embed/Embed.tsx';
import { start } from './recording/opening/start.ts';
import { keepAddress } from './recording/share/history.ts';
import { documentTitle } from './recording/workspace.ts';

render(isEmbedded() ? <Embed /> : <App />, document.getElementById('app') as HTMLElement);
effect(() => {
  document.title = documentTitle.value;
});
listenForKeys(() => {
  help.value = true;
});
void start().finally(keepAddress);
