/**
 * The program-status word, field by field.
 */

import type { Registers } from '../../../../inspect/index.ts';
import { bits64 } from './RegisterTable.tsx';

/** The PSW and its fields. */
export function Psw({ registers }: { readonly registers: Registers }) {
  return (
    <section class="psw">
      <h2>PSW</h2>
      <p class="mono word">
        {bits64(registers.pswMask)}
        <br />
        {bits64(registers.pswAddress)}
      </p>
      <table>
        <thead class="hidden-head">
          <tr>
            <th scope="col">bits</th>
            <th scope="col">field</th>
            <th scope="col">meaning</th>
          </tr>
        </thead>
        <tbody>
          {registers.psw
            .filter(({ name, value }) => name !== 'unused' || value !== 0n)
            .map(({ name, bits: [first, last], sentence, value }) => (
              <tr key={`${name} ${first}`} class={value === 0n ? 'muted' : ''}>
                <td class="mono">{first === last ? first : `${first}–${last}`}</td>
                <th scope="row">{name}</th>
                <td>{sentence}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
