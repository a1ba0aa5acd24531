/** A Linux in a tab of a real browser: the explorer, to which the kernel and the initial RAM disk are given. */

import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../test/browser/launch.ts';
import { Explorer, type Look, newProfile } from '../../test/explorer/browser.ts';
import { endAll, served } from '../../test/serve.ts';
import type { LinuxFiles } from './files.ts';

const PROMPT = /guesthouse:[^\n]*# $/;
/** Milliseconds between two looks at the console. */
const LOOK = 50;

/** The tab. */
export class LinuxTab {
  readonly explorer: Explorer;
  readonly #browser: Browser;

  private constructor(browser: Browser, explorer: Explorer) {
    this.#browser = browser;
    this.explorer = explorer;
  }

  /** Opens the kernel and the RAM disk. */
  static async open(files: LinuxFiles, look: Look = {}): Promise<LinuxTab> {
    const browser = await launchBrowser();
    try {
      const explorer = await Explorer.open(await newProfile(browser), await served(), look);
      await explorer.ready();
      await explorer.settled();
      await explorer.page.locator('input[type=file]').setInputFiles([files.kernel, files.initrd]);
      return new LinuxTab(browser, explorer);
    } catch (error) {
      await browser.close();
      await endAll();
      throw error;
    }
  }

  /** Waits until the last lines of the console match. Returns the seconds that it took. @throws Error with the lines */
  async until(pattern: RegExp, most = 300): Promise<number> {
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    for (;;) {
      const text =
        (await this.explorer.page
          .getByRole('log')
          .textContent()
          .catch(() => null)) ?? '';
      if (pattern.test(text)) return seconds();
      if (seconds() > most) throw new Error(`no ${pattern} after ${most} s: …${text.slice(-300)}`);
      await this.explorer.page.waitForTimeout(LOOK);
    }
  }

  /** Waits for the prompt of the shell. Returns the seconds that it took. */
  ready(): Promise<number> {
    return this.until(PROMPT);
  }

  /** Types a line into the terminal. Returns the seconds until the output matches. */
  async type(line: string, wanted: RegExp): Promise<number> {
    const { page } = this.explorer;
    await page.locator('.xterm').click();
    await page.keyboard.type(`${line}\n`);
    return this.until(wanted);
  }

  /** Performs an action, and waits until the position that it leads to is shown. Returns the seconds that it took. */
  async goTo(action: () => Promise<unknown>): Promise<number> {
    const { page } = this.explorer;
    const start = performance.now();
    await action();
    await this.explorer.settled();
    await page.locator('.where .waiting').waitFor({ state: 'hidden', timeout: 120_000 });
    return (performance.now() - start) / 1000;
  }

  /** Goes to a step. */
  async goToStep(step: number): Promise<number> {
    const { page } = this.explorer;
    await page.locator('.where button').click();
    await page.locator('.where input').fill(String(step));
    return this.goTo(() => page.keyboard.press('Enter'));
  }

  /** Returns the most memory that the process of the tab has used, in MiB; null where that is not known. */
  async peak(): Promise<number | null> {
    const session = await this.#browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => highWater(id));
    const most = Math.max(0, ...sizes);
    return most === 0 ? null : most;
  }

  /** Closes it. @throws Error naming the problems in the page */
  async close(): Promise<void> {
    try {
      await this.explorer.close();
    } finally {
      await this.#browser.close();
      await endAll();
    }
  }
}

/** The most memory that a process has used, in MiB; 0 if that is not known. */
function highWater(id: number): number {
  try {
    const kib = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1];
    return Math.round(Number(kib ?? 0) / 1024);
  } catch {
    return 0;
  }
}
