/**
 * Shows the message of a syntax error below its line.
 */

import { type Diagnostic, lintGutter, setDiagnosticsEffect } from '@codemirror/lint';
import { RangeSetBuilder, StateField, type Text } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';

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
export const lint = [lintGutter(), messages];
