/**
 * The registers. Those that changed since the last position are marked.
 */

import type { Registers } from '../../../../inspect/index.ts';

/** Formats 64 bits in hexadecimal, in two halves. */
export function bits64(value: bigint): string {
  const digits = BigInt.asUintN(64, value).toString(16).padStart(16, '0');
  return `${digits.slice(0, 8)} ${digits.slice(8)}`;
}

function bits32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

interface RegisterTableProps {
  readonly registers: Registers;
  readonly former: Registers | null;
}

/** The registers. */
export function RegisterTable({ registers, former }: RegisterTableProps) {
  return (
    <section class="registers">
      <Bank
        title="General registers"
        letter="r"
        values={registers.general}
        former={former?.general}
        write={bits64}
      />
      <Bank
        title="Control registers"
        letter="c"
        values={registers.control}
        former={former?.control}
        write={bits64}
      />
      <details>
        <summary>Access and floating-point registers</summary>
        <Bank
          title="Access registers"
          letter="a"
          values={registers.access}
          former={former?.access}
          write={bits32}
        />
        <Bank
          title="Floating-point registers"
          letter="f"
          values={registers.floating}
          former={former?.floating}
          write={bits64}
        />
      </details>
      <p class="mono">prefix {bits64(registers.prefix)}</p>
    </section>
  );
}

interface BankProps<T> {
  readonly title: string;
  readonly letter: string;
  readonly values: readonly T[];
  readonly former: readonly T[] | undefined;
  readonly write: (value: T) => string;
}

function Bank<T>({ title, letter, values, former, write }: BankProps<T>) {
  return (
    <>
      <h2>{title}</h2>
      <dl class="bank">
        {values.map((value, at) => {
          const changed = former !== undefined && former[at] !== value;
          return (
            <div
              key={at}
              class={changed ? 'changed' : ''}
              title={changed ? `was ${write(former[at] as T)}` : undefined}
            >
              <dt>
                {letter}
                {at}
              </dt>
              <dd>
                {write(value)}
                {changed && <span class="hidden"> changed</span>}
              </dd>
            </div>
          );
        })}
      </dl>
    </>
  );
}
