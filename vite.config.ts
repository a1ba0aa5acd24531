import { defineConfig } from 'vite';
import { frontMatter } from './scripts/front-matter.ts';

/** The explorer: static files in dist/explorer that any web server can serve from any folder. */
export default defineConfig({
  root: 'src/explorer',
  base: './',
  plugins: [frontMatter()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/explorer',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    // The page's policy forbids it to fetch `data:` addresses.
    assetsInlineLimit: (path) => (path.endsWith('.elf') ? false : undefined),
    // What is built into the page goes with its licences.
    license: { fileName: 'licenses.md' },
  },
  worker: { format: 'es' },
});
