/**
 * The processors: registers, code and cached translations.
 */

import './ProcessorsView.css';
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ProcessorState } from '../../../../inspect/index.ts';
import { isEarlier, type Position } from '../../../../player/index.ts';
import type { SpaceOutline } from '../../../protocol.ts';
import { useQuery } from '../../client.ts';
import { BufferTable } from './BufferTable.tsx';
import { Code } from './Code.tsx';
import { Psw } from './Psw.tsx';
import { RegisterTable } from './RegisterTable.tsx';

interface Shown {
  readonly position: Position;
  readonly processors: readonly ProcessorState[];
}

/** Returns the processors at the position shown before, if that was an earlier one of the same recording. */
function useFormer(now: Shown | null): Shown | null {
  const latest = useRef<Shown | null>(null);
  const former = useRef<Shown | null>(null);
  if (now === null) {
    latest.current = null;
    former.current = null;
  } else if (now.processors !== latest.current?.processors) {
    const last = latest.current;
    if (last === null || isEarlier(last.position, now.position)) former.current = last;
    else if (isEarlier(now.position, last.position)) former.current = null;
    latest.current = now;
  }
  return former.current;
}

/** The view. */
export function ProcessorsView() {
  const result = useQuery({ processors: true, outline: true });
  const chosen = useSignal<number | null>(null);
  const processors = result?.processors;
  const shown = useRef<Shown | null>(null);
  // Another recording is being opened.
  if (result === null) shown.current = null;
  else if (processors && shown.current?.processors !== processors) {
    shown.current = { position: result.position, processors };
  }
  const former = useFormer(shown.current);
  if (result === null) return <p class="placeholder">Loading…</p>;
  if (processors === undefined || processors.length === 0) {
    return <p class="placeholder">This recording has no processors.</p>;
  }
  const formerOf = ({ address }: ProcessorState) =>
    former?.processors.find((one) => one.address === address) ?? null;
  const since = former?.position ?? null;
  const outline = result.outline ?? [];
  if (processors.every(({ executed }) => executed === 0)) {
    return (
      <div class="processors idle" data-export="html">
        {staleFirst(processors).map((cpu) => (
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

/** Returns the processors with those first whose TLB has a stale entry: they are what a reader looks for. */
function staleFirst(processors: readonly ProcessorState[]): readonly ProcessorState[] {
  const isStale = ({ host, guest }: ProcessorState) =>
    [...host.entries, ...guest.entries].some(({ stale }) => stale);
  return [...processors.filter(isStale), ...processors.filter((cpu) => !isStale(cpu))];
}

function place({ gmap }: ProcessorState): string {
  return gmap === null ? '' : `in guest ${gmap}`;
}

function summary({ gmap, host, guest, executed }: ProcessorState): string {
  const cached = host.entries.length + guest.entries.length;
  const where = gmap === null ? 'process or host' : `in guest ${gmap}`;
  const did = executed > 0 ? `${executed.toLocaleString('en')} instructions, ` : '';
  return `${where} · ${did}${cached} cached translations`;
}

interface OneProps {
  readonly cpu: ProcessorState;
  readonly former: ProcessorState | null;
  readonly since: Position | null;
  readonly outline: readonly SpaceOutline[];
}

function One({ cpu, former, since, outline }: OneProps) {
  const changes =
    since === null ? null : `since step ${since.step}${since.event > 0 ? `, event ${since.event}` : ''}`;
  const buffers = (
    <div class="buffers">
      <BufferTable
        title="TLB: host tables"
        buffer={cpu.host}
        former={former?.host ?? null}
        since={changes}
        outline={outline}
      />
      {(cpu.guest.entries.length > 0 || cpu.guest.hits > 0 || (former?.guest.entries.length ?? 0) > 0) && (
        <BufferTable
          title="TLB: the guest’s own tables"
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
