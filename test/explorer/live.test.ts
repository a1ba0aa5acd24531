/** Guests that are played live in the page: opening, the terminal, going back, and states. A small guest of our own is the kernel. */

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { kernelImage } from '../kernel-image.ts';
import type { Explorer } from './browser.ts';
import { PATIENT, PROJECTOR, pageFixture } from './fixture.ts';
import { violations } from './violations.ts';

const { describePage, open, url } = await pageFixture();

const file = (name: string, bytes: Uint8Array | string) => {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
};
const KERNEL = file('vmlinuz', kernelImage('echo'));
const INITRD = file('initrd.img', gzipSync('files'));

/** Opens files as the user does with the button. */
async function choose({ page }: Explorer, ...files: readonly ReturnType<typeof file>[]): Promise<void> {
  await page.locator('input[type=file]').setInputFiles([...files]);
}

const console = ({ page }: Explorer) => page.getByRole('log', { name: 'Console of the guest' });

/** Waits until the console ends with a text. */
async function printed(explorer: Explorer, text: string): Promise<void> {
  await expect.poll(() => console(explorer).textContent(), PATIENT).toMatch(new RegExp(`${text}$`));
}

/** Types into the terminal. */
async function type({ page }: Explorer, text: string): Promise<void> {
  await page.locator('.xterm').click();
  await page.keyboard.type(text);
}

/** Boots the kernel until it waits for input. */
async function booted(): Promise<Explorer> {
  const explorer = await open();
  await choose(explorer, KERNEL, INITRD);
  await printed(explorer, '\\^D ends\\.\n');
  return explorer;
}

describePage('a kernel and its initial RAM disk', () => {
  it('boot in the page, and answer what is typed', async () => {
    const explorer = await booted();
    const { page } = explorer;
    expect(await page.getByRole('tab', { selected: true }).innerText()).toBe('Spaces');
    await page.getByText('the guest waits for you').waitFor();
    await type(explorer, 'ls\n');
    await printed(explorer, 'LS\n');
    expect(await page.getByLabel('Command line').inputValue()).toBe('console=ttysclp0');
    await page.getByText('Initial RAM disk: 0.0 MiB.').waitFor();
    // The keyboard can leave the terminal.
    await page.keyboard.press('Shift+Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('.xterm') ?? null)).toBeNull();
    expect(await violations(explorer)).toEqual([]);
  });

  it('can be opened one after the other', async () => {
    const explorer = await open();
    await choose(explorer, INITRD);
    await explorer.page.getByRole('alert').getByText('initrd.img is an initial RAM disk.').waitFor();
    await choose(explorer, KERNEL);
    await explorer.page.getByText('Initial RAM disk: 0.0 MiB.').waitFor();
    await printed(explorer, 'ends\\.\n');
    expect(await explorer.page.getByRole('alert').count()).toBe(0);
    // The kernel boots again with another one.
    await choose(explorer, file('big.img', Buffer.concat([INITRD.buffer, Buffer.alloc(1 << 20)])));
    await explorer.page.getByText('Initial RAM disk: 1.0 MiB.').waitFor();
  });

  it('are distinguished from other files', async () => {
    const explorer = await open();
    const { page } = explorer;
    await choose(explorer, KERNEL, file('readme.txt', 'stats\n'));
    await page.getByRole('alert').getByText('Open one file, or a Linux kernel and its').waitFor();
    await choose(explorer, file('notes.txt', 'stats\n'), INITRD);
    await page.getByRole('alert').getByText('notes.txt is no Linux kernel').waitFor();
    const foreign = new Uint8Array(0x400);
    foreign.set(Buffer.from('HdrS'), 0x202);
    await choose(explorer, file('bzImage', foreign));
    await page.getByRole('alert').getByText('bzImage is a Linux kernel for x86').waitFor();
  });

  it('can be paused, stepped, and gone back in', async () => {
    const explorer = await booted();
    const { page } = explorer;
    await type(explorer, 'one\n');
    await printed(explorer, 'ONE\n');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Run' }).waitFor();
    const steps = Number((await page.locator('.where b').innerText()).replaceAll(',', ''));
    await page.getByRole('button', { name: 'Step back' }).click();
    await explorer.at(steps - 1);
    await page.getByRole('button', { name: 'To the start' }).click();
    await explorer.at(0);
    await printed(explorer, '^');
    await page.getByRole('button', { name: 'Go to the end to type' }).click();
    await printed(explorer, 'ONE\n');
    await type(explorer, 'two\n');
    await page.getByRole('button', { name: 'Step forward' }).click();
    await explorer.at(steps + 1);
    await page.getByRole('button', { name: 'Run' }).click();
    await printed(explorer, 'ONE\nTWO\n');
  });

  it('fit in a window', async () => {
    const explorer = await booted();
    const { page } = explorer;
    for (const viewport of [PROJECTOR.viewport, { width: 1280, height: 800 }]) {
      await page.setViewportSize(viewport);
      await explorer.settled();
      for (const inside of ['.live-panel', '.xterm-screen', '.events', '.spaces-picture']) {
        const box = await page.locator(inside).first().boundingBox();
        expect((box?.x ?? 0) + (box?.width ?? 0), inside).toBeLessThanOrEqual(viewport.width);
        expect((box?.y ?? 0) + (box?.height ?? 0), inside).toBeLessThanOrEqual(viewport.height);
      }
      const rows = page.locator('.xterm-rows > div');
      expect(await rows.count()).toBeGreaterThan(12);
      // All 80 columns are visible.
      const line = 'x'.repeat(79);
      await type(explorer, `${line}!\n`);
      await printed(explorer, 'X!\n');
      const shown = async () => (await rows.allInnerTexts()).map((text) => text.trim());
      await expect.poll(shown, PATIENT).toContain(`${line.toUpperCase()}!`);
    }
  });
});

describePage('the state of a guest', () => {
  it('is saved as a file, which can be opened', async () => {
    const explorer = await booted();
    const { page } = explorer;
    await type(explorer, 'one ');
    await page.getByText('the guest waits for you').waitFor();
    const offered = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save state' }).click();
    const download = await offered;
    expect(download.suggestedFilename()).toBe('vmlinuz.state');
    const bytes = readFileSync(await download.path());
    const other = await open();
    await choose(other, file('vmlinuz.state', bytes));
    await other.page.getByText('the guest waits for you').waitFor();
    await type(other, 'two\n');
    await printed(other, '^ONE TWO\n');
    // The address can name one on the page's own server.
    await page.context().route('**/states/a.state', (route) => route.fulfill({ body: bytes }));
    await page.goto(`${url()}?state=states/a.state`);
    await page.getByText('the guest waits for you').waitFor();
    await type(explorer, 'three\n');
    await printed(explorer, '^ONE THREE\n');
  });

  it('is opened from the origin of the page only', async () => {
    const elsewhere = 'it must come from http://127.0.0.1:';
    const refused = [
      ['https://example.org/a.state', elsewhere],
      ['//example.org/a.state', elsewhere],
      ['javascript:1', elsewhere],
      ['index.html', 'index.html is not the saved state of a guest.'],
    ] as const;
    const explorer = await open();
    for (const [path, message] of refused) {
      await explorer.goTo(`${url()}?state=${encodeURIComponent(path)}`);
      await explorer.page.getByRole('alert').getByText(message).waitFor();
    }
  });

  it('that is damaged is refused, and what is open stays open', async () => {
    const explorer = await booted();
    await choose(explorer, file('cut.state', 'guesthouse state 1\njunk'));
    await explorer.page.getByRole('alert').getByText('cut.state: not a whole state').waitFor();
    await type(explorer, 'on\n');
    await printed(explorer, 'ON\n');
  });
});
