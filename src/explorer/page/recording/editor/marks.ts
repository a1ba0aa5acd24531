/**
 * Marks in the editor: the lines that are done, the next line, and the answers.
 */

import { RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  GutterMarker,
  gutter,
  WidgetType,
} from '@codemirror/view';
import type { StepAnswer } from '../../../../player/index.ts';
import { inOneLine } from './answers.ts';

/** The marks. Lines are numbered from 1. */
export interface Marks {
  /** The last line done; 0 if there is none. */
  readonly done: number;
  readonly next: number | null;
  readonly answers: ReadonlyMap<number, StepAnswer>;
  /** The first line that is a step. */
  readonly first: number;
}

const NONE: Marks = { done: 0, next: null, answers: new Map(), first: 1 };
const change = StateEffect.define<Marks>();

/** Maximum number of characters shown of an answer. The step panel shows all of it. */
const LONGEST = 200;
/** Only this many lines before the next one are marked: each mark costs time at every step. */
const MARKED = 1000;
/** Maximum number of lines shown of a longer answer. */
const UNDER = 6;

class Answer extends WidgetType {
  readonly answered: StepAnswer;

  constructor(answered: StepAnswer) {
    super();
    this.answered = answered;
  }

  override eq(other: Answer): boolean {
    return other.answered === this.answered;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement('span');
    const failed = this.answered.answer[0]?.startsWith('error');
    element.className = failed ? 'cm-answer cm-answer-error' : 'cm-answer';
    element.textContent = `${failed ? '✕' : '→'}\u00a0${inOneLine(this.answered).slice(0, LONGEST)}`;
    return element;
  }
}

class AnswerLines extends WidgetType {
  readonly answered: StepAnswer;

  constructor(answered: StepAnswer) {
    super();
    this.answered = answered;
  }

  override eq(other: AnswerLines): boolean {
    return other.answered === this.answered;
  }

  override toDOM(): HTMLElement {
    const element = document.createElement('div');
    element.className = 'cm-answer-lines';
    const lines = this.answered.answer.filter((line) => line !== 'end');
    const shown = lines.slice(0, UNDER);
    if (lines.length > UNDER) shown.push(`… ${lines.length - UNDER} more`);
    element.textContent = shown.map((line) => line.slice(0, LONGEST)).join('\n');
    return element;
  }
}

const doneLine = Decoration.line({ class: 'cm-done' });
const nextLine = Decoration.line({ class: 'cm-next' });

interface Shown {
  readonly marks: Marks;
  readonly decorations: DecorationSet;
}

const field = StateField.define<Shown>({
  create: () => ({ marks: NONE, decorations: Decoration.none }),
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(change))
        return { marks: effect.value, decorations: draw(effect.value, transaction.newDoc) };
    }
    if (!transaction.docChanged) return shown;
    // A changed text has no marks until the page sets them.
    return { marks: NONE, decorations: Decoration.none };
  },
  provide: (self) => EditorView.decorations.from(self, ({ decorations }) => decorations),
});

type Doc = EditorView['state']['doc'];

function draw({ done, next, answers }: Marks, doc: Doc): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const last = Math.min(doc.lines, Math.max(done, next ?? 0));
  for (let number = Math.max(1, last - MARKED); number <= last; number++) {
    if (number > done && number !== next) continue;
    const line = doc.line(number);
    builder.add(line.from, line.from, number === next ? nextLine : doneLine);
    const answered = number <= done ? answers.get(number) : undefined;
    if (answered === undefined) continue;
    const lines = answered.answer.filter((one) => one !== 'end').length;
    builder.add(line.to, line.to, Decoration.widget({ widget: new Answer(answered), side: 1 }));
    if (lines > 1) {
      builder.add(
        line.to,
        line.to,
        Decoration.widget({ widget: new AnswerLines(answered), side: 2, block: true }),
      );
    }
  }
  return builder.finish();
}

class Playhead extends GutterMarker {
  readonly glyph: string;
  readonly name: string;

  constructor(glyph: string, name: string) {
    super();
    this.glyph = glyph;
    this.name = name;
  }

  override toDOM(): Node {
    const element = document.createElement('span');
    element.className = `cm-mark-${this.name}`;
    element.textContent = this.glyph;
    return element;
  }
}

const NEXT = new Playhead('▶', 'next');
const DONE = new Playhead('✓', 'done');
const FAILED = new Playhead('✕', 'failed');

const playhead = gutter({
  class: 'cm-playhead',
  lineMarker(view, block) {
    const { marks } = view.state.field(field);
    const number = view.state.doc.lineAt(block.from).number;
    if (number === marks.next) return NEXT;
    const answered = number <= marks.done ? marks.answers.get(number) : undefined;
    if (answered === undefined) return null;
    return answered.answer[0]?.startsWith('error') ? FAILED : DONE;
  },
  lineMarkerChange: (update) => update.transactions.some((one) => one.effects.some((e) => e.is(change))),
  initialSpacer: () => NEXT,
});

/** The extension of the editor. */
export const marks = [field, playhead];

/** Sets the marks, and scrolls to the next line when it changes, unless the user is in the editor. */
export function setMarks(view: EditorView, what: Marks): void {
  const before = view.state.field(field).marks.next;
  view.dispatch({ effects: change.of(what) });
  const follow = what.next ?? what.done;
  if (!view.hasFocus && what.next !== before && follow >= 1 && follow <= view.state.doc.lines)
    reveal(view, follow);
}

/** Pixels kept visible above and below the next line. */
const MARGIN = 48;

/** Scrolls the editor and not the page: on a small screen the user may be looking at a picture further down. */
function reveal(view: EditorView, line: number): void {
  view.requestMeasure({
    read: () => {
      const { top, bottom } = view.lineBlockAt(view.state.doc.line(line).from);
      const { scrollTop, clientHeight } = view.scrollDOM;
      const least = bottom + MARGIN - clientHeight;
      return Math.min(Math.max(scrollTop, least), Math.max(0, top - MARGIN));
    },
    write: (to) => {
      view.scrollDOM.scrollTop = to;
    },
  });
}
