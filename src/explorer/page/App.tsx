/**
 * The page: header, story, stage and timeline.
 */

import { LiveRegion } from './announce/LiveRegion.tsx';
import { Violations } from './breaks/Violations.tsx';
import { ScenarioPanel } from './editor/ScenarioPanel.tsx';
import { ExportMenu } from './export/ExportMenu.tsx';
import { HelpDialog } from './keyboard/HelpDialog.tsx';
import { Banner } from './layout/Banner.tsx';
import { Header } from './layout/Header.tsx';
import { Stage } from './layout/Stage.tsx';
import { Tabs } from './layout/Tabs.tsx';
import { LessonPanel } from './lessons/LessonPanel.tsx';
import { DropTarget } from './opening/DropTarget.tsx';
import { source } from './state.ts';
import { Timeline } from './timeline/Timeline.tsx';

/** Everything. */
export function App() {
  // What is no scenario has nothing to edit.
  const alone = source.value !== null && source.value.kind !== 'scenario';
  return (
    <div class={`explorer ${alone ? 'alone' : ''}`}>
      <Header />
      <aside class={`story ${alone ? 'alone' : ''}`} aria-label="Lesson and scenario">
        <LessonPanel />
        {!alone && <ScenarioPanel />}
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
