/**
 * The layout of the page, in windows of a projector, a scaled notebook and a phone; and the views that follow what a step
 * changed.
 */

import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { served } from '../serve.ts';
import { numberOf, PATIENT, PROJECTOR, pageFixture } from './fixture.ts';
import { violations } from './violations.ts';

const { describePage, open } = await pageFixture();

/** Expects an element to be at least `height` pixels high and wholly inside of the window. */
async function expectInside(page: Page, selector: string, height: number): Promise<void> {
  const box = await page.locator(selector).first().boundingBox();
  const { width: windowWidth, height: windowHeight } = page.viewportSize() as {
    width: number;
    height: number;
  };
  expect(box, selector).not.toBeNull();
  if (box === null) return;
  expect(box.height, `height of ${selector}`).toBeGreaterThanOrEqual(height);
  expect(box.y, `top of ${selector}`).toBeGreaterThanOrEqual(0);
  expect(box.y + box.height, `bottom of ${selector}`).toBeLessThanOrEqual(windowHeight + 1);
  expect(box.x, `left of ${selector}`).toBeGreaterThanOrEqual(0);
  expect(box.x + box.width, `right of ${selector}`).toBeLessThanOrEqual(windowWidth + 1);
}

describePage('the layout', () => {
  it.each([
    ['a projector', 1024, 768, true],
    ['a notebook of 1366 by 768 at 125 %', 1093, 614, true],
    ['a phone', 390, 844, false],
  ] as const)('of %s has picture, note and steps inside the window', async (_, width, height, columns) => {
    const explorer = await open('', { viewport: { width, height } });
    const { page } = explorer;
    await explorer.lesson(numberOf('link'));
    await explorer.stepTo(5);
    await expectInside(page, '.stage', 240);
    await expectInside(page, '.notes li.latest', 20);
    await expectInside(page, '[aria-label="Step forward"]', 24);
    await expectInside(page, '[aria-label="Step back"]', 24);
    await expectInside(page, '.spaces-picture .line.process', 20);
    if (columns) {
      await expectInside(page, '.step', 80);
      await expectInside(page, '.events', 80);
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, 'pixels wider than the window').toBeLessThanOrEqual(0);
  });

  it.each([
    ['a projector', 1024, 768],
    ['a phone', 390, 844],
  ] as const)(
    'of a guest on %s has its controls inside the window, and nothing overlaps',
    async (_, width, height) => {
      const explorer = await open(await served('examples/images/paging.elf'), {
        viewport: { width, height },
      });
      const { page } = explorer;
      await page.locator('.where', { hasText: 'step 44,842 of 44,842' }).waitFor();
      await expectInside(page, '[aria-label="Step forward"]', 24);
      await expectInside(page, '[aria-label="Lecture mode"]', 24);
      // The list of events has scrolled to the position, which is the end.
      const inList = () =>
        page.locator('.events .row.now').evaluate((row) => {
          const list = row.closest('.rows')?.getBoundingClientRect();
          const { top, bottom } = row.getBoundingClientRect();
          return list !== undefined && top >= list.top - 1 && bottom <= list.bottom + 1;
        });
      await expect.poll(inList, PATIENT).toBe(true);
      const bottomOf = async (selector: string) => {
        const box = await page.locator(selector).boundingBox();
        return { top: box?.y ?? 0, bottom: (box?.y ?? 0) + (box?.height ?? 0) };
      };
      const [stage, lesson, strip] = await Promise.all(['.stage', '.lesson', '.strip'].map(bottomOf));
      if (width < 760) {
        expect(lesson?.top).toBeGreaterThanOrEqual((stage?.bottom ?? 0) - 1);
        expect(strip?.top).toBeGreaterThanOrEqual((lesson?.bottom ?? 0) - 1);
      }
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, 'pixels wider than the window').toBeLessThanOrEqual(0);
    },
  );

  it('shows entry, key and contents of a page on a projector, and the end of a lesson', async () => {
    const explorer = await open('#lesson=link&step=6', PROJECTOR);
    const { page } = explorer;
    await page.locator('.lens').waitFor();
    await explorer.settled();
    const end = async (selector: string) => {
      const box = await page.locator(selector).first().boundingBox();
      return (box?.y ?? Infinity) + (box?.height ?? 0);
    };
    const floor = await end('.panel');
    for (const part of ['.notes li.latest', '.lens-entry', '.lens-bytes > div']) {
      expect(await end(part), part).toBeLessThanOrEqual(floor);
    }
    await page.keyboard.press('Shift+}');
    await explorer.at(13);
    await expectInside(page, '.go-on .primary', 30);
    const questions = page.getByRole('button', { name: '3 questions' });
    await questions.click();
    await expectInside(page, '.quiz', 40);
    await page.locator('.quiz').first().getByRole('button', { name: 'The guest has no page table' }).click();
    await page.getByRole('button', { name: '2 questions' }).waitFor();
  });

  it.each([
    ['the end of a walk through six tables', 'fork', 5, '.walk-end'],
    ['the second of two guests', 'share', 9, '.spaces-picture .line.guest >> nth=1'],
    ['the PGSTE of a page', 'keys', 6, '.lens-entry'],
    ['the value of an entry', 'large', 8, '.trees-detail .entry-raw'],
  ])('shows on a projector, without scrolling, %s', async (_, id, step, selector) => {
    const { page } = await open(`#lesson=${id}&step=${step}`, PROJECTOR);
    await page.locator(selector).first().waitFor();
    const bottomOf = async (what: string) => {
      const box = await page.locator(what).first().boundingBox();
      return (box?.y ?? Infinity) + (box?.height ?? 0);
    };
    const floor = await bottomOf('.panel');
    expect(await bottomOf(selector)).toBeLessThanOrEqual(floor);
  });

  it('has panes that resize and fold, and keeps that', async () => {
    const explorer = await open();
    const { page } = explorer;
    const widthOf = async () => (await page.locator('.sidebar').boundingBox())?.width ?? 0;
    const before = await widthOf();
    const splitter = page.getByRole('separator', { name: 'Width of lesson and scenario' });
    const box = await splitter.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 3, 300);
    await page.mouse.down();
    await page.mouse.move(520, 300);
    await page.mouse.up();
    await expect.poll(widthOf, PATIENT).toBeCloseTo(520, -1);
    await splitter.press('ArrowLeft');
    await expect.poll(widthOf, PATIENT).toBeLessThan(510);
    await page.getByRole('button', { name: 'Fold the timeline' }).click();
    expect(await page.locator('.events').isVisible()).toBe(false);
    await page.reload();
    await explorer.ready();
    expect(await widthOf()).toBeGreaterThan(before + 50);
    expect(await page.locator('.events').isVisible()).toBe(false);
    await splitter.press('Enter');
    await expect.poll(widthOf, PATIENT).toBeCloseTo(before, 0);
  });

  it('has a mode for lectures, in which clickers step', async () => {
    const explorer = await open('', PROJECTOR);
    const { page } = explorer;
    await explorer.lesson(numberOf('link'));
    await page.keyboard.press('l');
    await page.keyboard.press('PageDown');
    await explorer.at(1);
    await page.keyboard.press('ArrowRight');
    await explorer.at(2);
    await page.keyboard.press('PageUp');
    await explorer.at(1);
    expect(await page.locator('.scenario').isVisible()).toBe(false);
    expect(await page.locator('.lecture-line').innerText()).toMatch(/^mmap 256M 1M\s+→ ok$/);
    const size = await page
      .locator('.notes li.latest p')
      .first()
      .evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
    expect(size).toBeGreaterThanOrEqual(18);
    await expectInside(page, '.notes li.latest', 30);
    await expectInside(page, '[aria-label="Step forward"]', 24);
    expect(await violations(explorer)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await page.locator('.scenario').isVisible()).toBe(true);
  });
});

describePage('the page lens', () => {
  it('opens when a step accesses a page, and shows its entry, key and bytes', async () => {
    const explorer = await open();
    const { page } = explorer;
    expect(await page.locator('.lens').count()).toBe(0);
    await explorer.lesson(numberOf('dirty'));
    await explorer.stepTo(4);
    const lens = page.getByRole('region', { name: 'Pages of the segment' });
    await lens.getByText('Page 0x1000').waitFor();
    expect(await lens.locator('h3').innerText()).toContain('guest 0, segment 0x0');
    expect(await lens.getByRole('option').count()).toBe(256);
    expect(await lens.locator('.lens-bytes').innerText()).toMatch(/^000 22 00/);
    expect(await lens.locator('.lens-entry').innerText()).toMatch(/frame\s+0x[\da-f]+000\s+key\s+0x6/);
    // The next store changes the byte: it is marked.
    await page.keyboard.press(']');
    await explorer.at(5);
    expect(await lens.locator('.lens-bytes .changed').first().innerText()).toBe('33');
    await lens.getByRole('listbox').focus();
    await page.keyboard.press('ArrowDown');
    await lens.getByText('Page 0x11000').waitFor();
    expect(await violations(explorer, undefined, '.lens')).toEqual([]);
  });
});

describePage('the scenario', () => {
  it('runs as one types, and stays at its line', async () => {
    const explorer = await open();
    const { page } = explorer;
    await explorer.lesson(numberOf('link'));
    await explorer.stepTo(2);
    const steps = Number(/of (\d+)/.exec(await page.locator('.where').innerText())?.[1]);
    await page.locator('.cm-line').first().click();
    await page.keyboard.press('Home');
    await page.keyboard.type('stats\n');
    await page.locator('.where', { hasText: `step 3 of ${steps + 1}` }).waitFor();
    // A syntax error: the old run stays, and the page says so.
    await page.keyboard.type('mmpa 1');
    await page.getByText('has a syntax error').waitFor();
    expect(await page.locator('.where').innerText()).toContain(`of ${steps + 1}`);
    for (let i = 0; i < 6; i++) await page.keyboard.press('Backspace');
    await expect.poll(() => page.getByText('has a syntax error').count(), PATIENT).toBe(0);
  });
});

describePage('a guest', () => {
  it('has breakpoints, forward and back', async () => {
    const explorer = await open(await served('examples/images/paging.elf'));
    const { page } = explorer;
    const where = page.locator('.where');
    await page.getByRole('button', { name: 'Breakpoints' }).click();
    await page.locator('.breakpoints textarea').fill('interruption:program\nnonsense:');
    await page.getByRole('alert').getByText('nonsense:').waitFor();
    await page.getByRole('button', { name: 'Previous hit' }).click();
    await page.getByRole('status').getByText('CPU 0 takes a program interruption').waitFor();
    const last = await where.innerText();
    expect(last).toMatch(/^in step [\d,]+ of [\d,]+, after event 1/);
    await page.getByRole('button', { name: 'Next hit' }).click();
    await page.getByText('No later hit in this recording').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+B');
    await expect.poll(() => where.innerText(), PATIENT).not.toBe(last);
    const before = await where.innerText();
    await page.keyboard.press('b');
    await expect.poll(() => where.innerText(), PATIENT).toBe(last);
    expect(before).not.toBe(last);
  });

  it('has a search among its events', async () => {
    const explorer = await open(await served('examples/images/paging.elf'));
    const { page } = explorer;
    const count = () => page.locator('.events h2 .muted').innerText();
    const all = await count();
    const field = page.getByRole('searchbox', { name: 'Search events' });
    await field.fill('link gmap 0');
    await expect.poll(count, PATIENT).not.toBe(all);
    await page.locator('.events .row .sentence').first().getByText('is linked to page table').waitFor();
    await field.fill('nonsense');
    await page.getByRole('alert').getByText('nonsense').waitFor();
    await field.fill('');
    await expect.poll(count, PATIENT).toBe(all);
  });

  it('has its repeated events in one row, which unfolds', async () => {
    const explorer = await open(await served('examples/images/paging.elf'));
    const { page } = explorer;
    const rows = page.locator('.events .row');
    const list = page.getByRole('listbox', { name: 'Events of the recording' });
    const setSize = async () => Number(await rows.first().getAttribute('aria-setsize'));
    const total = Number((await page.locator('.events h2 .muted').innerText()).replace(',', ''));
    await expect.poll(setSize, PATIENT).toBeLessThan(total / 2);
    const folded = await setSize();
    await list.evaluate((element) => element.scrollTo(0, 0));
    const first = rows.filter({ hasText: '▸' }).first();
    const [times] = /\d+(?= ▸)/.exec(await first.innerText()) as RegExpExecArray;
    expect(await first.locator('.glyph').count()).toBe(2);
    await first.locator('.times').click();
    await expect.poll(setSize, PATIENT).toBe(folded + 2 * Number(times) - 1);
    // The keys: to the first event of the row, which is unfolded; left folds it, right unfolds it.
    await rows.filter({ hasText: '▾' }).first().click();
    await list.press('ArrowDown');
    await list.press('ArrowLeft');
    await expect.poll(setSize, PATIENT).toBe(folded);
    await page.locator('.events .row.now .times', { hasText: `1 of ${times}` }).waitFor();
    await list.press('ArrowRight');
    await expect.poll(setSize, PATIENT).toBe(folded + 2 * Number(times) - 1);
    expect(await violations(explorer, ['aria-required-children', 'nested-interactive'])).toEqual([]);
  });

  it('starts again with another command line and memory', async () => {
    const explorer = await open(await served('examples/images/hello.elf', '--', 'you'));
    const { page } = explorer;
    await page.getByLabel('Arguments').fill('everybody');
    await page.getByLabel('Memory', { exact: true }).fill('64');
    await page.getByRole('button', { name: 'Start again' }).click();
    await page.getByRole('alert').getByText('multiple of 1M').waitFor();
    await page.getByLabel('Memory', { exact: true }).fill('8M');
    await page.getByRole('button', { name: 'Start again' }).click();
    await explorer.view('Console');
    await page.locator('.xterm').getByText('everybody').first().waitFor();
  });
});
