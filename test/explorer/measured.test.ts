/**
 * How fast the page is. These tests run alone; their bounds are generous, because other programs may be running.
 */

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { served } from '../serve.ts';
import type { Explorer } from './browser.ts';
import { lessons, pageFixture } from './fixture.ts';

const { describePage, open } = await pageFixture();

/** A guest with 1 TiB of a process, linked in three places. */
const MILLION = fileURLToPath(new URL('million.txt', import.meta.url));

describePage('the page', () => {
  it('shows the first lesson quickly, from less than 415 KB', async () => {
    const explorer = await open();
    const { page, fetched } = explorer;
    const after = await page.evaluate(() => performance.now());
    await explorer.arrived;
    expect(await page.getByRole('heading', { level: 2 }).first().innerText()).toBe(lessons[0]?.title);
    const packed = [...fetched.values()].reduce((sum, body) => sum + gzipSync(body).byteLength, 0);
    expect([...fetched.keys()].some((path) => path.includes('worker'))).toBe(true);
    expect(packed).toBeLessThan(415_000);
    // A second on an ordinary computer; other programs may be running as well.
    expect(after).toBeLessThan(4000);
  });

  it('pans smoothly through a million segments', async () => {
    const explorer = await open(await served(MILLION));
    const { page } = explorer;
    await page.keyboard.press('Shift+}');
    await explorer.at(6);
    await page.getByText('guest 0 · 1,048,576 segments').waitFor();
    await page.getByRole('button', { name: 'guest 0: zoom in' }).click();
    await page.getByRole('button', { name: 'guest 0: zoom in' }).click();
    const { frames, milliseconds, looks } = await pan(explorer);
    // 60 a second on an ordinary computer; other programs may be running as well.
    expect((1000 * frames) / milliseconds, 'frames a second').toBeGreaterThan(15);
    expect(looks, 'different pictures').toBeGreaterThan(10);
  });
});

describePage('a scenario', () => {
  it('of 100,000 lines loads, and takes a key quickly', async () => {
    const large = await served(MILLION);
    const explorer = await open(large);
    const { page } = explorer;
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+End');
    await page.evaluate(() => {
      const lines = Array.from(
        { length: 100_000 },
        (_, i) => `process write ${2 ** 21 + (i % 8)}M ${(i % 90) | 16}`,
      );
      const data = new DataTransfer();
      data.setData('text/plain', `\nmmap 2T 8M\n${lines.join('\n')}`);
      const content = document.querySelector('.cm-content') as HTMLElement;
      content.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      );
    });
    await page.locator('.where', { hasText: /of 100,0\d\d(?!.*recording)/ }).waitFor({ timeout: 60_000 });
    // Time on the main thread from a key to the next picture, without the 300 ms after which the text is read.
    const times = await page.evaluate(async () => {
      const content = document.querySelector('.cm-content') as HTMLElement;
      content.focus();
      const taken: number[] = [];
      for (let i = 0; i < 9; i++) {
        const start = performance.now();
        document.execCommand('insertText', false, '#');
        taken.push(performance.now() - start);
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
      return taken.sort((a, b) => a - b);
    });
    // 50 ms are wanted on an idle computer; others may be running.
    expect(times[4]).toBeLessThan(200);
  });
});

/** Drags the picture of the spaces back and forth, and counts the frames and the different pictures. */
async function pan({ page }: Explorer): Promise<{ frames: number; milliseconds: number; looks: number }> {
  const picture = page.locator('#panel svg:has(#spaces-clip)');
  const box = await picture.boundingBox();
  if (!box) throw new Error('there is no picture');
  const [x, y] = [box.x + box.width / 2, box.y + box.height - 60];
  const counted = page.evaluate(() => {
    const started = performance.now();
    const pictures = new Set<string>();
    let frames = 0;
    return new Promise<{ frames: number; milliseconds: number; looks: number }>((resolve) => {
      const frame = () => {
        frames++;
        pictures.add(document.querySelector('#panel svg:has(#spaces-clip)')?.innerHTML ?? '');
        const milliseconds = performance.now() - started;
        if (milliseconds < 2000) requestAnimationFrame(frame);
        else resolve({ frames, milliseconds, looks: pictures.size });
      };
      requestAnimationFrame(frame);
    });
  });
  await page.mouse.move(x, y);
  await page.mouse.down();
  const until = Date.now() + 1900;
  for (let move = 0; Date.now() < until; move++) {
    await page.mouse.move(x + 300 * Math.sin(move / 15), y);
  }
  await page.mouse.up();
  return counted;
}
