/**
 * The explorer in a real browser, as a user sees it.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT, served } from '../serve.ts';
import type { Explorer } from './browser.ts';
import { lessonOf, lessons, numberOf, PATIENT, pageFixture } from './fixture.ts';
import { violations } from './violations.ts';

const { describePage, open, url } = await pageFixture();

/** How many notes a lesson has about the run without a fault. */
const ownNotes = (id: string) => lessonOf(id).notes.filter(({ fault }) => fault === null).length;

describePage('the page', () => {
  it('shows lesson, scenario, picture and timeline without scrolling', async () => {
    const { page } = await open();
    const parts = ['.sidebar > .lesson', '.sidebar > .scenario', '.stage', '.time'];
    const boxes = await Promise.all(parts.map((part) => page.locator(part).boundingBox()));
    const { height } = page.viewportSize() as { height: number };
    for (const [i, box] of boxes.entries()) {
      expect(box?.height, parts[i]).toBeGreaterThan(150);
      expect((box?.y ?? 0) + (box?.height ?? 0), parts[i]).toBeLessThanOrEqual(height);
    }
  });

  it('plays a lesson to its end, and shows the same states on the way back', async () => {
    const explorer = await open();
    const { page } = explorer;
    const steps = lessonOf('link').steps.length;
    await explorer.lesson(numberOf('link'));
    // The picture of the spaces keeps the places of earlier extents; tables depend on the position only.
    await explorer.view('Tables');
    const shown = [await explorer.shownAtRest()];
    for (let step = 1; step <= steps; step++) {
      await page.keyboard.press(']');
      await explorer.at(step);
      shown.push(await explorer.shownAtRest());
    }
    expect(new Set(shown).size).toBeGreaterThan(4);
    for (let step = steps - 1; step >= 0; step--) {
      await page.keyboard.press('[');
      await explorer.at(step);
      await expect.poll(() => explorer.shown(), { ...PATIENT, message: `step ${step}` }).toBe(shown[step]);
    }
    await page.keyboard.press('Shift+}');
    await explorer.at(steps);
    await expect.poll(() => explorer.shown(), PATIENT).toBe(shown[steps]);
    await expect.poll(() => page.locator('.notes > li').count(), PATIENT).toBe(ownNotes('link'));
  });

  it('plays the lesson of a program from one system call to another, and opens links into it', async () => {
    const explorer = await open('#lesson=kvm');
    const { page } = explorer;
    const { notes } = lessonOf('kvm');
    const next = page.locator('.go-on .primary');
    const text = () => page.locator('.notes > li.latest').innerText();
    const linked = () => page.locator('.spaces-picture .line.guest .block.linked').count();
    expect(await page.locator('.scenario').count()).toBe(0);
    // The first note has a path that is longer than a line.
    const tooWide = await page
      .locator('.notes code')
      .evaluateAll(
        (codes) =>
          codes.filter(
            (code) => code.getBoundingClientRect().right > code.closest('li')!.getBoundingClientRect().right,
          ).length,
      );
    expect(tooWide).toBe(0);
    await next.click();
    await page.getByRole('region', { name: 'This step' }).getByText('"/dev/kvm", O_RDWR').waitFor();
    await next.click();
    await next.click();
    await expect.poll(text, PATIENT).toContain('KVM_CREATE_VM has made a virtual machine');
    await next.click();
    await expect.poll(text, PATIENT).toContain('This is gmap 0');
    await page.getByRole('button', { name: 'Back' }).first().click();
    await expect.poll(text, PATIENT).toContain('KVM_CREATE_VM has made a virtual machine');
    // A bug changes the run, and hides the notes on it.
    await page.getByLabel('Inject a bug').selectOption('unlink');
    await expect.poll(() => page.locator('.notes > li').count(), PATIENT).toBe(1);
    await explorer.goTo(new URL('#lesson=kvm&step=3111', url()).href);
    await expect.poll(text, PATIENT).toContain('the program does not hear of it');
    await expect.poll(linked, PATIENT).toBe(3);
    await page.keyboard.press('Shift+}');
    await expect.poll(() => page.locator('.notes > li').count(), PATIENT).toBe(notes.length);
    await expect.poll(() => page.locator('.quiz').count(), PATIENT).toBe(2);
    expect(await violations(explorer)).toEqual([]);
  });

  it('injects a fault, and shows what the checker reports', async () => {
    const explorer = await open();
    const { page } = explorer;
    await explorer.lesson(numberOf('purge'));
    expect(await page.getByText('all checks pass').count()).toBe(1);
    await page.getByLabel('Inject a bug').selectOption('page-table-freed');
    await explorer.ready();
    const broken = page.getByRole('region', { name: 'Broken rules' });
    await broken.getByText('stale-translation').first().waitFor();
    await broken.getByRole('button', { name: 'Go to line' }).first().click();
    const munmap = lessonOf('purge').scenario.split('\n');
    await page
      .getByRole('region', { name: 'This step' })
      .getByRole('heading', { name: `Line ${munmap.indexOf('munmap 256M 1M') + 1}` })
      .waitFor();
  });

  it('opens a link in a fresh profile at the same position', async () => {
    const first = await open('', {}, { permissions: ['clipboard-read', 'clipboard-write'] });
    await first.lesson(numberOf('fork'));
    await first.stepTo(5);
    await first.page.keyboard.press(',');
    await first.view('Processors');
    const where = await first.page.locator('.where').innerText();
    await first.page.getByRole('button', { name: 'Copy link' }).click();
    await first.page.getByRole('button', { name: 'Copied' }).waitFor();
    const link = await first.page.evaluate(() => navigator.clipboard.readText());
    expect(link.length).toBeLessThan(400);
    const second = await open(link);
    await expect.poll(() => second.page.locator('.where').innerText(), PATIENT).toBe(where);
    expect(await second.page.getByRole('tab', { selected: true }).innerText()).toBe('Processors');
    expect(await second.page.locator('.words .summary').innerText()).toBe(lessonOf('fork').summary);
  });

  it('ignores invalid links', async () => {
    const links = ['#1.AAAA', '#%00', '#2.x', '#1.', `#1.${'A'.repeat(5000)}`];
    const explorer = await open();
    const { page } = explorer;
    for (const link of links) {
      await explorer.goTo(new URL(link, url()).href);
      await page.getByRole('alert').getByText('link').waitFor();
      expect(await page.locator('.words .summary').innerText()).toBe(lessons[0]?.summary);
    }
  });

  it('opens a trace that is dropped on it', async () => {
    const explorer = await open();
    const trace = traceOf('examples/scenarios/fork.txt');
    const events = trace.trimEnd().split('\n').length;
    await drop(explorer, 'events.jsonl', trace);
    // It opens at its end: its spaces are there.
    await explorer.at(events);
    await explorer.page.locator('.spaces-picture .line.process').first().waitFor();
    // Or before all of them have ended.
    const ended = traceOf('-', ['mmap 256M 1M', 'process write 256M 01', 'exit']);
    await drop(explorer, 'ended.jsonl', ended);
    const last = ended
      .trimEnd()
      .split('\n')
      .findIndex((line) => line.includes('"mm-fault"'));
    await explorer.at(last + 1);
    await explorer.page.locator('.spaces-picture .line.process').first().waitFor();
  });

  it('shows in a trace what its events show to be wrong, and what they tell about tables', async () => {
    const explorer = await open();
    const { page } = explorer;
    const lines = [
      'mmap 256M 2M',
      'gmap_alloc 0',
      'gmap_map_segment 0 256M 1G 2M',
      'guest 0 write 1G 01',
      'guest 0 write 0x40101000 02',
      'munmap 256M 1M',
    ];
    await drop(explorer, 'good.jsonl', traceOf('-', lines));
    await page.locator('.status', { hasText: 'all checks pass' }).waitFor();
    await drop(explorer, 'bad.jsonl', traceOf('-', lines, '--inject', 'unlink'));
    await page.locator('.status', { hasText: '1 violation' }).waitFor();
    const broken = page.getByRole('region', { name: 'Broken rules' });
    await broken.getByText('freed while guest 0x40000000 of guest 0 is linked to it since event').waitFor();
    await broken.getByRole('button', { name: /^Go to event \d+/ }).click();
    await page
      .getByRole('region', { name: 'This step' })
      .getByText(/the page table at 0x\w+ of segment 0x10000000 is freed/)
      .waitFor();
    await explorer.view('Tables');
    // The guest that is linked is selected.
    await expect.poll(() => page.locator('.walk-form select').inputValue(), PATIENT).toBe('gmap 0');
    expect(await page.locator('.walk-form input').first().inputValue()).toBe('0x40000000');
    const segments = page.getByRole('region', { name: 'Entries of the segment table' });
    await segments.getByRole('row', { name: /^1024 .* the process has no page table there/ }).waitFor();
    await segments.getByRole('button', { name: '0x40100000' }).click();
    await page
      .getByRole('region', { name: 'Entries of the page table' })
      .getByRole('row', { name: /^1 0x40101000 0x\w+000 0x\w+8$/ })
      .waitFor();
    expect(await violations(explorer)).toEqual([]);
    await explorer.view('Walk');
    await page.getByText('guest segment entry at').waitFor();
  });

  it('reports what is wrong with a dropped file', async () => {
    const explorer = await open();
    await drop(explorer, 'junk.bin', '\u0000\u0001\u0002');
    await explorer.page.getByRole('alert').getByText('junk.bin').waitFor();
  });

  it('runs a guest that the command offers', async () => {
    const explorer = await open(await served('examples/images/hello.elf', '--', 'from the page'));
    await explorer.page.keyboard.press('Shift+}');
    await explorer.page.getByText('from the page').first().waitFor();
  });

  it('runs a Linux program that the command offers, by system calls, forward and back', async () => {
    const explorer = await open(await served('examples/programs/images/hello.elf', '--', 'you there', 'two'));
    const { page, fetched } = explorer;
    const step = page.getByRole('region', { name: 'This step' });
    // It opens before the system call that ends it.
    await page.locator('.code', { hasText: 'svc' }).first().waitFor();
    expect([...fetched.keys()].filter((path) => /program-/.test(path))).toHaveLength(1);
    await explorer.view('Console');
    await page.getByText('argument 1: you there').first().waitFor();
    await page.getByRole('button', { name: 'Step by system calls' }).click();
    await page.keyboard.press('Shift+{');
    await explorer.at(0);
    const text = String.raw`write(1, "Hello from /bin/hello.elf!\n", 27) = 27`;
    await page.keyboard.press('.');
    await step.getByText(text).waitFor();
    const where = await page.locator('.where').innerText();
    await explorer.view('Processors');
    const shown = await explorer.shownAtRest();
    await page.keyboard.press('.');
    await step.getByText('"argument 1: you there\\n"').waitFor();
    expect(await explorer.shownAtRest()).not.toBe(shown);
    await page.keyboard.press(',');
    await step.getByText(text).waitFor();
    expect(await page.locator('.where').innerText()).toBe(where);
    await expect.poll(() => explorer.shown(), PATIENT).toBe(shown);
    // Its memory and its tables are those of a process.
    await explorer.view('Spaces');
    await page.getByText('process 2').first().waitFor();
    await explorer.view('Tables');
    await page.getByText('The page table of process 2').first().waitFor();
    await page.getByLabel('Arguments').fill('other');
    await page.getByRole('button', { name: 'Start again' }).click();
    await explorer.ready();
    await explorer.view('Console');
    await page.getByText('argument 1: other').first().waitFor();
    expect(await violations(explorer)).toEqual([]);
  });

  it('opens a Linux program that is dropped on it, and says why one cannot be run', async () => {
    const explorer = await open();
    const { page } = explorer;
    const image = readFileSync(join(ROOT, 'examples/programs/images/crash.elf'));
    await drop(explorer, 'crash.elf', image);
    await page.getByText('Stopped: the program was killed by SIGSEGV').waitFor();
    await page.getByRole('region', { name: 'This step' }).getByText('--- SIGSEGV').waitFor();
    // The second program header becomes PT_INTERP, and names what follows the file.
    const dynamic = Buffer.concat([image, Buffer.from('/lib/ld64.so.1\0')]);
    dynamic.writeUInt32BE(3, 64 + 56);
    dynamic.writeBigUInt64BE(BigInt(image.length), 64 + 56 + 8);
    dynamic.writeBigUInt64BE(15n, 64 + 56 + 32);
    await drop(explorer, 'dynamic', dynamic);
    await page.getByRole('alert').getByText('dynamic needs shared libraries').waitFor();
  });

  it('opens a scenario that the command offers, and edits it', async () => {
    const explorer = await open(await served('examples/scenarios/first.txt'));
    const { page } = explorer;
    const text = readFileSync(join(ROOT, 'examples/scenarios/first.txt'), 'utf8');
    await page.locator('.cm-content').waitFor();
    expect(await page.locator('.cm-content').innerText()).toContain(text.split('\n')[0]);
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('mmap 256M 1M\nprocess write 256M 6869\n');
    await page.keyboard.press('Control+Enter');
    await explorer.at(2);
    // The keys of an ordinary editor: a line moves up, and becomes a comment.
    await page.locator('.cm-line').nth(1).click();
    await page.keyboard.press('Alt+ArrowUp');
    await page.keyboard.press('Control+/');
    const lines = await page.locator('.cm-line').allInnerTexts();
    expect(lines.slice(0, 2)).toEqual(['# process write 256M 6869', 'mmap 256M 1M']);
  });

  it('can be used by keyboard alone', async () => {
    const explorer = await open();
    const { page } = explorer;
    const press = async (...keys: readonly string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Shift+>');
    await expect.poll(() => page.locator('.words .summary').innerText(), PATIENT).toBe(lessons[1]?.summary);
    await explorer.ready();
    await press(']', ']', ']', '[');
    await explorer.at(2);
    for (const [key, name] of [
      ['w', 'Walk'],
      ['p', 'Processors'],
      ['t', 'Tables'],
      ['s', 'Spaces'],
    ] as const) {
      await press('g', key);
      await expect.poll(() => page.getByRole('tab', { selected: true }).innerText(), PATIENT).toBe(name);
    }
    await press('Shift+?');
    await page.getByRole('dialog').waitFor();
    await press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    // Everything that can be clicked can be focused, and shows its focus.
    const reached = await tabThrough(explorer);
    for (const name of ['Choose a lesson', 'Copy link', 'Step forward', 'Position', 'Run all', 'Open…']) {
      expect(reached, name).toContain(name);
    }
  });

  it.each(['light', 'dark'] as const)('is accessible: %s', async (colorScheme) => {
    const explorer = await open('', { colorScheme });
    const { page } = explorer;
    await explorer.lesson(numberOf('link'));
    await explorer.stepTo(8);
    // The colours are what differs in the dark.
    const rules = colorScheme === 'dark' ? ['color-contrast'] : undefined;
    const found: Record<string, string[]> = {};
    for (const name of ['Spaces', 'Tables', 'Walk', 'Processors', 'Console']) {
      await explorer.view(name);
      found[name] = await violations(explorer, rules);
    }
    await page.getByLabel('Inject a bug').selectOption('page-table-freed');
    await explorer.ready();
    found.broken = await violations(explorer, rules);
    await page.getByRole('button', { name: /^Help/ }).click();
    found.help = await violations(explorer, rules);
    expect(Object.entries(found).filter(([, some]) => some.length > 0)).toEqual([]);
  });
});

/** Returns the trace of a scenario, or of lines (`-`), as the command writes it. */
function traceOf(scenario: string, lines: readonly string[] = [], ...flags: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'guesthouse-page-'));
  const path = join(folder, 'events.jsonl');
  const args = ['bin/guesthouse.js', 'replay', scenario, '--trace', path, ...flags];
  spawnSync(process.execPath, args, { cwd: ROOT, input: `${lines.join('\n')}\n` });
  const text = readFileSync(path, 'utf8');
  rmSync(folder, { recursive: true });
  return text;
}

/** Drops a file on the page. */
async function drop({ page }: Explorer, name: string, contents: string | Uint8Array): Promise<void> {
  await page.evaluate(
    ([name, base64]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      for (const type of ['dragover', 'drop']) {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event);
      }
    },
    [name, Buffer.from(contents).toString('base64')] as const,
  );
}

/** Returns the names of all elements that the Tab key reaches, in one round. */
async function tabThrough({ page }: Explorer): Promise<string[]> {
  const names: string[] = [];
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      // The editor uses Tab until Escape is pressed.
      return element.getAttribute('aria-label') ?? (element as HTMLElement).innerText.split('\n')[0] ?? '';
    });
    if (name === null) break;
    if (await page.evaluate(() => document.activeElement?.closest('.cm-editor') != null)) {
      await page.keyboard.press('Escape');
    }
    names.push(name);
  }
  return names;
}
