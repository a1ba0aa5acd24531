/**
 * The address to translate and its space: typed, or else selected or accessed last, or else the first one mapped.
 */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { SpaceName, SpaceOutline } from '../../../protocol.ts';
import { useQuery } from '../../client.ts';
import { selected } from '../../recording/state.ts';
import { subject } from '../../recording/subject.ts';
import { addressOf, hex } from '../../ui/text.ts';
import { startOf } from '../trees/columns.ts';
import { parseAddress } from './address.ts';

/** The input of the form, and the functions that change it. */
export interface Question {
  readonly spaces: readonly SpaceOutline[];
  readonly text: string;
  /** Null if the text is not an address: `error` is the reason. */
  readonly address: bigint | null;
  readonly error: string | null;
  readonly space: SpaceName;
  /** Whether the guest's own tables come first. */
  readonly isVirtual: boolean;
  readonly type: (text: string) => void;
  readonly choose: (space: SpaceName, isVirtual: boolean) => void;
  /** Selects the address in all views. */
  readonly select: () => void;
}

/** Returns the contents of the form. */
export function useQuestion(): Question {
  const typed = useSignal<string | null>(null);
  const chosen = useSignal<{ readonly space: SpaceName; readonly isVirtual: boolean } | null>(null);
  useSignalEffect(() => {
    if (selected.value === null) return;
    typed.value = null;
    chosen.value = null;
  });
  const spaces = useQuery({ outline: true })?.outline ?? [];
  const start = startOf(spaces, null);
  const one = subject.value ?? (start && { space: start.space, address: addressOf(start.page) });
  const text = typed.value ?? hex(one?.address ?? 0n);
  const { address, error } = useComputed(() => parseAddress(typed.value ?? '0')).value;
  const space = chosen.value?.space ?? one?.space ?? 'process 0';
  const isVirtual = chosen.value?.isVirtual ?? false;
  const wanted = typed.value === null ? (one?.address ?? 0n) : address;
  return {
    spaces,
    text,
    address: wanted,
    error: typed.value === null ? null : error,
    space,
    isVirtual,
    type: (next) => {
      // A typed address keeps its space, whatever is selected or mapped later.
      chosen.value ??= { space, isVirtual };
      typed.value = next;
    },
    choose: (next, own) => {
      typed.value ??= text;
      chosen.value = { space: next, isVirtual: own };
    },
    select: () => {
      if (wanted !== null && !isVirtual) selected.value = { space, address: wanted };
    },
  };
}
