/**
 * Who wrote this: the buttons that go to the last and the next change of an entry and of a page.
 */

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endAll, served } from '../serve.ts';
import { browserForTests, Explorer } from './browser.ts';

const browser = await browserForTests();
let explorer: Explorer;
const PATIENT = { timeout: 20_000 };

beforeAll(async () => {
  const url = browser === null ? '' : await served('examples/images/paging.elf');
  if (browser === null) return;
  explorer = await Explorer.open(browser as Browser, url, { viewport: { width: 1280, height: 900 } });
  await explorer.ready();
  await explorer.settled();
});
afterEach(async () => {
  await explorer?.close();
});
afterAll(async () => {
  await browser?.close();
  await endAll();
});

describe.skipIf(browser === null)('who wrote an entry', () => {
  it('is found from the tables, back to the first change and forward again', async () => {
    const { page } = explorer;
    const where = page.locator('.where');
    await page.keyboard.press('}');
    await explorer.view('Tables');
    const last = page.getByRole('button', { name: 'Last change of this entry' });
    const end = await where.innerText();
    await last.click();
    await page.getByRole('status').getByText('This step changed it from 0x').waitFor(PATIENT);
    await expect.poll(() => where.innerText(), PATIENT).not.toBe(end);
    for (let i = 0; i < 20; i++) {
      const before = await where.innerText();
      await last.click();
      const none = page.getByRole('status').getByText('No earlier change');
      await expect
        .poll(async () => (await none.isVisible()) || (await where.innerText()) !== before, PATIENT)
        .toBe(true);
      if (await none.isVisible()) break;
    }
    await page.getByRole('status').getByText('No earlier change').waitFor(PATIENT);
    const first = await where.innerText();
    expect(first).not.toBe(end);
    await page.getByRole('button', { name: 'Next change of this entry' }).click();
    await expect.poll(() => where.innerText(), PATIENT).not.toBe(first);
    await page.getByRole('status').getByText('This step changed it from 0x').waitFor(PATIENT);
  });
});
