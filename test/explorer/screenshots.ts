/**
 * Takes the screenshots in docs/images from the real page.
 *
 *     npm run screenshots                all but that of Linux
 *     npm run screenshots -- --linux     that of Linux in the page; it needs what `npm run linux` needs
 */

import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { launchBrowser } from '../browser/launch.ts';
import { endAll, ROOT, served } from '../serve.ts';
import { Explorer, newProfile } from './browser.ts';
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
  const explorer = await Explorer.open(await newProfile(browser), url, { colorScheme });
  const { page } = explorer;
  await explorer.ready();
  await explorer.lesson(numberOf(lesson));
  if (injectedFault !== undefined) await page.getByLabel('Inject a bug').selectOption(injectedFault);
  await explorer.ready();
  await explorer.view(view);
  for (let step = 0; step < steps; step++) await page.keyboard.press(']');
  await explorer.at(steps);
  // The focus does not appear.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await write(explorer, name);
  await explorer.close();
}

/** Writes a screenshot, without the pointer. @throws Error if it is too large */
async function write(explorer: Explorer, name: string): Promise<void> {
  const { page } = explorer;
  await page.mouse.move(0, 0);
  await explorer.settled();
  const png = smaller(await page.screenshot());
  if (png.length > SIZE_MAX) throw new Error(`${name}.png has ${png.length} bytes, more than ${SIZE_MAX}`);
  writeFileSync(join(IMAGES, `${name}.png`), png);
}

/** Boots Linux in the page, uses its shell, pauses it, and takes a screenshot. */
async function takeLinux(scratch: string): Promise<void> {
  const { linuxFiles } = await import('../../scripts/linux/files.ts');
  const { LinuxTab } = await import('../../scripts/linux/tab.ts');
  const tab = await LinuxTab.open(linuxFiles(scratch), { colorScheme: 'light' });
  try {
    await tab.ready();
    await tab.type('uname -srm', /Linux 6[^\n]*s390x\s+guesthouse:[^\n]*# $/);
    await tab.type('ls /', /modules\s+root[^#]+# $/);
    await tab.explorer.page.getByRole('button', { name: 'Pause' }).click();
    await write(tab.explorer, 'linux');
  } finally {
    await tab.close();
  }
}

const { values } = parseArgs({
  options: {
    linux: { type: 'boolean' },
    scratch: { type: 'string', default: join(tmpdir(), 'guesthouse-linux') },
  },
});
await (values.linux ? takeLinux(values.scratch) : makeScreenshots());
