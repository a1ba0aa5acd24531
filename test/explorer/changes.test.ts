/**
 * Who wrote this: the buttons that go to the last and the next change of an entry and of a page.
 */

import { expect, it } from 'vitest';
import { served } from '../serve.ts';
import { PATIENT, pageFixture } from './fixture.ts';

const { describePage, open } = await pageFixture();

describePage('who wrote an entry', () => {
  it('is found from the tables, back to the first change and forward again', async () => {
    const options = { viewport: { width: 1280, height: 900 } };
    const explorer = await open(await served('examples/images/paging.elf'), options);
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
