import { setFlagsFromString } from 'node:v8';
import { processEnvironment } from './platform/config/process-environment.js';
import { runCommandLine } from './cli/program.js';

// What an import throws away at once would fill a young generation that grows to 100 MB and more; a server, which lives
// long, keeps the one that it is given.
if (process.argv[2] !== 'serve') setFlagsFromString('--semi-space-growth-factor=1');

// The status is set rather than exited with: what is still on its way to a pipe must arrive.
process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: processEnvironment(),
  stdout: process.stdout,
  stderr: process.stderr,
});
