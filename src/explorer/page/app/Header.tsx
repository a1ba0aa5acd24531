/**
 * The header: the title, the lessons, the injected fault, and the buttons of the page.
 */

import { CheckStatus } from '../recording/faults/CheckStatus.tsx';
import { FaultMenu } from '../recording/faults/FaultMenu.tsx';
import { LessonMenu } from '../recording/lessons/LessonMenu.tsx';
import { OpenButton } from '../recording/opening/OpenButton.tsx';
import { CopyLink } from '../recording/share/CopyLink.tsx';
import { help } from './HelpDialog.tsx';
import { theme, toggleTheme } from './theme.ts';

/** The header. */
export function Header() {
  const other = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <header>
      <h1>
        <svg width="22" height="20" viewBox="0 0 22 20" aria-hidden="true">
          <path d="M1 9 L11 1 L21 9 V19 H1 Z" fill="none" stroke="currentColor" stroke-width="2" />
          <path
            d="M6 19 V11 H10 V19 M12 11 H16 V15 H12 Z"
            fill="none"
            stroke="currentColor"
            stroke-width="1.6"
          />
        </svg>
        Guesthouse
      </h1>
      <LessonMenu />
      <OpenButton />
      <span class="spacer" />
      <FaultMenu />
      <CheckStatus />
      <CopyLink />
      <button
        type="button"
        class="icon plain"
        aria-label={`Use the ${other} theme`}
        title={`Use the ${other} theme`}
        onClick={toggleTheme}
      >
        {theme.value === 'dark' ? '☀' : '☾'}
      </button>
      <button
        type="button"
        class="icon plain"
        aria-label="Help and keyboard shortcuts"
        title="Help and keyboard shortcuts (?)"
        onClick={() => (help.value = true)}
      >
        ?
      </button>
    </header>
  );
}
