/** Takes the screenshots in docs/images from the real page: npm run screenshots */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launchBrowser } from '../browser/launch.ts';
import { endAll, ROOT, served } from '../serve.ts';
import { Explorer } from './browser.ts';
import { smaller } from './png.ts';

const IMAGES = join(ROOT, 'docs/images');
/** Maximum size of a file in bytes: documents are also read over slow connections. */
const SIZE_MAX = 250_000;

/** A screenshot: a view of a lesson after some steps. */
interface Screenshot {
  readonly name: string;
  readonly lesson: string;
  readonly steps: number;
  readonly view: string;
  readonly injectedFault?: string;
  readonly colorScheme?: BrowserContextOptions['colorScheme'];
}

const SCREENSHOTS: readonly Screenshot[] = [
  { name: 'spaces', lesson: 'pieces', steps: 9, view: 'Spaces' },
  { name: 'tables', lesson: 'link', steps: 8, view: 'Tables' },
  { name: 'walk', lesson: 'protect', steps: 6, view: 'Walk' },
  { name: 'processors', lesson: 'share', steps: 9, view: 'Processors' },
  { name: 'broken', lesson: 'purge', steps: 8, view: 'Processors', injectedFault: 'page-table-freed' },
  { name: 'dark', lesson: 'link', steps: 8, view: 'Spaces', colorScheme: 'dark' },
];

/** Takes all screenshots. @throws Error if the page has a problem, or a file is too large */
async function makeScreenshots(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const browser = await launchBrowser();
  try {
    const url = await served();
    for (const screenshot of SCREENSHOTS) await take(browser, url, screenshot);
  } finally {
    await browser.close();
    await endAll();
  }
}

/** Returns the number of a lesson from its file: `03-link.md`. */
function numberOf(lesson: string): number {
  const name = readdirSync(join(ROOT, 'src/explorer/lessons')).find(
    (file) => file.slice(3) === `${lesson}.md`,
  );
  return Number(name?.slice(0, 2));
}

async function take(browser: Browser, url: string, screenshot: Screenshot): Promise<void> {
  const { name, lesson, steps, view, injectedFault, colorScheme = 'light' } = screenshot;
  const explorer = await Explorer.open(browser, url, { colorScheme });
  const { page } = explorer;
  await explorer.ready();
  await explorer.lesson(numberOf(lesson));
  if (injectedFault !== undefined) await page.getByLabel('Inject a bug').selectOption(injectedFault);
  await explorer.ready();
  await explorer.view(view);
  for (let step = 0; step < steps; step++) await page.keyboard.press(']');
  await explorer.at(steps);
  // Neither the pointer nor the focus appears.
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await explorer.settled();
  const png = smaller(await page.screenshot());
  await explorer.close();
  if (png.length > SIZE_MAX) throw new Error(`${name}.png has ${png.length} bytes, more than ${SIZE_MAX}`);
  writeFileSync(join(IMAGES, `${name}.png`), png);
}

await makeScreenshots();
