/**
 * The page's start.
 */

import './theme.css';
import './styles/layout.css';
import './styles/menus.css';
import './styles/lessons.css';
import './styles/editor.css';
import './styles/timeline.css';
import { render } from 'preact';
import { App } from './App.tsx';
import { help } from './keyboard/HelpDialog.tsx';
import { listenForKeys } from './keyboard/shortcuts.ts';
import { start } from './opening/start.ts';
import { keepAddress } from './share/link.ts';

render(<App />, document.getElementById('app') as HTMLElement);
listenForKeys(() => {
  help.value = true;
});
void start().finally(keepAddress);
