/**
 * Where computers keep a Chromium, or a browser that is one underneath.
 */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** Names on the PATH, those first that are least likely to be somebody's own with a profile. */
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

/** Paths of the browsers that are there, the best first. The variable CHROMIUM_PATH names one before all others. */
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

/** The one that Playwright's own installer would have put there. */
function playwrights(): string {
  try {
    return chromium.executablePath();
  } catch {
    // Playwright has none for this kind of computer.
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
