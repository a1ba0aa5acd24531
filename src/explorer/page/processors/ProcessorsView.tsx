/**
 * The processors: what each holds, where it is, and what it remembers of translations.
 */

import '../styles/processors.css';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ProcessorState } from '../../../inspect/index.ts';
import { before, type Moment } from '../../../player/index.ts';
import type { SpaceOutline } from '../../protocol.ts';
import { useLook } from '../machine.ts';
import { BufferTable } from './BufferTable.tsx';
import { Code } from './Code.tsx';
import { Psw } from './Psw.tsx';
import { RegisterTable } from './RegisterTable.tsx';

interface Shown {
  readonly moment: Moment;
  readonly processors: readonly ProcessorState[];
}

/** The moments that were shown: this one, and the one before it, if it was an earlier one of the same story. */
function useFormer(now: Shown | null): Shown | null {
  const latest = useRef<Shown | null>(null);
  const former = useRef<Shown | null>(null);
  if (now === null) {
    latest.current = null;
    former.current = null;
  } else if (now.processors !== latest.current?.processors) {
    const last = latest.current;
    if (last === null || before(last.moment, now.moment)) former.current = last;
    else if (before(now.moment, last.moment)) former.current = null;
    latest.current = now;
  }
  return former.current;
}

/** The view. */
export function ProcessorsView() {
  const look = useLook({ processors: true, outline: true });
  const chosen = useSignal<number | null>(null);
  const processors = look?.processors;
  const shown = useRef<Shown | null>(null);
  // Nothing is known when another story is opened.
  if (look === null) shown.current = null;
  else if (processors && shown.current?.processors !== processors) {
    shown.current = { moment: look.moment, processors };
  }
  const former = useFormer(shown.current);
  if (look === null) return <p class="placeholder">Looking…</p>;
  if (processors === undefined || processors.length === 0) {
    return <p class="placeholder">This story has no processors to look at.</p>;
  }
  const formerOf = ({ address }: ProcessorState) =>
    former?.processors.find((one) => one.address === address) ?? null;
  const since = former?.moment ?? null;
  const outline = look.outline ?? [];
  if (processors.every(({ executed }) => executed === 0)) {
    return (
      <div class="processors idle" data-export="html">
        {processors.map((cpu) => (
          <section key={cpu.address} class="cpu" aria-label={`CPU ${cpu.address}`}>
            <h2>
              CPU {cpu.address} <span class="muted">{place(cpu)}</span>
            </h2>
            <One cpu={cpu} former={formerOf(cpu)} since={since} outline={outline} />
          </section>
        ))}
      </div>
    );
  }
  const cpu = processors.find(({ address }) => address === chosen.value) ?? (processors[0] as ProcessorState);
  return (
    <div class="processors" data-export="html">
      {processors.length > 1 && (
        <fieldset class="choice" aria-label="Processors">
          {processors.map((one) => (
            <button
              key={one.address}
              type="button"
              aria-pressed={one.address === cpu.address}
              onClick={() => (chosen.value = one.address)}
            >
              <strong>CPU {one.address}</strong>
              <small>{summary(one)}</small>
            </button>
          ))}
        </fieldset>
      )}
      <One cpu={cpu} former={formerOf(cpu)} since={since} outline={outline} />
    </div>
  );
}

function place({ gmap }: ProcessorState): string {
  return gmap === null ? '' : `in guest ${gmap}`;
}

function summary({ gmap, host, guest, executed }: ProcessorState): string {
  const remembered = host.entries.length + guest.entries.length;
  const where = gmap === null ? 'process or host' : `in guest ${gmap}`;
  const did = executed > 0 ? `${executed.toLocaleString('en')} instructions, ` : '';
  return `${where} · ${did}${remembered} remembered`;
}

interface OneProps {
  readonly cpu: ProcessorState;
  readonly former: ProcessorState | null;
  readonly since: Moment | null;
  readonly outline: readonly SpaceOutline[];
}

function One({ cpu, former, since, outline }: OneProps) {
  const changes =
    since === null ? null : `since step ${since.step}${since.event > 0 ? `, event ${since.event}` : ''}`;
  const buffers = (
    <div class="buffers">
      <BufferTable
        title="Remembered of the host’s tables"
        buffer={cpu.host}
        former={former?.host ?? null}
        since={changes}
        outline={outline}
      />
      {(cpu.guest.entries.length > 0 || cpu.guest.hits > 0 || (former?.guest.entries.length ?? 0) > 0) && (
        <BufferTable
          title="Remembered of the guest’s own tables"
          buffer={cpu.guest}
          former={former?.guest ?? null}
          since={changes}
          outline={outline}
        />
      )}
    </div>
  );
  const registers = <RegisterTable registers={cpu.registers} former={former?.registers ?? null} />;
  if (cpu.executed === 0) {
    return (
      <>
        {buffers}
        <details>
          <summary>PSW and registers</summary>
          <div class="columns">
            <Psw registers={cpu.registers} />
            {registers}
          </div>
        </details>
      </>
    );
  }
  return (
    <div class="columns">
      <div>
        <Code registers={cpu.registers} />
        <Psw registers={cpu.registers} />
      </div>
      <div>
        {registers}
        {buffers}
      </div>
    </div>
  );
}
