/**
 * The explorer in a real browser, served by the real command, each time without stored data. A page that logs an
 * error, throws one, or requests anything that its server does not have fails the test.
 */

import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  ConsoleMessage,
  Page,
  ViewportSize,
} from 'playwright-core';
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

/** The window of a page. What is absent is the default. */
export interface Look {
  readonly viewport?: ViewportSize;
  readonly colorScheme?: 'light' | 'dark' | 'no-preference' | null;
}

/** Creates a profile of the browser. */
export async function newProfile(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const profile = await browser.newContext({ reducedMotion: 'reduce', ...options });
  profile.setDefaultTimeout(20_000);
  // tsx compiles named functions into calls of __name, which a page does not have.
  await profile.addInitScript({ content: 'globalThis.__name = (named) => named;' });
  return profile;
}

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

  /**
   * Opens an address, as if for the first time: nothing is stored from another page of its origin.
   * Preconditions: no other page is open in the profile.
   */
  static async open(profile: BrowserContext, url: string, look: Look = {}): Promise<Explorer> {
    const { viewport = { width: 1280, height: 800 }, colorScheme = 'light' } = look;
    const explorer = new Explorer(await profile.newPage(), url);
    const { page } = explorer;
    await Promise.all([
      page.setViewportSize(viewport),
      page.emulateMedia({ colorScheme }),
      explorer.#forgetStored(),
    ]);
    explorer.#watch();
    await page.goto(url);
    return explorer;
  }

  /** Opens another address in it, with what is stored. */
  async goTo(url: string): Promise<void> {
    // Otherwise an address that differs in its hash only would not be loaded.
    await this.page.goto('about:blank');
    await this.page.goto(url);
  }

  /** Closes the page. Returns its profile, which can be used again. @throws Error naming the problems in it */
  async leave(): Promise<BrowserContext> {
    const profile = this.page.context();
    await Promise.all(profile.pages().map((page) => page.close()));
    profile.removeAllListeners();
    await profile.unrouteAll({ behavior: 'ignoreErrors' });
    if (this.problems.length > 0) throw new Error(`The page had problems:\n${this.problems.join('\n')}`);
    return profile;
  }

  /** Closes it and its profile. @throws Error naming the problems in it */
  async close(): Promise<void> {
    await this.page.context().close();
    if (this.problems.length > 0) throw new Error(`The page had problems:\n${this.problems.join('\n')}`);
  }

  async #forgetStored(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Storage.clearDataForOrigin', { origin: this.#origin, storageTypes: 'all' });
    await session.detach();
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
