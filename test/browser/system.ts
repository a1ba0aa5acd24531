/**
 * The places where a Chromium, or a browser based on it, is installed.
 */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Names on the PATH, in order: first those that are least likely to be the user's own browser with a profile. */
const COMMANDS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
];

const MAC = [
  'Chromium.app/Contents/MacOS/Chromium',
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

const WINDOWS = [
  'Chromium/Application/chrome.exe',
  'Google/Chrome/Application/chrome.exe',
  'Microsoft/Edge/Application/msedge.exe',
];

const LINUX = [
  '/usr/lib/chromium/chromium',
  '/usr/lib64/chromium-browser/chromium-browser',
  '/opt/google/chrome/chrome',
  '/opt/microsoft/msedge/msedge',
  '/snap/bin/chromium',
];

/** Returns the paths of installed browsers, the best first. CHROMIUM_PATH has precedence. */
export function systemBrowsers(environment: NodeJS.ProcessEnv = process.env): string[] {
  const named = environment.CHROMIUM_PATH;
  const places = [...(named ? [named] : []), ...onPath(environment), ...usual(environment), playwrights()];
  return [...new Set(places)].filter(executable);
}

function onPath({ PATH = '' }: NodeJS.ProcessEnv): string[] {
  const folders = PATH.split(delimiter).filter((folder) => folder !== '');
  return COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
}

function usual(environment: NodeJS.ProcessEnv): string[] {
  if (process.platform === 'win32') return within(windowsFolders(environment), WINDOWS);
  if (process.platform === 'darwin')
    return within(['/Applications', join(environment.HOME ?? '/', 'Applications')], MAC);
  return LINUX;
}

function windowsFolders(environment: NodeJS.ProcessEnv): string[] {
  return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) => environment[name] ?? []);
}

function within(folders: readonly string[], names: readonly string[]): string[] {
  return folders.flatMap((folder) => names.map((name) => join(folder, name)));
}

/** Returns the path of the browser that Playwright installs. */
function playwrights(): string {
  try {
    return chromium.executablePath();
  } catch {
    // Playwright does not support this platform.
    return '';
  }
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
