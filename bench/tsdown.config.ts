import { defineConfig } from 'tsdown';

/** The benchmarks, bundled with the sources they measure. */
export default defineConfig({
  entry: { main: 'main.ts' },
  clean: true,
  dts: false,
  outDir: '../dist/bench',
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  fixedExtension: false,
  logLevel: 'error',
});
