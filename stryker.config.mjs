const reports = 'reports/mutation';

/** Mutation testing of src/domain: `npm run mutation`. docs/mutation.md lists the mutants that no test can kill. */
export default {
  mutate: ['src/domain/**/*.ts', '!src/domain/**/*.spec.ts'],
  testRunner: 'jest',
  jest: { configFile: 'jest.mutation.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  plugins: ['@stryker-mutator/jest-runner'],
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  jsonReporter: { fileName: `${reports}/mutation.json` },
  htmlReporter: { fileName: `${reports}/mutation.html` },
  // Taken by `npm run mutation` without files, which then tests again only what changed.
  incrementalFile: `${reports}/incremental.json`,
  tempDirName: '.enishi/mutation',
  cleanTempDir: 'always',
  ignorePatterns: ['/.enishi', '/dist', '/coverage', '/examples', '/bench', '/deploy', '/docs'],
  thresholds: { high: 95, low: 90, break: 90 },
  concurrency: 1,
  timeoutMS: 30_000,
};
