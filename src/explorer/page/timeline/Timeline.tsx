/**
 * The timeline: controls, the strip of all events, what this step did, and the list of events.
 */

import './Timeline.css';
import { isLive } from '../recording/state.ts';
import { tab } from '../recording/tabs.ts';
import { lazy } from '../ui/lazy.tsx';
import { Splitter } from '../ui/Splitter.tsx';
import { Controls } from './Controls.tsx';
import { EventList } from './EventList.tsx';
import { Step } from './Step.tsx';
import { Strip } from './Strip.tsx';

const LivePanel = lazy(() => import('./LivePanel.tsx').then((m) => m.LivePanel));

/** The timeline. */
export function Timeline() {
  // In the console's own tab the terminal is larger.
  const hasTerminal = isLive.value && tab.value !== 'console';
  return (
    <section class="time" aria-label="Timeline">
      <Splitter id="time" divides=".explorer" />
      <Controls />
      <Strip />
      <div class={hasTerminal ? 'lists live' : 'lists'}>
        {hasTerminal ? <LivePanel /> : <Step />}
        <EventList />
      </div>
    </section>
  );
}
