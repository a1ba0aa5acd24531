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

function Terms({ text, used }: { readonly text: string; readonly used: Set<Term> }) {
  return (
    <>
      {piecesOf(text, used).map((piece, at) =>
        piece.term === null ? piece.text : <TermButton key={at} term={piece.term} text={piece.text} />,
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
