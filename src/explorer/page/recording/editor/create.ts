/**
 * Assembles the editor: language, completion, syntax errors, marks and keys.
 */

import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  type ViewUpdate,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { cursorLine, run, runThrough, stepFrom } from '../workspace.ts';
import { lint } from './lint.ts';
import { marks } from './marks.ts';
import { isModifier, isVerb, type Word, wordsAfter } from './vocabulary.ts';

/** Receives changes of the editor. */
export interface Listeners {
  changed(update: ViewUpdate): void;
  /** The cursor has moved to a line, from 1. */
  moved(line: number): void;
}

const language = StreamLanguage.define<null>({
  name: 'scenario',
  startState: () => null,
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.string.trimStart().startsWith('#')) {
      stream.skipToEnd();
      return 'comment';
    }
    if (stream.match(/^[0-9]+:/)) return 'labelName';
    if (stream.match(/^(0[xX][0-9a-fA-F]+|[0-9]+)[KMGTP]?(?=\s|$)/)) return 'number';
    const word = stream.match(/^\S+/) as RegExpMatchArray;
    if (isVerb(word[0])) return 'keyword';
    if (isModifier(word[0])) return 'modifier';
    return /^([0-9a-fA-F]{2})+$/.test(word[0]) ? 'string' : null;
  },
  languageData: { commentTokens: { line: '#' } },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, class: 'tok-comment' },
  { tag: tags.keyword, class: 'tok-verb' },
  { tag: tags.modifier, class: 'tok-word' },
  { tag: tags.number, class: 'tok-number' },
  { tag: tags.string, class: 'tok-bytes' },
  { tag: tags.labelName, class: 'tok-process' },
]);

function complete(context: CompletionContext): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const word = context.matchBefore(/[a-z_]*/);
  const from = word?.from ?? context.pos;
  if (from === context.pos && !context.explicit) return null;
  const words = wordsAfter(line.text.slice(0, from - line.from));
  return words.length === 0 ? null : { from, options: words.map(optionOf), validFor: /^[a-z_]*$/ };
}

function optionOf({ word, operands, effect }: Word) {
  return { label: word, detail: operands, info: effect, type: 'keyword' };
}

/** Creates the editor in an element. */
export function createEditor(parent: HTMLElement, text: string, { changed, moved }: Listeners): EditorView {
  const command = (what: () => unknown) => () => {
    void what();
    return true;
  };
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([
          { key: 'Mod-Enter', run: command(run) },
          { key: 'Shift-Enter', run: command(() => runThrough(cursorLine.value)) },
          { key: 'Alt-Enter', run: command(() => stepFrom(cursorLine.value)) },
          ...completionKeymap,
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        marks,
        lineNumbers(),
        history(),
        drawSelection(),
        highlightSpecialChars(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        language,
        syntaxHighlighting(colours),
        autocompletion({ override: [complete], icons: false }),
        lint,
        EditorView.contentAttributes.of({ 'aria-label': 'Scenario' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update);
          if (update.selectionSet || update.docChanged) {
            moved(update.state.doc.lineAt(update.state.selection.main.head).number);
          }
        }),
      ],
    }),
  });
}
