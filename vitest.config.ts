import { configDefaults, defineConfig } from 'vitest/config';
import { frontMatter } from './scripts/front-matter.ts';

/** Tests that need a browser. */
const PAGE = 'test/explorer/**/*.test.ts';
/** Those of them that measure: they run when all others are done. */
const MEASURED = 'test/explorer/measured.test.ts';
/** Those of them that take longest: `npm run test:explorer`, and not `npm test`. */
const LONG = ['lessons', 'layout', 'live'].map((name) => `test/explorer/${name}.test.ts`);

/** Tests that replace modules for themselves: they cannot share modules with others. */
const MOCKING = [
  ...['breakpoints/breakpoints', 'views/spaces/model/history', 'recording/state', 'client'].map(
    (name) => `src/explorer/page/${name}.test.ts`,
  ),
  ...['validity', 'external-interruption'].map((name) => `src/host/kvm/${name}.test.ts`),
];

export default defineConfig({
  plugins: [frontMatter()],
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
          // Files of one worker share the modules that they import: a third less time.
          isolate: false,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...configDefaults.exclude, PAGE, ...MOCKING],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'mocking',
          maxWorkers: '100%',
          include: MOCKING,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          maxWorkers: '100%',
          include: [PAGE],
          exclude: [...configDefaults.exclude, MEASURED, ...LONG],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'explorer',
          maxWorkers: '100%',
          include: LONG,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'measured',
          include: [MEASURED],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
