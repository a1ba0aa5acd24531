import { defineConfig } from 'vite';

/**
 * Bundles a program for Node: the campaigns and the benchmarks. They run as a bundle so that V8 sees the constants and
 * functions of other modules as it sees them in the built package.
 */
export default defineConfig({
  build: {
    target: 'es2023',
    minify: false,
    rolldownOptions: { output: { topLevelVar: false } },
  },
});
