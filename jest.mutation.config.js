import everything from './jest.config.js';

const { globalSetup: _setup, globalTeardown: _teardown, reporters: _reporters, ...shared } = everything;

/** The specs of src/domain alone, as Stryker runs them once for every mutant: no server, few tries. */
export default {
  ...shared,
  roots: ['<rootDir>/src/domain', '<rootDir>/test/support'],
  watchman: false,
  testMatch: ['<rootDir>/test/support/mutation-specs.mjs'],
  setupFilesAfterEnv: ['<rootDir>/test/support/mutation-setup.mjs'],
  testTimeout: 20_000,
};
