import { defineConfig } from 'vitest/config';
import { frontMatter } from '../front-matter.ts';

/** Runs the tests that `main.ts` names in GUESTHOUSE_TESTS, without the global setup, which builds. */
export default defineConfig({
  plugins: [frontMatter()],
  test: {
    include: (process.env['GUESTHOUSE_TESTS'] ?? 'src/**/*.test.ts').split('\n'),
    // Mutated code is slow, and the computer may be busy. StrykerJS has a limit of its own.
    testTimeout: 600_000,
  },
});
