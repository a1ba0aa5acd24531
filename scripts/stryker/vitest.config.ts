import { defineConfig } from 'vitest/config';

/** Runs the tests that `main.ts` names in GUESTHOUSE_TESTS, without the global setup, which builds. */
export default defineConfig({
  test: {
    include: (process.env['GUESTHOUSE_TESTS'] ?? 'src/**/*.test.ts').split('\n'),
    testTimeout: 60_000,
  },
});
