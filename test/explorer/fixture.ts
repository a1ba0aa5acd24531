/**
 * The set-up of the tests of the page, one call for each file: a browser and a server for all of its tests. What a test has opened is
 * closed after it, and fails it if the page had problems.
 */

import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { contents, type Lesson } from '../../src/explorer/lessons/index.ts';
import { endAll, served } from '../serve.ts';
import { browserForTests, Explorer, type Look, newProfile } from './browser.ts';

/** All lessons. */
export const lessons = await Promise.all(contents.map((entry) => entry.load()));

/** For assertions that are repeated until they hold: the computer may be busy. */
export const PATIENT = { timeout: 20_000 };

/** The window of a projector. */
export const PROJECTOR = { viewport: { width: 1024, height: 768 } } as const;

/** What the tests of a file use. */
interface Fixture {
  /** `describe` for tests that need a browser: they are skipped without one. */
  readonly describePage: typeof describe;
  /** Returns the browser. Preconditions: inside of a test. */
  browser(): Browser;
  /** Returns the address of a page on which the server offers nothing. Preconditions: inside of a test. */
  url(): string;
  /**
   * Opens the page, and waits until the recording is complete.
   * @param at an address, or what follows that of `url`
   * @param options what the profile must have beside the default; with any, it is a new one
   */
  open(at?: string, look?: Look, options?: BrowserContextOptions): Promise<Explorer>;
}

/** Sets up a file of tests. */
export async function pageFixture(): Promise<Fixture> {
  const browser = await browserForTests();
  const opened: Explorer[] = [];
  /** Those whose profiles are used again. */
  const lent: Explorer[] = [];
  // Profiles without a page. In a profile that has been used, a page opens in half the time.
  const profiles: BrowserContext[] = [];
  let url = '';
  beforeAll(async () => {
    if (browser !== null) url = await served();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((explorer) => explorer.close()));
    profiles.push(...(await Promise.all(lent.splice(0).map((explorer) => explorer.leave()))));
  });
  afterAll(async () => {
    await browser?.close();
    await endAll();
  });
  return {
    describePage: describe.skipIf(browser === null) as typeof describe,
    browser: () => browser as Browser,
    url: () => url,
    async open(at = '', look = {}, options) {
      const address = new URL(at, url).href;
      const profile =
        (options === undefined && profiles.pop()) || (await newProfile(browser as Browser, options));
      const explorer = await Explorer.open(profile, address, look);
      (options === undefined ? lent : opened).push(explorer);
      await explorer.ready();
      // A browser ignores keys before it has rendered something.
      await explorer.settled();
      return explorer;
    },
  };
}

/** Returns the lesson with an id. */
export function lessonOf(id: string): Lesson {
  const found = lessons.find((lesson) => lesson.id === id);
  if (found === undefined) throw new Error(`no lesson ${id}`);
  return found;
}

/** Returns the number of a lesson in the menu, from 0. */
export function numberOf(id: string): number {
  return lessons.indexOf(lessonOf(id));
}
