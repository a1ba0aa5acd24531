/**
 * The glossary as a list.
 */

import { GLOSSARY } from '../../lessons/glossary.ts';

/** All terms. */
export function GlossaryList() {
  return (
    <dl class="glossary">
      {GLOSSARY.map(({ name, text, elsewhere }) => (
        <>
          <dt>{name}</dt>
          <dd>
            {text}
            {elsewhere !== undefined && <small>{elsewhere}</small>}
          </dd>
        </>
      ))}
    </dl>
  );
}
