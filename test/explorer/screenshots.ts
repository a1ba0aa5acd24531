/** Takes the pictures of docs/images from the real page: npm run screenshots */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { lessons } from '../../src/explorer/lessons/index.ts';
import { launchBrowser } from '../browser/launch.ts';
import { endAll, ROOT, served } from '../serve.ts';
import { Explorer } from './browser.ts';
import { smaller } from './png.ts';

const IMAGES = join(ROOT, 'docs/images');
/** Maximum size of a picture: documents are also read over slow connections. */
const LARGEST = 250_000;

/** A picture: a view of a lesson after some steps. */
interface Picture {
  readonly name: string;
  readonly lesson: string;
  readonly steps: number;
  readonly view: string;
  readonly injectedFault?: string;
  readonly colorScheme?: BrowserContextOptions['colorScheme'];
}

const PICTURES: readonly Picture[] = [
  { name: 'spaces', lesson: 'pieces', steps: 9, view: 'Spaces' },
  { name: 'tables', lesson: 'link', steps: 8, view: 'Tables' },
  { name: 'walk', lesson: 'protect', steps: 6, view: 'Walk' },
  { name: 'processors', lesson: 'share', steps: 9, view: 'Processors' },
  { name: 'broken', lesson: 'purge', steps: 8, view: 'Processors', injectedFault: 'page-table-freed' },
  { name: 'dark', lesson: 'link', steps: 8, view: 'Spaces', colorScheme: 'dark' },
];

/** Takes all pictures. @throws Error if the page has a problem, or a picture is too large */
async function makeScreenshots(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const browser = await launchBrowser();
  try {
    const url = await served();
    for (const picture of PICTURES) await take(browser, url, picture);
  } finally {
    await browser.close();
    await endAll();
  }
}

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const { name, lesson, steps, view, injectedFault, colorScheme = 'light' } = picture;
  const explorer = await Explorer.open(browser, url, { colorScheme });
  const { page } = explorer;
  await explorer.ready();
  await explorer.lesson(lessons.findIndex(({ id }) => id === lesson) + 1);
  if (injectedFault !== undefined) await page.getByLabel('Inject a fault').selectOption(injectedFault);
  await explorer.ready();
  await explorer.view(view);
  for (let step = 0; step < steps; step++) await page.keyboard.press(']');
  await explorer.at(steps);
  // Neither the pointer nor the focus appears in the picture.
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await explorer.settled();
  const png = smaller(await page.screenshot());
  await explorer.close();
  if (png.length > LARGEST) throw new Error(`${name}.png has ${png.length} bytes, more than ${LARGEST}`);
  writeFileSync(join(IMAGES, `${name}.png`), png);
}

await makeScreenshots();
