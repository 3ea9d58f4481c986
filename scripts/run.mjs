#!/usr/bin/env node
// npm run <task>: brings the install and dist/ up to date, then runs the task under Node 24.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { testFull } from './test-full.mjs';
import { ensureBuild, ensureInstall, nodePath, root, runToEnd, toolEnvironment } from './toolchain.mjs';

const bin = (path) => join(root, 'node_modules', path);
const node = (args, extra) => runToEnd(nodePath(), args, { cwd: root, env: toolEnvironment(extra) });

const jestVariables = {
  TZ: 'UTC',
  // In the variable, so that jest's workers have it too.
  NODE_OPTIONS:
    `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim(),
};

function test(args, extra = {}) {
  return node(['--disable-warning=ExperimentalWarning', bin('jest/bin/jest.js'), ...args], {
    ...jestVariables,
    ...extra,
  });
}

/** Of all of src/domain, or of the files named; fails below the threshold of stryker.config.mjs. */
function mutation(args) {
  const options = args.filter((arg) => arg.startsWith('-'));
  const files = args.filter((arg) => !arg.startsWith('-'));
  const only = files.length > 0 ? ['--mutate', files.join(',')] : ['--incremental'];
  return node([bin('@stryker-mutator/core/bin/stryker.js'), 'run', ...only, ...options], {
    ENISHI_TEST_RUNS_AT_MOST: '12',
    ...process.env,
    ...jestVariables,
  });
}

const codeFolders = ['src', 'connectors', 'test', 'bench'].filter((folder) => existsSync(join(root, folder)));

const checks = {
  types: [bin('typescript/bin/tsc'), '--noEmit'],
  lint: [bin('eslint/bin/eslint.js'), '.', '--max-warnings=0'],
  format: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.'],
  boundaries: [
    bin('dependency-cruiser/bin/dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.cjs',
    ...codeFolders,
  ],
  'dead code': [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints'],
};

/** The files of the next commit, and the checks that are quick on them. */
function stagedChecks() {
  const staged = spawnSync('git', ['diff', '--cached', '--name-only', '--diff-filter=ACMR', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = staged.stdout.split('\0').filter((file) => file !== '');
  const code = files.filter((file) => /\.(ts|js|mjs|cjs)$/.test(file));
  return {
    ...(code.length > 0 && {
      lint: [bin('eslint/bin/eslint.js'), '--max-warnings=0', '--no-warn-ignored', ...code],
    }),
    ...(files.length > 0 && {
      format: [bin('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '--ignore-unknown', ...files],
    }),
    ...(code.length > 0 && { boundaries: checks.boundaries }),
  };
}

async function check(args) {
  const failed = [];
  for (const [name, command] of Object.entries(args.includes('--staged') ? stagedChecks() : checks)) {
    const from = performance.now();
    const status = await node(command);
    process.stdout.write(
      `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - from) / 1000).toFixed(1)} s)\n`,
    );
    if (status !== 0) failed.push(name);
  }
  if (failed.length > 0) process.stdout.write(`check failed: ${failed.join(', ')}\n`);
  return failed.length > 0 ? 1 : 0;
}

const tasks = {
  install: () => 0,
  build: () => {
    ensureBuild();
    return 0;
  },
  test: (args) => {
    // End-to-end tests start the built command.
    ensureBuild();
    return test(args);
  },
  'test:full': (args) => {
    ensureBuild();
    return testFull(args, test);
  },
  mutation,
  check,
  start: (args) => {
    ensureBuild();
    return node(['--enable-source-maps', join(root, 'dist/src/main.js'), ...args]);
  },
  bench: (args) => {
    ensureBuild();
    return node(['--enable-source-maps', join(root, 'dist/bench/main.js'), ...args]);
  },
  // From the sources, as tests run: it starts processes with what tests support them by.
  soak: (args) =>
    node([join(root, 'test/support/enishi-process.mjs'), '../test/soak/soak.ts', ...args], { TZ: 'UTC' }),
  demo: (args) => node([join(root, 'bin/enishi.mjs'), 'demo', ...args]),
};

const [name, ...args] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  process.stderr.write(`Unknown task ${name ?? ''}. Known: ${Object.keys(tasks).join(', ')}.\n`);
  process.exit(2);
}
ensureInstall();
process.exitCode = await task(args);
