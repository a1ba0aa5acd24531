/**
 * Text with a little markup: `code`, *emphasis*, **strong**, and terms of the glossary. The text may come from
 * anywhere: it becomes elements and strings, never HTML.
 */

import type { ComponentChildren } from 'preact';
import { piecesOf, type Term } from '../../lessons/glossary.ts';
import type { Block } from '../../lessons/index.ts';
import { TermButton } from './TermButton.tsx';

/** `code`, **strong** or *emphasis*. Emphasis neither begins nor ends with a blank. */
const MARKUP = /(`[^`]+`|\*\*[^\s*](?:[^*]*[^\s*])?\*\*|\*[^\s*](?:[^*]*[^\s*])?\*)/;

interface ProseProps {
  readonly text: string;
  /** The terms marked so far, which are not marked again. Null: no terms, for texts in buttons and headings. */
  readonly used?: Set<Term> | null;
}

/** A text in one line of a paragraph. */
export function Prose({ text, used = new Set() }: ProseProps) {
  return <>{text.split(MARKUP).map((part, at) => inline(part, at, at % 2 === 1, used))}</>;
}

function inline(part: string, at: number, isMarked: boolean, used: Set<Term> | null): ComponentChildren {
  if (!isMarked) return used === null ? part : <Terms key={at} text={part} used={used} />;
  if (part.startsWith('`')) return <code key={at}>{part.slice(1, -1)}</code>;
  if (part.startsWith('**')) return <strong key={at}>{part.slice(2, -2)}</strong>;
  return <em key={at}>{part.slice(1, -1)}</em>;
}

/** Punctuation at the beginning of a text. */
const PUNCTUATION = /^[.,;:!?)’”]*/;

/** A button is a box, before and after which a line may break: punctuation would begin a line. It stays with its term. */
function Terms({ text, used }: { readonly text: string; readonly used: Set<Term> }) {
  const pieces = piecesOf(text, used);
  const tailOf = (at: number) => PUNCTUATION.exec(pieces[at]?.text ?? '')?.[0] ?? '';
  return (
    <>
      {pieces.map(({ term, text }, at) =>
        term === null ? (
          text.slice(at === 0 ? 0 : tailOf(at).length)
        ) : (
          <span key={at} class="with-tail">
            <TermButton term={term} text={text} />
            {pieces[at + 1]?.term === null && tailOf(at + 1)}
          </span>
        ),
      )}
    </>
  );
}

/** Paragraphs and lists. */
export function Blocks({ blocks }: { readonly blocks: readonly Block[] }) {
  const used = new Set<Term>();
  return (
    <>
      {blocks.map((block, at) =>
        block.kind === 'paragraph' ? (
          <p key={at}>
            <Prose text={block.text} used={used} />
          </p>
        ) : (
          <ul key={at}>
            {block.items.map((item) => (
              <li key={item}>
                <Prose text={item} used={used} />
              </li>
            ))}
          </ul>
        ),
      )}
    </>
  );
}
