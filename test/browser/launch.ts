/**
 * A headless Chromium for tests and pictures of the page: an installed one, or else one from an npm package.
 */

import { type Browser, chromium } from 'playwright-core';
import { packagedBrowser, type Start } from './packaged.ts';
import { systemBrowsers } from './system.ts';

/** Disables background activity, and the sandbox, which does not work in containers and for root. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a browser. The environment variable GUESTHOUSE_BROWSER may require the packaged one (`npm`) or an installed one
 * (`system`).
 * @throws Error naming the browsers that were tried
 */
export async function launchBrowser(): Promise<Browser> {
  const choice = process.env.GUESTHOUSE_BROWSER;
  const reasons: string[] = [];
  const installed = choice === 'npm' ? [] : systemBrowsers();
  if (installed.length === 0) reasons.push('no Chromium, Chrome or Edge was found');
  for (const executablePath of installed) {
    try {
      return await start({ executablePath });
    } catch (error) {
      reasons.push(`${executablePath} does not start: ${firstLine(error)}`);
    }
  }
  try {
    if (choice !== 'system') return await start(await packagedBrowser());
  } catch (error) {
    reasons.push(firstLine(error));
  }
  throw new Error(`There is no browser to test the page with: ${reasons.join('; ')}`);
}

async function start({ executablePath, env }: Start): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS, timeout: 30_000, ...(env ? { env } : {}) });
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] as string;
}
