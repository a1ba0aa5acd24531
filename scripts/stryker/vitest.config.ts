import { defineConfig } from 'vitest/config';

/** The tests that `main.js` names in the environment, and nothing that needs a build or a browser. */
export default defineConfig({
  test: {
    include: (process.env['GUESTHOUSE_TESTS'] ?? 'src/**/*.test.ts').split('\n'),
    testTimeout: 60_000,
  },
});
