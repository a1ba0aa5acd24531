/**
 * Imports between the modules of src/ (docs/architecture.md): a module imports only lower ones, and only through their
 * index.ts.
 */
const above = (module, ...allowed) => ({
  name: `${module.replaceAll('/', '-')}-imports-only-lower-modules`,
  severity: 'error',
  from: { path: `^src/${module}/`, pathNot: ['[.]test[.]ts$', '/testing/'] },
  to: { path: '^src/', pathNot: [module, ...allowed].map((r) => `^src/${r}(/|[.]ts$)`) },
});

/** Files that every module of the host may import. */
const hostCommon = [
  'host/kernel',
  'host/units',
  'host/numbers',
  'host/frames',
  'host/errno',
  'host/errors',
  'host/locks',
  'host/life',
  'host/arguments',
];

/** The modules that the player imports, and that everything above it may import too. */
const belowPlayer = [
  'debug',
  'analysis',
  'inspect',
  'scenario',
  'vmm',
  'net',
  'devices',
  'files',
  'check',
  'host',
  'machine',
  'trace',
];

module.exports = {
  forbidden: [
    above('trace'),
    above('files'),
    above('machine', 'trace'),
    above('host', 'files', 'machine', 'trace'),
    above('host/mm', ...hostCommon, 'machine', 'trace'),
    above('host/gmap', 'host/mm', ...hostCommon, 'machine', 'trace'),
    above('host/kvm', 'host/gmap', 'host/mm', ...hostCommon, 'machine', 'trace'),
    above(
      'host/task/files',
      'host/task/abi',
      'host/task/process/blocking',
      'host/task/process/caller',
      'host/task/wait-queue',
      'host/mm',
      ...hostCommon,
      'files',
      'machine',
      'trace',
    ),
    above(
      'host/task',
      'host/kvm',
      'host/gmap',
      'host/mm',
      'host/host',
      ...hostCommon,
      'files',
      'machine',
      'trace',
    ),
    above('check', 'host', 'machine', 'trace'),
    above('devices', 'files'),
    above('net', 'devices'),
    above('vmm', 'devices', 'files', 'host', 'machine', 'trace'),
    above('scenario', 'check', 'host', 'machine', 'trace'),
    above('fuzz', 'player', ...belowPlayer),
    above('inspect', 'host', 'machine', 'trace'),
    above('analysis', 'scenario', 'trace'),
    above('debug', 'inspect', 'scenario', 'vmm', 'check', 'host', 'machine', 'trace'),
    above('player', ...belowPlayer),
    above('explorer', 'player', ...belowPlayer),
    {
      name: 'a-module-is-imported-through-its-index',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/(machine|trace|check|scenario|vmm|net|devices|files|fuzz|cli|host|analysis|inspect|debug|player|explorer)/',
        // internal.ts is what a module offers to the others and not to users of the package.
        pathNot: ['^src/$1/', '/(index|internal)[.]ts$'],
      },
    },
    {
      name: 'a-module-of-the-host-is-imported-through-its-index',
      severity: 'error',
      from: { path: '^src/host/([^/]+)/' },
      to: { path: '^src/host/(mm|gmap|kvm|task)/', pathNot: ['^src/host/$1/', '/(index|internal)[.]ts$'] },
    },
    {
      name: 'only-cli-and-tests-import-node',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/cli/', '/testing/', '[.]test[.]ts$'] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-core-has-no-runtime-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(cli|explorer)/', '[.]test[.]ts$'] },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    // Type imports count.
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
