/**
 * Lessons in a real browser: their notes with and without bugs, their end, links to them, and lessons by others.
 */

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Lesson } from '../../src/explorer/lessons/index.ts';
import { commonSteps, notesShown } from '../../src/explorer/lessons/story.ts';
import { sameSteps } from '../../src/explorer/same-steps.ts';
import type { InjectedFault } from '../../src/host/index.ts';
import { Player } from '../../src/player/index.ts';
import { ROOT, served } from '../serve.ts';
import { Explorer, newProfile } from './browser.ts';
import { lessonOf, lessons, PATIENT, PROJECTOR, pageFixture } from './fixture.ts';
import { violations } from './violations.ts';

const { describePage, browser, open, url } = await pageFixture();

const note = (page: Page) => page.locator('.notes > li');
const heading = (page: Page) => page.locator('.lesson h2').innerText();

/** Returns the words of a text: without markup, which the page shows in other ways. */
const words = (text: string) => text.replaceAll(/[`*]/g, '').replaceAll(/\s+/g, ' ').trim();

/** Returns the words of the notes that are true after each step, from a run of its own. */
function expectedNotes(lesson: Lesson, fault: InjectedFault | null): string[][] {
  const play = (injectedFault: InjectedFault | null) => {
    const player = new Player({ kind: 'scenario', text: lesson.scenario }, { injectedFault });
    player.record(lesson.steps.length);
    return player;
  };
  const [own, broken] = [play(null), play(fault)];
  const unaffected = sameSteps(own, broken);
  const common = commonSteps(lesson, lesson.scenario);
  own.close();
  broken.close();
  return common.map((_, step) =>
    notesShown(lesson, { fault, step, common, unaffected }).map(({ blocks }) =>
      words(blocks.flatMap((one) => (one.kind === 'list' ? one.items : [one.text])).join(' ')),
    ),
  );
}

describePage('the notes of a lesson are those of the run', () => {
  // The steps of a program are thousands.
  const ofScenarios = lessons.filter(({ program }) => program === null);
  const runs = ofScenarios.flatMap((lesson) =>
    [null, ...lesson.faults].map((fault) => [lesson.id, fault, lesson] as const),
  );

  // One page serves all runs.
  let explorer: Explorer;
  beforeAll(async () => {
    explorer = await Explorer.open(await newProfile(browser()), url(), PROJECTOR);
  });
  afterAll(() => explorer.close());

  it.each(runs)('%s, bug: %s', async (id, fault, lesson) => {
    const { page } = explorer;
    await page.evaluate(
      (hash) => {
        location.hash = hash;
      },
      `lesson=${id}&step=0&view=console${fault === null ? '' : `&fault=${fault}`}`,
    );
    await expect.poll(() => heading(page), PATIENT).toBe(lesson.title);
    await explorer.ready();
    const expected = expectedNotes(lesson, fault);
    const { notes, cut } = await notesOfSteps(page, expected);
    expect(notes).toEqual(expected);
    expect(cut, 'steps whose note is too high for a projector').toEqual([]);
  });
});

/** What a page shows after each step: its notes, as words, and the steps at which the latest note is higher than its pane. */
interface ShownNotes {
  readonly notes: readonly (readonly string[])[];
  readonly cut: readonly number[];
}

/** Steps through a lesson. Waits for the notes expected at each step, for some seconds: the page shows them when the state has arrived. */
function notesOfSteps(page: Page, expected: readonly (readonly string[])[]): Promise<ShownNotes> {
  return page.evaluate(async (expected) => {
    const shown = () =>
      [...document.querySelectorAll<HTMLElement>('.notes > li .text')].map((note) =>
        note.innerText.replaceAll(/\s+/g, ' ').trim(),
      );
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const heightOf = (selector: string) =>
      document.querySelector(selector)?.getBoundingClientRect().height ?? 0;
    const notes: string[][] = [];
    const cut: number[] = [];
    for (const [step, some] of expected.entries()) {
      if (step > 0) document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ']', bubbles: true }));
      const isThere = () =>
        document.querySelector<HTMLElement>('.where')?.innerText.startsWith(`step ${step} of`) &&
        JSON.stringify(shown()) === JSON.stringify(some);
      const until = performance.now() + 10_000;
      while (!isThere() && performance.now() < until) await frame();
      notes.push(shown());
      if (heightOf('.notes li.latest .text') > heightOf('.words')) cut.push(step);
    }
    return { notes, cut };
  }, expected);
}

describePage('a changed scenario', () => {
  it('shows only the notes before the change', async () => {
    const explorer = await open('#lesson=link&step=13');
    const { page } = explorer;
    const own = lessonOf('link').notes.filter(({ fault }) => fault === null);
    await expect.poll(() => note(page).count(), PATIENT).toBe(own.length);
    const changed = lessonOf('link').scenario.replace(
      'process read 0x10001000 3',
      'process read 0x10001000 4',
    );
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(changed);
    await page.keyboard.press('Control+Enter');
    await explorer.at(13);
    await expect.poll(() => note(page).count(), PATIENT).toBe(own.filter(({ step }) => step < 9).length);
    await page.getByText('You have changed the scenario.').waitFor();
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'To the end' }).click();
    await expect.poll(() => note(page).count(), PATIENT).toBe(own.length);
  });
});

describePage('the end of a lesson', () => {
  it('asks, invites to break it, and leads to the next lesson', async () => {
    const explorer = await open('#lesson=purge&step=11');
    const { page } = explorer;
    expect(await page.locator('.quiz').count()).toBe(0);
    const goOn = page.locator('.go-on .primary');
    await goOn.click();
    await explorer.at(12);
    await expect.poll(() => page.locator('.quiz').count(), PATIENT).toBe(2);
    for (const question of lessonOf('purge').questions) {
      const box = page.locator('.quiz').filter({ hasText: words(question.text) });
      const choices = [...question.choices].sort((a, b) => Number(a.isRight) - Number(b.isRight));
      for (const { text, reason, isRight } of choices.slice(1)) {
        await box.getByRole('button', { name: words(text) }).click();
        await box
          .getByText(isRight ? 'Right.' : 'No.')
          .first()
          .waitFor();
        expect(words(await box.innerText())).toContain(words(reason));
      }
    }
    expect(await violations(explorer)).toEqual([]);
    await page.getByRole('button', { name: /^Now leave out/ }).click();
    await explorer.at(7);
    await goOn.click();
    await explorer.at(8);
    await note(page).getByText('Without the purge:').waitFor();
    await page.getByRole('button', { name: 'To the end' }).click();
    await page.getByRole('button', { name: 'Put it back' }).click();
    await note(page).getByText('EFAULT, as it should be.').waitFor();
    await page.getByRole('button', { name: 'Next: Lesson 13: A forgotten link' }).waitFor();
    await goOn.click();
    await expect.poll(() => heading(page), PATIENT).toBe('A forgotten link');
    await page.reload();
    await explorer.ready();
    await page.getByRole('button', { name: 'Choose a lesson' }).click();
    expect(await page.getByText(`1 of ${lessons.length} done`).count()).toBe(1);
    const done = page.getByRole('menuitemradio').filter({ hasText: 'done' });
    expect(await done.allInnerTexts()).toEqual([expect.stringContaining('12. First purge, then free')]);
  });
});

describePage('a step of the process', () => {
  it.each([
    [null, 'guest 0', '0x10000000'],
    ['unlink', 'freed page table', '0x1a000'],
  ])(
    'that takes memory from a guest leaves the guest in the tables; bug: %s',
    async (fault, heading, entry) => {
      const explorer = await open(`#lesson=unlink&step=8${fault === null ? '' : `&fault=${fault}`}`);
      const tables = explorer.page.locator('.trees-drawing');
      await expect.poll(() => tables.textContent(), PATIENT).toContain(heading);
      expect(await tables.textContent()).toContain(entry);
    },
  );
});

describePage('a term', () => {
  it('keeps the punctuation that follows it on its line', async () => {
    const explorer = await open('#lesson=tables&step=2');
    const term = explorer.page.locator('.with-tail', { hasText: 'page fault' });
    expect(await term.innerText()).toBe('page fault,');
    expect(await note(explorer.page).last().innerText()).toContain(
      'The store caused a page fault, and the kernel',
    );
  });

  it('is explained by keyboard and by touch', async () => {
    const explorer = await open('#lesson=purge', {}, { hasTouch: true });
    const { page } = explorer;
    const term = page.locator('.notes').getByRole('button', { name: 'TLB' }).first();
    const text = page.locator('.explanation', { hasText: 'Translation-lookaside buffer: a cache' });
    await term.focus();
    await page.keyboard.press('Enter');
    await text.waitFor();
    expect(await violations(explorer)).toEqual([]);
    await page.keyboard.press('Escape');
    await text.waitFor({ state: 'detached' });
    await term.tap();
    await text.waitFor();
    const box = await text.boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.y ?? -1) >= 0).toBe(true);
    await page.locator('.lesson h2').tap();
    await text.waitFor({ state: 'detached' });
    await page.keyboard.press('Shift+?');
    await page.getByText('Glossary').click();
    await page.getByRole('dialog').getByText('Invalidate DAT-table entry').waitFor();
    expect(await violations(explorer)).toEqual([]);
  });
});

describePage('links', () => {
  const hash = (page: Page) => new URL(page.url()).hash;

  it('can be read and written by hand', async () => {
    const explorer = await open('#lesson=link&step=6');
    const { page } = explorer;
    await explorer.at(6);
    expect(await page.title()).toBe(`Lesson 3: ${lessonOf('link').title} – Guesthouse`);
    await page.keyboard.press(']');
    await expect.poll(() => hash(page), PATIENT).toBe('#lesson=link&step=7');
    await explorer.view('Tables');
    await expect.poll(() => hash(page), PATIENT).toBe('#lesson=link&step=7&view=tables');
    await page.getByLabel('Inject a bug').selectOption('unlink');
    await expect.poll(() => hash(page), PATIENT).toBe('#lesson=link&step=7&view=tables&fault=unlink');
  });

  it('that are wrong say what is wrong', async () => {
    const { page } = await open('#lesson=lynk&step=6');
    await page.getByRole('alert').getByText('There is no lesson “lynk”.').waitFor();
    expect(await heading(page)).toBe(lessons[0]?.title);
  });

  it('to the recording on offer name no lesson', async () => {
    const explorer = await open(`${await served('examples/images/hello.elf', '--', 'x')}#step=1`);
    await explorer.at(1);
    expect(hash(explorer.page)).toMatch(/^#step=1/);
  });
});

describePage('the text of a lesson', () => {
  /** The names of the files of lessons that were fetched, without the hashes of their contents. */
  const textsOf = ({ fetched }: Explorer) =>
    [...fetched.keys()].flatMap((path) => /\/(\d\d-[a-z]+)-[^/]*\.js$/.exec(path)?.[1] ?? []).sort();

  it('loads when the lesson is opened, or the one before it', async () => {
    const explorer = await open();
    const { page } = explorer;
    await page.getByRole('button', { name: 'Choose a lesson' }).click();
    const titles = await page.getByRole('menuitemradio').locator('strong').allInnerTexts();
    expect(titles).toEqual(lessons.map(({ title }, i) => `${i}. ${title}`));
    await page.keyboard.press('Escape');
    await expect.poll(() => textsOf(explorer), PATIENT).toEqual(['00-tables', '01-empty']);
    await explorer.lesson(9);
    await expect
      .poll(() => textsOf(explorer), PATIENT)
      .toEqual(['00-tables', '01-empty', '09-dirty', '10-keys']);
  });

  it('that comes late does not replace what was opened since', async () => {
    const explorer = await open();
    const { page } = explorer;
    let send = () => {};
    const sent = new Promise<void>((resolve) => (send = resolve));
    const passed = new Promise<void>((resolve) => {
      void page.route(/09-dirty/, async (route) => {
        await sent;
        await route.continue();
        resolve();
      });
    });
    await page.getByRole('button', { name: 'Choose a lesson' }).click();
    await page.getByRole('menuitemradio').nth(9).click();
    await page.keyboard.press('Shift+>');
    await expect.poll(() => heading(page), PATIENT).toBe(lessons[1]?.title);
    send();
    await passed;
    await expect.poll(() => textsOf(explorer), PATIENT).toContain('09-dirty');
    await explorer.settled();
    expect(await heading(page)).toBe(lessons[1]?.title);
  });

  it('that cannot be fetched leaves open what is open, and says so', async () => {
    const explorer = await open();
    const { page } = explorer;
    await page.route(/09-dirty/, (route) => route.abort('connectionrefused'));
    await page.getByRole('button', { name: 'Choose a lesson' }).click();
    await page.getByRole('menuitemradio').nth(9).click();
    await page.getByRole('alert').getByText(`“${lessons[9]?.title}” could not be loaded`).waitFor();
    expect(await heading(page)).toBe(lessons[0]?.title);
    // What this test has caused is no problem of the page.
    expect(explorer.problems.splice(0).every((problem) => problem.includes('09-dirty'))).toBe(true);
  });
});

describePage('Back and Forward', () => {
  it('lead from one lesson to the next, and to where one was in it', async () => {
    const explorer = await open('#lesson=link');
    const { page } = explorer;
    for (let step = 1; step <= 4; step++) await page.keyboard.press(']');
    await explorer.at(4);
    await page.keyboard.press('Shift+>');
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('return').title);
    await explorer.ready();
    await page.keyboard.press(']');
    await explorer.at(1);
    await page.evaluate(() => (location.hash = 'lesson=purge&step=3'));
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('purge').title);
    await explorer.at(3);
    await page.goBack();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('return').title);
    await explorer.at(1);
    await page.goBack();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('link').title);
    await explorer.at(4);
    await page.goForward();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('return').title);
    await page.goForward();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('purge').title);
    await explorer.at(3);
    await page.goBack();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('return').title);
    await explorer.ready();
    await page.keyboard.press('Shift+>');
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('pieces').title);
    await page.goBack();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('return').title);
  });

  it('lead back to a file that was dropped', async () => {
    const explorer = await open('#lesson=link&step=2');
    const { page } = explorer;
    const image = readFileSync(join(ROOT, 'examples/images/hello.elf'));
    await choose(page, 'hello.elf', image);
    await expect.poll(() => heading(page), PATIENT).toBe('hello.elf');
    await page.goBack();
    await expect.poll(() => heading(page), PATIENT).toBe(lessonOf('link').title);
    await explorer.at(2);
    await page.goForward();
    await expect.poll(() => heading(page), PATIENT).toBe('hello.elf');
  });
});

describePage('a file that is no good', () => {
  it.each([
    ['short.elf', readFileSync(join(ROOT, 'examples/images/hello.elf')).subarray(0, 40), 'short.elf: '],
    ['trace.jsonl', Buffer.from('{"type":"x"}\n{\n'), 'trace.jsonl'],
    ['lesson.md', Buffer.from('# A lesson\n'), 'lesson.md:1: a lesson begins with front matter'],
  ])('%s leaves what is open', async (name, bytes, message) => {
    const explorer = await open('#lesson=link&step=4');
    const { page } = explorer;
    await choose(page, name, bytes);
    await page.getByRole('alert').getByText(message).waitFor();
    await page.keyboard.press(']');
    await explorer.at(5);
    expect(await heading(page)).toBe(lessonOf('link').title);
  });
});

/** Opens a file as a user does. */
async function choose(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page
    .locator('input[type=file]')
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
}

describePage('lessons by others', () => {
  const file = 'examples/lessons/zeros.md';

  it('are opened by the command, and have links', async () => {
    const at = await served(file);
    const explorer = await open(at);
    const { page } = explorer;
    expect(await heading(page)).toBe('New memory is full of zeros');
    await page.keyboard.press('Shift+}');
    await note(page).getByText('Zeros: the page has a frame again').waitFor();
    await expect.poll(() => page.url(), PATIENT).toBe(`${at}#lesson=zeros&step=6`);
    await page.getByRole('button', { name: /^Now leave out/ }).click();
    await page.getByRole('button', { name: 'To the end' }).click();
    await note(page).getByText('The guest reads “old”').waitFor();
    expect(await violations(explorer)).toEqual([]);
  });

  it('are opened when dropped, and their markup is shown as text', async () => {
    const explorer = await open();
    const { page } = explorer;
    const text = readFileSync(join(ROOT, file), 'utf8').replace(
      'Let us try to find old data.',
      'Let us try <img src=x onerror=alert(1)> and *this* & `<b>that</b>`.',
    );
    await choose(page, 'mine.md', Buffer.from(text));
    await expect.poll(() => heading(page), PATIENT).toBe('New memory is full of zeros');
    const first = note(page).first();
    expect(await first.innerText()).toContain(
      'Let us try <img src=x onerror=alert(1)> and this & <b>that</b>.',
    );
    expect(await first.locator('img, b').count()).toBe(0);
    await page.getByRole('button', { name: 'Choose a lesson' }).click();
    await page.getByRole('menuitem', { name: 'Guesthouse’s own lessons' }).click();
    await explorer.lesson(1);
    expect(await heading(page)).toBe(lessons[1]?.title);
  });

  it('are rejected if they state what is not so', async () => {
    const { page } = await open();
    const text = readFileSync(join(ROOT, file), 'utf8').replace('ok 000000', 'ok 00');
    await choose(page, 'mine.md', Buffer.from(text));
    await page.getByRole('alert').getByText('answers "ok 000000", not "ok 00"').waitFor();
    expect(await heading(page)).toBe(lessons[0]?.title);
  });
});

describePage('the page in a frame', () => {
  let slides: Server;
  const frames = (address: string) =>
    `<!doctype html><title>x</title><iframe src="${address}" width="700" height="500"></iframe>`;
  afterEach(() => slides?.close());

  /** Serves a page with a frame, from another origin on this computer. */
  async function show(address: string): Promise<Page> {
    slides = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(frames(address));
    });
    await new Promise<void>((resolve) => slides.listen(0, '127.0.0.1', resolve));
    const context = await browser().newContext();
    const page = await context.newPage();
    await page.goto(`http://localhost:${(slides.address() as AddressInfo).port}/`);
    return page;
  }

  it('shows picture, note and steps', async () => {
    const page = await show(`${url()}?embed#lesson=link&step=5`);
    const frame = page.frameLocator('iframe');
    await frame.locator('.where', { hasText: 'step 5 of 13' }).waitFor();
    await frame.getByRole('button', { name: 'Next', exact: true }).click();
    await frame.locator('.note', { hasText: 'The host linked the segment' }).waitFor();
    expect(await frame.locator('.scenario, header, .time').count()).toBe(0);
    await expect
      .poll(() => frame.getByRole('link').getAttribute('href'), PATIENT)
      .toBe('/#lesson=link&step=6');
    await page.context().close();
  });

  it('is not shown without asking for it', async () => {
    const page = await show(url());
    await expect.poll(() => page.frames()[1]?.url(), PATIENT).toMatch(/^chrome-error:/);
    await page.context().close();
  });

  it('is accessible', async () => {
    const explorer = await open('?embed#lesson=link&step=6');
    await explorer.page.locator('.note .text').waitFor();
    expect(await violations(explorer)).toEqual([]);
  });
});
