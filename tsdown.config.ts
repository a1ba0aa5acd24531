import { defineConfig } from 'tsdown';

/** One entry a room, as package.json's exports name them, and the command. */
export default defineConfig({
  entry: {
    'machine/index': 'src/machine/index.ts',
    'trace/index': 'src/trace/index.ts',
    'host/index': 'src/host/index.ts',
    'host/mm/index': 'src/host/mm/index.ts',
    'host/gmap/index': 'src/host/gmap/index.ts',
    'host/kvm/index': 'src/host/kvm/index.ts',
    'check/index': 'src/check/index.ts',
    'inspect/index': 'src/inspect/index.ts',
    'player/index': 'src/player/index.ts',
    'scenario/index': 'src/scenario/index.ts',
    'vmm/index': 'src/vmm/index.ts',
    'cli/main': 'src/cli/main.ts',
  },
  format: 'esm',
  platform: 'neutral',
  target: 'es2023',
  dts: true,
  sourcemap: true,
  clean: true,
  fixedExtension: false,
  deps: { neverBundle: [/^node:/, 'commander'] },
});
