/**
 * The screen of a guest's console: its output up to the position. Going back removes output. A live guest gets what is typed.
 */

import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import './ConsoleView.css';
import { computed, effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../../app/theme.ts';
import { machine } from '../../client.ts';
import { following, isLive, position, progress, source } from '../../recording/state.ts';
import { complain } from '../../ui/notice.ts';
import { endOf, itemsUpTo, textOf } from './output.ts';

/** Lines that can be scrolled back to. */
const SCROLLBACK = 20_000;
/** Characters of accessible text: the end of a long output. */
const READ = 4000;
/** Columns that Linux believes in while nobody tells it the size, and the sizes of text in pixels that are tried to show them. */
const COLUMNS = 80;
const TEXT_SIZES = [13, 12, 11, 10] as const;

const NOTHING = { output: [], outputFrom: 0 } as const;
/** How many items of the output are shown: at the end of a live guest, all. */
const shownItems = computed(() => {
  const { output } = progress.value ?? NOTHING;
  return isLive.value && following.value ? output.length : itemsUpTo(output, position.value.step);
});
/** Whether what is typed goes to the guest. */
const takesInput = computed(() => isLive.value && following.value && progress.value?.end === null);

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function colours() {
  const cursor = takesInput.value ? '--text' : '--surface';
  return { background: colour('--surface'), foreground: colour('--text'), cursor: colour(cursor) };
}

/** The screen. */
export function Screen() {
  const place = useRef<HTMLDivElement>(null);
  const { output } = progress.value ?? NOTHING;
  const items = shownItems.value;
  const name = `Console of the ${source.value?.kind === 'program' ? 'program' : 'guest'}`;
  useEffect(() => (place.current === null ? undefined : openTerminal(place.current)), []);
  return (
    <div class={takesInput.value ? 'console live' : 'console'}>
      <div class="screen" ref={place} aria-hidden={!takesInput.value} />
      <p class="hidden">{name}:</p>
      <pre class="hidden" role="log" aria-label={name}>
        {endOf(output, items, READ).slice(-READ)}
      </pre>
      {items === 0 && (
        <p class="muted nothing">
          {takesInput.value
            ? 'No output yet. A shell answers when you press Enter.'
            : 'No output up to this position.'}
        </p>
      )}
    </div>
  );
}

/** Gives text that the user types to the console of the guest. */
function typed(text: string): void {
  void machine.input(new TextEncoder().encode(text)).catch(complain);
}

/** Opens a terminal. Returns a function that closes it. */
function openTerminal(place: HTMLElement): () => void {
  const terminal = new Terminal({
    convertEol: true,
    cursorInactiveStyle: 'none',
    scrollback: SCROLLBACK,
    fontSize: TEXT_SIZES[0],
    fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", Consolas, "DejaVu Sans Mono", monospace',
    theme: colours(),
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(place);
  terminal.onData(typed);
  // The guest gets Tab. Shift-Tab leaves the terminal.
  terminal.attachCustomKeyEventHandler((event) => !(event.key === 'Tab' && event.shiftKey));
  terminal.textarea?.setAttribute('aria-label', 'Terminal of the guest. Shift-Tab leaves it.');
  const observer = new ResizeObserver(() => fitted(terminal, fit));
  observer.observe(place);
  const ends = [
    effect(writeOutput(terminal)),
    effect(() => {
      terminal.options.disableStdin = !takesInput.value;
      // What is hidden must not be reached by Tab.
      if (terminal.textarea) terminal.textarea.tabIndex = takesInput.value ? 0 : -1;
    }),
    effect(() => {
      theme.value;
      takesInput.value;
      queueMicrotask(() => (terminal.options.theme = colours()));
    }),
  ];
  return () => {
    for (const end of ends) end();
    observer.disconnect();
    terminal.dispose();
  };
}

/** Fits the terminal into its place: with the largest text that leaves room for all columns. */
function fitted(terminal: Terminal, fit: FitAddon): void {
  for (const size of TEXT_SIZES) {
    terminal.options.fontSize = size;
    if ((fit.proposeDimensions()?.cols ?? 0) >= COLUMNS) break;
  }
  fit.fit();
}

/** Returns an effect that writes what the output has gained, or all of it again if it is another one. */
function writeOutput(terminal: Terminal): () => void {
  let [from, written, first] = [0, 0, ''];
  return () => {
    const { output, outputFrom } = progress.value ?? NOTHING;
    const items = shownItems.value;
    const isSame = outputFrom === from && items >= written && (written === 0 || output[0]?.text === first);
    if (!isSame) {
      terminal.reset();
      written = 0;
    }
    terminal.write(textOf(output, written, items));
    [from, written, first] = [outputFrom, items, output[0]?.text ?? ''];
  };
}
