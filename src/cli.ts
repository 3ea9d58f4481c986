import { keepHeapSmall } from './platform/config/heap.js';
import { processEnvironment } from './platform/config/process-environment.js';
import { runCommandLine } from './cli/program.js';

keepHeapSmall(process.argv[2] === 'serve' ? 'server' : 'command');

// The status is set rather than exited with: what is still on its way to a pipe must arrive.
process.exitCode = await runCommandLine(process.argv.slice(2), {
  env: processEnvironment(),
  stdout: process.stdout,
  stderr: process.stderr,
});
