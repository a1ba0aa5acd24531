/**
 * The explorer in a real browser, served by the real command, each time with a fresh profile. A page that logs an
 * error, throws one, or requests anything that its server does not have fails the test.
 */

import type { Browser, BrowserContextOptions, ConsoleMessage, Page } from 'playwright-core';
import { launchBrowser } from '../browser/launch.ts';

/** The browser, or null, with a message, on a computer without one. In continuous integration it must exist. */
export async function browserForTests(): Promise<Browser | null> {
  try {
    return await launchBrowser();
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write(`${(error as Error).message}\nThe tests of the page are skipped.\n`);
    return null;
  }
}

/** Milliseconds without a change after which an answer of the worker is unlikely to come. */
const REST = 250;

/** A page of the explorer. */
export class Explorer {
  readonly page: Page;
  /** Problems in the page; must be empty. */
  readonly problems: string[] = [];
  /** Bytes of every file fetched, by path. */
  readonly fetched = new Map<string, Buffer>();
  /** Resolves when those files are complete that were being fetched. */
  arrived: Promise<unknown> = Promise.resolve();
  readonly #origin: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#origin = new URL(url).origin;
  }

  /** Opens an address with a fresh profile: nothing is stored from another page. */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Explorer> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      colorScheme: 'light',
      ...options,
    });
    context.setDefaultTimeout(20_000);
    // tsx compiles named functions into calls of __name, which a page does not have.
    await context.addInitScript({ content: 'globalThis.__name = (named) => named;' });
    const explorer = new Explorer(await context.newPage(), url);
    explorer.#watch();
    await explorer.page.goto(url);
    return explorer;
  }

  /** Closes it. @throws Error naming the problems in it */
  async close(): Promise<void> {
    await this.page.context().close();
    if (this.problems.length > 0) throw new Error(`The page had problems:\n${this.problems.join('\n')}`);
  }

  /** Waits until the open recording is complete. */
  async ready(): Promise<void> {
    await this.page.locator('.where', { hasText: /^(in )?step [\d,]+ of [\d,]+(?!.*recording)/ }).waitFor();
  }

  /** Waits until the position shown is after `step` steps, and all views show it. */
  async at(step: number): Promise<void> {
    await this.page
      .locator('.where', { hasText: new RegExp(`^step ${step.toLocaleString('en')} of`) })
      .waitFor();
    await this.settled();
  }

  /** Waits until nothing in the page has changed for some frames. */
  async settled(): Promise<void> {
    await this.page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const quiet = 80;
          let timer = setTimeout(done, quiet);
          const observer = new MutationObserver(() => {
            clearTimeout(timer);
            timer = setTimeout(done, quiet);
          });
          observer.observe(document.body, {
            subtree: true,
            childList: true,
            attributes: true,
            characterData: true,
          });
          function done() {
            observer.disconnect();
            resolve();
          }
        }),
    );
  }

  /** Selects a view. */
  async view(name: string): Promise<void> {
    await this.page.getByRole('tab', { name, exact: true }).click();
    await this.settled();
  }

  /** Opens a lesson from the menu, by its number from 0. */
  async lesson(number: number): Promise<void> {
    const menu = this.page.getByRole('button', { name: 'Choose a lesson' });
    await menu.click();
    await this.page.getByRole('menuitemradio').nth(number).click();
    // Otherwise the former lesson would satisfy the conditions below.
    await menu.filter({ hasText: `Lesson ${number} of` }).waitFor();
    await this.ready();
    await this.at(0);
  }

  /** Goes on step by step, up to a step. */
  async stepTo(step: number): Promise<void> {
    const text = await this.page.locator('.where').innerText();
    for (let at = Number(/^step (\d+) of/.exec(text)?.[1]); at < step; at++)
      await this.page.keyboard.press(']');
    await this.at(step);
  }

  /**
   * Returns the contents of the views as text. It depends on the position only, not on how it was reached.
   * Preconditions: the page has settled.
   */
  async shown(): Promise<string> {
    const counts = await this.page.locator('.counts dt, .counts dd').allInnerTexts();
    const panel = await this.page.locator('#panel').innerText();
    return `${counts.map((text) => text.split(/\s/)[0]).join(' ')}\n${panel}`;
  }

  /** As `shown`, once it is the same twice: on a busy computer, an answer of the worker may come late. */
  async shownAtRest(): Promise<string> {
    for (let last = await this.shown(); ; ) {
      await this.page.waitForTimeout(REST);
      const now = await this.shown();
      if (now === last) return now;
      last = now;
    }
  }

  #watch(): void {
    const context = this.page.context();
    const report = (message: ConsoleMessage) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    };
    context.on('console', report);
    context.on('weberror', (error) => this.problems.push(`thrown: ${error.error()}`));
    context.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText;
      // The page itself cancels requests: it ends a worker, whose script may still be on its way, with the recording.
      if (reason === 'net::ERR_ABORTED') return;
      this.problems.push(`not fetched: ${request.url()}: ${reason}`);
    });
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (origin !== this.#origin && protocol !== 'data:' && protocol !== 'blob:') {
        this.problems.push(`asked of somebody else: ${request.url()}`);
      }
    });
    context.on('response', (response) => {
      const { origin, pathname } = new URL(response.url());
      if (origin !== this.#origin) return;
      if (response.status() !== 200) this.problems.push(`${response.status()}: ${pathname}`);
      const body = response.body().then(
        (bytes) => this.fetched.set(pathname, bytes),
        () => undefined,
      );
      this.arrived = Promise.all([this.arrived, body]);
    });
  }
}
