/**
 * The console: the output of the guest up to the position. Going back removes output.
 */

import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import './ConsoleView.css';
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../../app/theme.ts';
import { position, progress, source } from '../../recording/state.ts';
import { outputUpTo } from './output.ts';

/** Lines that can be scrolled back to. */
const SCROLLBACK = 20_000;
/** Characters of accessible text: the end of a long output. */
const READ = 4000;

/** The console, or a sentence if the recording has none. */
export function ConsoleView() {
  const what = source.value;
  const output = progress.value?.output ?? [];
  if (what !== null && what.kind !== 'guest' && output.length === 0) {
    return (
      <p class="placeholder">
        This recording has no console: {what.kind === 'trace' ? 'a trace' : 'a scenario'} has no guest code
        that could write.
        <br />
        Open a guest’s ELF image to see one.
      </p>
    );
  }
  return <Screen />;
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function colours() {
  return { background: colour('--surface'), foreground: colour('--text'), cursor: colour('--surface') };
}

function Screen() {
  const place = useRef<HTMLDivElement>(null);
  const text = outputUpTo(progress.value?.output ?? [], position.value.step);
  useEffect(() => {
    if (place.current === null) return;
    const terminal = new Terminal({
      convertEol: true,
      disableStdin: true,
      cursorInactiveStyle: 'none',
      scrollback: SCROLLBACK,
      fontSize: 13,
      fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "DejaVu Sans Mono", monospace',
      theme: colours(),
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(place.current);
    const observer = new ResizeObserver(() => fit.fit());
    observer.observe(place.current);
    let written = '';
    const endText = effect(() => {
      const now = outputUpTo(progress.value?.output ?? [], position.value.step);
      if (now.startsWith(written)) {
        terminal.write(now.slice(written.length));
      } else {
        terminal.reset();
        terminal.write(now);
      }
      written = now;
    });
    const endTheme = effect(() => {
      theme.value;
      queueMicrotask(() => (terminal.options.theme = colours()));
    });
    return () => {
      endText();
      endTheme();
      observer.disconnect();
      terminal.dispose();
    };
  }, []);
  return (
    <div class="console">
      <div class="screen" ref={place} aria-hidden="true" />
      <p class="hidden">Console of the guest:</p>
      <pre class="hidden" role="log" aria-label="Console of the guest">
        {text.slice(-READ)}
      </pre>
      {text === '' && <p class="muted nothing">No output up to this position.</p>}
    </div>
  );
}
