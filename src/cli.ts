import { setFlagsFromString } from 'node:v8';
import { processEnvironment } from './platform/config/process-environment.js';
import { runCommandLine } from './cli/program.js';

// What an import throws away at once would fill a young generation that grows to 100 MB and more, and what is left of it
// an old one of several times what is in use, the longer the file. A server, which lives long, keeps what it is given.
if (process.argv[2] !== 'serve') {
  for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=20']) setFlagsFromString(flag);
}

// The status is set rather than exited with: what is still on its way to a pipe must arrive.
process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: processEnvironment(),
  stdout: process.stdout,
  stderr: process.stderr,
});
