/**
 * The scenario editor: CodeMirror, synchronized with the signals of the page.
 */

import type { EditorView } from '@codemirror/view';
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { cursorLine, draft, edited, lineDone, lines, nextLine, openedText } from '../workspace.ts';
import { answers } from './answers.ts';
import { createEditor } from './create.ts';
import { setMarks } from './marks.ts';
import { opened, Renewal } from './renew.ts';

/** The editor. */
export function Editor() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null) return;
    const view: EditorView = createEditor(place.current, draft.peek(), {
      changed: (update) => renewal.changed(update),
      moved: (line) => {
        cursorLine.value = line;
      },
    });
    const renewal = new Renewal(view);
    const endText = effect(() => {
      const text = draft.value;
      if (text !== view.state.doc.toString()) {
        const { length } = view.state.doc;
        view.dispatch({ changes: { from: 0, to: length, insert: text }, annotations: opened.of(true) });
      }
    });
    const endMarks = effect(() => {
      if (openedText.value === null) return;
      const done = edited.value ? 0 : lineDone.value;
      setMarks(view, { done, next: nextLine.value, answers: answers.value, first: lines.value[0] ?? 1 });
    });
    return () => {
      endText();
      endMarks();
      renewal.destroy();
      view.destroy();
    };
  }, []);
  return <div class="editor" ref={place} />;
}
