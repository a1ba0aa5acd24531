/**
 * The page: header, sidebar, stage and timeline.
 */

import './App.css';
import './one-column.css';
import './lecture.css';
import { ScenarioPanel } from '../recording/editor/ScenarioPanel.tsx';
import { Violations } from '../recording/faults/Violations.tsx';
import { LessonPanel } from '../recording/lessons/LessonPanel.tsx';
import { DropTarget } from '../recording/opening/DropTarget.tsx';
import { isLive, source } from '../recording/state.ts';
import { Timeline } from '../timeline/Timeline.tsx';
import { folded, lecture, paneSizes } from '../ui/panes.ts';
import { Splitter } from '../ui/Splitter.tsx';
import { Banner } from './Banner.tsx';
import { ExportMenu } from './export/ExportMenu.tsx';
import { Header } from './Header.tsx';
import { HelpDialog } from './HelpDialog.tsx';
import { LiveRegion } from './LiveRegion.tsx';
import { Stage } from './Stage.tsx';
import { Tabs } from './TabBar.tsx';

/** The whole page. */
export function App() {
  // Only a scenario can be edited.
  const alone = source.value !== null && source.value.kind !== 'scenario';
  return (
    <div class={layoutClass(alone)} style={paneStyle()}>
      <Header />
      <aside class="sidebar" aria-label="Lesson and scenario">
        <LessonPanel />
        {!alone && <ScenarioPanel />}
        <Splitter id="sidebar" divides=".explorer" />
      </aside>
      <main class="stage">
        <Banner />
        <Violations />
        <Tabs tools={<ExportMenu />}>
          <Stage />
        </Tabs>
      </main>
      <Timeline />
      <LiveRegion />
      <HelpDialog />
      <DropTarget />
    </div>
  );
}

function layoutClass(alone: boolean): string {
  const folds = [...folded.value].map((pane) => `fold-${pane}`);
  return [
    'explorer',
    ...folds,
    ...(alone ? ['alone'] : []),
    ...(isLive.value ? ['live'] : []),
    ...(lecture.value ? ['lecture'] : []),
  ].join(' ');
}

/** Returns the chosen sizes as custom properties. */
function paneStyle(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(paneSizes.value).map(([id, size]) => [`--${id}`, `${size}%`]));
}
