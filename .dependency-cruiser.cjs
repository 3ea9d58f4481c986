/** Who may import whom, as ARCHITECTURE.md draws it. Types count: a cycle of types is a cycle. */
const features = [
  'intake',
  'departures',
  'rehire-registry',
  'follow-ups',
  'alerts',
  'alumni',
  'recruiting',
  'privacy',
  'console',
];

/** The arrows between features; every feature that stores a person may ask privacy. */
const arrows = {
  // A lower layer may be used directly: a policy becomes a run without departures passing it on.
  intake: ['departures', 'rehire-registry', 'follow-ups', 'privacy'],
  departures: ['rehire-registry', 'follow-ups', 'privacy'],
  'follow-ups': ['alumni', 'privacy'],
  alumni: ['rehire-registry', 'privacy'],
  recruiting: ['rehire-registry', 'privacy'],
  'rehire-registry': ['privacy'],
  privacy: [],
  // It looks at what the others leave in their tables: nobody tells it, and it tells nobody of them.
  alerts: [],
};

const any = (names) => `(?:${names.join('|')})`;
const spec = '\\.spec\\.ts$';
const door = '\\.(?:service|queries|port|module)\\.ts$';

const featureRules = Object.entries(arrows).map(([feature, others]) => ({
  name: `${feature}-arrows`,
  comment: `${feature} may import ${others.join(', ') || 'no other feature'}.`,
  severity: 'error',
  from: { path: `^src/${feature}/`, pathNot: spec },
  to: { path: `^src/${any(features.filter((name) => name !== feature && !others.includes(name)))}/` },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared-package',
      comment: 'A package that package.json does not name is there by chance.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-package-in-production',
      severity: 'error',
      from: { path: '^(?:src|connectors)/', pathNot: spec },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-imports-domain-only',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: spec },
      to: { path: '^(?:src|connectors|test|bench)/', pathNot: '^src/domain/' },
    },
    {
      name: 'domain-is-pure',
      comment: 'No Node module, framework, ORM, HTTP, clock or random: only packages that compute.',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: spec },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev'],
        pathNot: 'node_modules/(?:temporal-polyfill|temporal-spec|jaconv|zod)/',
      },
    },
    {
      name: 'connector-spi-imports-domain-only',
      severity: 'error',
      from: { path: '^src/connector-spi/', pathNot: spec },
      to: { path: '^src/', pathNot: '^src/(?:connector-spi|domain)/' },
    },
    {
      name: 'connectors-see-the-spi-only',
      severity: 'error',
      from: { path: '^connectors/([^/]+)/', pathNot: spec },
      to: { path: '^(?:src|connectors|test)/', pathNot: ['^src/connector-spi/', '^connectors/$1/'] },
    },
    {
      name: 'platform-knows-no-business',
      comment:
        'The list of migrations and that of their names are the exceptions: they import nothing from here.',
      severity: 'error',
      from: { path: '^src/platform/', pathNot: spec },
      to: {
        path: '^(?:src|connectors)/',
        pathNot: '^src/(?:platform|domain)/|^src/migrations/(?:list|names)\\.ts$',
      },
    },
    {
      name: 'migrations-stand-alone',
      comment: 'A migration is history: what it imports may change under it.',
      severity: 'error',
      from: { path: '^src/migrations/' },
      to: { path: '^(?:src|connectors)/', pathNot: '^src/migrations/' },
    },
    {
      name: 'features-through-their-doors',
      comment: 'Another feature is seen only through its .service, .queries, .port and .module files.',
      severity: 'error',
      from: { path: `^src/(${any(features)})/`, pathNot: spec },
      to: { path: `^src/${any(features)}/`, pathNot: ['^src/$1/', door] },
    },
    ...featureRules,
    {
      name: 'the-root-is-imported-by-nobody',
      severity: 'error',
      from: { path: `^src/(?:domain|platform|connector-spi|migrations|${features.join('|')})/` },
      to: { path: '^src/(?:app\\.module|main|cli)\\.ts$|^src/cli/' },
    },
    {
      name: 'no-barrels',
      severity: 'error',
      from: { path: '^(?:src|test|bench)/' },
      to: { path: '^(?:src|test)/.*\\bindex\\.ts$' },
    },
    {
      name: 'no-test-code-in-production',
      severity: 'error',
      from: { path: '^(?:src|connectors)/', pathNot: spec },
      to: { path: `^(?:test|bench)/|${spec}` },
    },
    { name: 'no-import-of-a-spec', severity: 'error', from: {}, to: { path: spec } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    moduleSystems: ['es6', 'cjs'],
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
    },
  },
};
