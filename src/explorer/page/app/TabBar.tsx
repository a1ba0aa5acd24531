/**
 * The tabs, and the view of the selected one. A view is mounted only while it is shown, so that it sends no queries
 * otherwise.
 */

import type { ComponentChildren } from 'preact';
import { TABS, tab, tabByKey } from '../recording/tabs.ts';

interface TabsProps {
  /** Buttons at the end of the row. */
  readonly tools: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The tabs, and the panel below them. */
export function Tabs({ tools, children }: TabsProps) {
  const key = (event: KeyboardEvent) => {
    const to = tabByKey(tab.value, event.key);
    if (to === null) return;
    event.preventDefault();
    tab.value = to;
    document.getElementById(`tab-${to}`)?.focus();
  };
  return (
    <>
      <div class="tabs">
        <div role="tablist" aria-label="Views" tabIndex={-1} onKeyDown={key}>
          {TABS.map(({ id, name }) => (
            <button
              key={id}
              id={`tab-${id}`}
              type="button"
              role="tab"
              aria-selected={tab.value === id}
              aria-controls="panel"
              tabIndex={tab.value === id ? 0 : -1}
              onClick={() => (tab.value = id)}
            >
              {name}
            </button>
          ))}
        </div>
        <div class="tools">{tools}</div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a panel that scrolls must be reached by keyboard */}
      <div id="panel" class="panel" role="tabpanel" aria-labelledby={`tab-${tab.value}`} tabIndex={0}>
        {children}
      </div>
    </>
  );
}
