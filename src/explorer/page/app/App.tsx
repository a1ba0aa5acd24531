/**
 * The page: header, sidebar, stage and timeline.
 */

import './App.css';
import { ScenarioPanel } from '../recording/editor/ScenarioPanel.tsx';
import { Violations } from '../recording/faults/Violations.tsx';
import { LessonPanel } from '../recording/lessons/LessonPanel.tsx';
import { DropTarget } from '../recording/opening/DropTarget.tsx';
import { source } from '../recording/state.ts';
import { Timeline } from '../timeline/Timeline.tsx';
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
    <div class={`explorer ${alone ? 'alone' : ''}`}>
      <Header />
      <aside class={`sidebar ${alone ? 'alone' : ''}`} aria-label="Lesson and scenario">
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
