import { defineConfig } from 'tsdown';

/** The campaign's command, bundled with the sources it runs. */
export default defineConfig({
  entry: { main: 'main.ts' },
  clean: true,
  dts: false,
  outDir: '../../dist/fuzz',
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  fixedExtension: false,
  logLevel: 'error',
});
