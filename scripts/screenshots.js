/**
 * Makes the pictures of docs/images from the real page: npm run screenshots
 */

import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const path = fileURLToPath(new URL('../test/explorer/screenshots.ts', import.meta.url));
const { module } = await runnerImport(path, { configFile: false, logLevel: 'error' });
await module.makeScreenshots();
