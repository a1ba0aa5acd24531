/**
 * The arrows of import between the rooms of src/ (docs/rooms.md). They run downward only, and a room is
 * entered by its index.ts alone.
 */
const above = (room, ...allowed) => ({
  name: `${room.replaceAll('/', '-')}-knows-only-what-is-below`,
  severity: 'error',
  from: { path: `^src/${room}/`, pathNot: '[.]test[.]ts$' },
  to: { path: '^src/', pathNot: [room, ...allowed].map((r) => `^src/${r}(/|[.]ts$)`) },
});

/** What every room of the host stands on. */
const hostCommon = ['host/kernel', 'host/frames', 'host/errors', 'host/locks', 'host/life', 'host/arguments'];

module.exports = {
  forbidden: [
    above('trace'),
    above('machine', 'trace'),
    above('host', 'machine', 'trace'),
    above('host/mm', ...hostCommon, 'machine', 'trace'),
    above('host/gmap', 'host/mm', ...hostCommon, 'machine', 'trace'),
    above('host/kvm', 'host/gmap', 'host/mm', ...hostCommon, 'machine', 'trace'),
    above('check', 'host', 'machine', 'trace'),
    above('vmm', 'host', 'machine', 'trace'),
    above('scenario', 'check', 'host', 'machine', 'trace'),
    above('fuzz', 'player', 'inspect', 'scenario', 'vmm', 'check', 'host', 'machine', 'trace'),
    above('inspect', 'host', 'machine', 'trace'),
    above('player', 'inspect', 'scenario', 'vmm', 'check', 'host', 'machine', 'trace'),
    above('explorer', 'player', 'inspect', 'scenario', 'vmm', 'check', 'host', 'machine', 'trace'),
    {
      name: 'a-room-is-entered-by-its-index',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/(machine|trace|check|scenario|vmm|fuzz|cli|host|inspect|player|explorer)/',
        pathNot: ['^src/$1/', '/index[.]ts$'],
      },
    },
    {
      name: 'a-room-of-the-host-is-entered-by-its-index',
      severity: 'error',
      from: { path: '^src/host/([^/]+)/' },
      to: { path: '^src/host/(mm|gmap|kvm)/', pathNot: ['^src/host/$1/', '/index[.]ts$'] },
    },
    {
      name: 'only-cli-and-tests-touch-node',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/', '[.]test[.]ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-core-has-no-runtime-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(cli|explorer)/', '[.]test[.]ts$'] },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
