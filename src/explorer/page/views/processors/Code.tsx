/**
 * The code around the next instruction.
 */

import type { Registers } from '../../../../inspect/index.ts';
import { hex } from '../../ui/text.ts';

/** The disassembly. */
export function Code({ registers: { code, pswAddress } }: { readonly registers: Registers }) {
  return (
    <section class="code">
      <h2>Code</h2>
      {code.length === 0 ? (
        <p class="muted">No code can be read at {hex(pswAddress)}.</p>
      ) : (
        <ol>
          {code.map(({ address, bytes, text }) => (
            <li
              key={String(address)}
              class={address === pswAddress ? 'next' : ''}
              aria-current={address === pswAddress ? 'step' : undefined}
            >
              <span class="pointer" aria-hidden="true">
                {address === pswAddress ? '▶︎' : ''}
              </span>
              <span class="at">{hex(address)}</span>
              <span class="bytes">{bytes}</span>
              <span class="text">{text}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
