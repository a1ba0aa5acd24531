/**
 * Marks lines with syntax errors while the user types, and shows the message below the line.
 */

import { type Diagnostic, linter, lintGutter, setDiagnosticsEffect } from '@codemirror/lint';
import { RangeSetBuilder, StateField, type Text } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';
import { machine } from '../../client.ts';

/** Milliseconds after the last key before the text is checked. */
const DELAY = 400;

async function check(view: EditorView): Promise<readonly Diagnostic[]> {
  const { doc } = view.state;
  try {
    const errors = await machine.lint(doc.toString());
    return errors
      .filter(({ line }) => line >= 1 && line <= doc.lines)
      .map(({ line, message }) => {
        const { from, to, text } = doc.line(line);
        const blank = text.length - text.trimStart().length;
        return { from: from + blank, to, severity: 'error' as const, message };
      });
  } catch {
    return [];
  }
}

class Message extends WidgetType {
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override eq(other: Message): boolean {
    return other.text === this.text;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement('div');
    element.className = 'cm-error-line';
    element.textContent = `✕ ${this.text}`;
    return element;
  }
}

function under(diagnostics: readonly Diagnostic[], doc: Text): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { to, message } of [...diagnostics].sort((a, b) => a.to - b.to)) {
    const end = doc.lineAt(Math.min(to, doc.length)).to;
    builder.add(end, end, Decoration.widget({ widget: new Message(message), side: 3, block: true }));
  }
  return builder.finish();
}

const messages = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setDiagnosticsEffect)) return under(effect.value, transaction.newDoc);
    }
    return transaction.docChanged ? shown.map(transaction.changes) : shown;
  },
  provide: (self) => EditorView.decorations.from(self),
});

/** The extension of the editor. */
export const lint = [linter(check, { delay: DELAY }), lintGutter(), messages];
