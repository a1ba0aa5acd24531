/**
 * The legend of the picture.
 */

import { PAGE_FLAG } from '../../../../../inspect/index.ts';
import { KINDS, type Kind } from '../model/labels.ts';
import { PageBlock } from './PageBlocks.tsx';

const WORDS: Readonly<Record<Kind, string>> = {
  unlinked: 'mapped, not linked',
  unbacked: 'mapped, no process memory behind it',
  linked: 'linked to a page table',
  shared: 'page table linked more than once',
  large: '1 MiB frame',
};

const PAGES = [
  [PAGE_FLAG.PRESENT, 'page present'],
  [0, 'not present'],
  [PAGE_FLAG.PRESENT | PAGE_FLAG.PROTECTED, 'read-only now'],
  [PAGE_FLAG.PRESENT | PAGE_FLAG.CHANGED, 'changed'],
  [PAGE_FLAG.PRESENT | PAGE_FLAG.LOGGED, 'in the dirty log'],
  [PAGE_FLAG.PRESENT | PAGE_FLAG.WATCHED, 'watched'],
  [PAGE_FLAG.PRESENT | PAGE_FLAG.SHARED, 'frame shared'],
] as const;

/** The legend of the picture. */
export function Legend() {
  return (
    <ul class="spaces-legend" aria-label="Legend">
      {KINDS.map((kind) => (
        <li key={kind}>
          <svg width="46" height="18" aria-hidden="true">
            <rect class={`block ${kind}`} x="1" y="1" width="26" height="16" rx="3" />
            {kind === 'shared' && <rect class="inner" x="4" y="4" width="20" height="10" rx="1.5" />}
            {kind === 'unbacked' && <path class="crossed" d="M1,1L27,17M27,1L1,17" />}
            <g class={`ribbon ${kind}`}>
              <path class="curve" d={kind === 'unbacked' ? 'M30,9h7' : 'M30,9h15'} />
              {kind === 'unbacked' && <path class="end" d="M38,5l8,8M46,5l-8,8" />}
            </g>
          </svg>
          {WORDS[kind]}
        </li>
      ))}
      {PAGES.map(([flags, words]) => (
        <li key={words}>
          <svg width="20" height="22" aria-hidden="true">
            <PageBlock
              item={{
                key: words,
                first: 0,
                end: 1,
                left: 1,
                right: 19,
                sentence: words,
                changed: false,
                of: { first: 0, end: 1, flags: flags | PAGE_FLAG.MAPPED },
              }}
              track={{ name: 'legend', top: 3, height: 18, items: [] }}
            />
          </svg>
          {words}
        </li>
      ))}
      <li>
        <svg width="22" height="18" aria-hidden="true">
          <rect class="around still" x="2" y="2" width="18" height="14" rx="4" />
        </svg>
        changed since the last position
      </li>
      <li>
        <svg width="22" height="18" aria-hidden="true">
          <rect class="vanished" x="2" y="2" width="18" height="14" rx="4" />
        </svg>
        unmapped since the last position
      </li>
    </ul>
  );
}
