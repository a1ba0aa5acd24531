import { defineConfig } from 'tsdown';

/** One entry per module, as in the exports of package.json, and the command. */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'machine/index': 'src/machine/index.ts',
    'trace/index': 'src/trace/index.ts',
    'host/index': 'src/host/index.ts',
    'host/mm/index': 'src/host/mm/index.ts',
    'host/gmap/index': 'src/host/gmap/index.ts',
    'host/kvm/index': 'src/host/kvm/index.ts',
    'host/task/index': 'src/host/task/index.ts',
    'check/index': 'src/check/index.ts',
    'inspect/index': 'src/inspect/index.ts',
    'player/index': 'src/player/index.ts',
    'scenario/index': 'src/scenario/index.ts',
    'vmm/index': 'src/vmm/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  dts: true,
  sourcemap: true,
  clean: true,
  fixedExtension: false,
  // commander goes into the command's own files, so that the package has no dependency. Its licence goes along.
  deps: { onlyBundle: ['commander'] },
  copy: [{ from: 'node_modules/commander/LICENSE', to: 'dist/cli', rename: 'LICENSE.commander' }],
});
