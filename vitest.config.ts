import { configDefaults, defineConfig } from 'vitest/config';

/** Tests that need a browser. They measure, so that they run alone and when all others are done. */
const PAGE = 'test/explorer/**/*.test.ts';
/** Those of them that do not measure. */
const LESSONS = 'test/explorer/lessons.test.ts';

export default defineConfig({
  test: {
    globalSetup: './test/setup.ts',
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Without a word Vitest leaves a core to others: of two, one.
          maxWorkers: '100%',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...configDefaults.exclude, PAGE],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'lessons',
          maxWorkers: '100%',
          include: [LESSONS],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          include: [PAGE],
          exclude: [...configDefaults.exclude, LESSONS],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
