/**
 * Runs the scenario again when typing rests: up to the line that was done before, or to the end if all of it was.
 */

import { setDiagnostics } from '@codemirror/lint';
import { Annotation } from '@codemirror/state';
import type { EditorView, ViewUpdate } from '@codemirror/view';
import type { LineError } from '../../../protocol.ts';
import { machine } from '../../client.ts';
import { atEnd } from '../state.ts';
import { draft, draftError, edited, lineDone, renewThrough, setPendingTyping } from '../workspace.ts';

/** Milliseconds after the last key before the text is read. A long text is not read at every key. */
const REST = 300;

/** Marks a change that is not the user's: another text was opened. */
export const opened = Annotation.define<true>();

/** The position to return to. */
interface Anchor {
  /** Offset in the document of the end of the last line done. */
  readonly offset: number;
  readonly toEnd: boolean;
}

/** Watches the changes of one editor. */
export class Renewal {
  readonly #view: EditorView;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #anchor: Anchor | null = null;

  constructor(view: EditorView) {
    this.#view = view;
  }

  /** The document was changed. */
  changed({ changes, startState, transactions }: ViewUpdate): void {
    clearTimeout(this.#timer);
    if (transactions.some((one) => one.annotation(opened))) {
      this.#anchor = null;
      setPendingTyping(null);
      this.#timer = setTimeout(() => void this.#check(), REST);
      return;
    }
    if (this.#anchor === null) {
      const { doc } = startState;
      const line = Math.min(lineDone.value, doc.lines);
      this.#anchor = { offset: line === 0 ? 0 : doc.line(line).to, toEnd: atEnd.value };
      setPendingTyping(() => this.#read());
    }
    this.#anchor = { ...this.#anchor, offset: changes.mapPos(this.#anchor.offset, -1) };
    this.#timer = setTimeout(() => void this.#rested(), REST);
  }

  /** Ends the watch. */
  destroy(): void {
    clearTimeout(this.#timer);
    setPendingTyping(null);
  }

  /** Takes over what was typed. */
  #read(): void {
    clearTimeout(this.#timer);
    setPendingTyping(null);
    draft.value = this.#view.state.doc.toString();
    this.#anchor = null;
  }

  async #rested(): Promise<void> {
    const anchor = this.#anchor;
    this.#read();
    if (!(await this.#check()) || anchor === null || !edited.value) return;
    const { doc } = this.#view.state;
    const line = anchor.offset === 0 ? 0 : doc.lineAt(Math.min(anchor.offset, doc.length)).number;
    await renewThrough(anchor.toEnd ? Infinity : line);
  }

  /** Marks the syntax errors. Returns whether the text has none, and has not changed meanwhile. */
  async #check(): Promise<boolean> {
    const { doc } = this.#view.state;
    const errors = await machine.lint(doc.toString()).catch(() => [] as readonly LineError[]);
    if (this.#view.state.doc !== doc) return false;
    draftError.value = errors[0] ?? null;
    const marks = errors
      .filter(({ line }) => line >= 1 && line <= doc.lines)
      .map(({ line, message }) => {
        const { from, to, text } = doc.line(line);
        const blank = text.length - text.trimStart().length;
        return { from: from + blank, to, severity: 'error' as const, message };
      });
    this.#view.dispatch(setDiagnostics(this.#view.state, marks));
    return errors.length === 0;
  }
}
