/**
 * A question with answers to choose from. Each answer that is chosen is explained.
 */

import { signal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { Choice, Question } from '../../../lessons/index.ts';
import { Prose } from '../../ui/Prose.tsx';

/** The answers that were chosen on this visit. */
const chosen = signal<ReadonlySet<Choice>>(new Set());

/** Whether the right answer was chosen. */
export function isAnswered({ choices }: Question): boolean {
  return choices.some((choice) => choice.isRight && chosen.value.has(choice));
}

/** The question. */
export function Quiz({ question }: { readonly question: Question }) {
  const id = useId();
  return (
    <fieldset class="quiz" aria-labelledby={id}>
      <p id={id} class="question">
        <Prose text={question.text} used={null} />
      </p>
      <ul class="choices">
        {question.choices.map((choice) => (
          <li key={choice.text}>
            <Answer choice={choice} />
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

function Answer({ choice }: { readonly choice: Choice }) {
  const isChosen = chosen.value.has(choice);
  const verdict = choice.isRight ? 'right' : 'wrong';
  return (
    <>
      <button
        type="button"
        class={isChosen ? verdict : ''}
        aria-pressed={isChosen}
        onClick={() => (chosen.value = new Set([...chosen.value, choice]))}
      >
        <span class="sign" aria-hidden="true">
          {isChosen ? (choice.isRight ? '✓' : '✕') : '○'}
        </span>
        <span>
          <Prose text={choice.text} used={null} />
        </span>
      </button>
      <div role="status">
        {isChosen && (
          <p class={`reason ${verdict}`}>
            <strong>{choice.isRight ? 'Right.' : 'No.'}</strong> <Prose text={choice.reason} />
          </p>
        )}
      </div>
    </>
  );
}
