#!/usr/bin/env node
// The `enishi` command. In a checkout it installs and builds what is missing or stale; in an image dist/ is all there is.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dirname, join } from 'node:path';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const toolchainFile = join(root, 'scripts', 'toolchain.mjs');
const toolchain =
  existsSync(toolchainFile) && existsSync(join(root, 'src'))
    ? await import(pathToFileURL(toolchainFile))
    : undefined;

if (toolchain !== undefined) {
  toolchain.ensureInstall();
  toolchain.ensureBuild();
}

if (toolchain?.needsOtherNode()) {
  const again = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exitCode = await toolchain.runToEnd(toolchain.nodePath(), again, {
    env: toolchain.toolEnvironment(),
  });
} else {
  module.enableCompileCache?.(join(root, 'node_modules', '.cache', 'enishi'));
  process.setSourceMapsEnabled(true);
  // `enishi … | head` closes the pipe early: the work goes on, only nobody reads any more.
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
  await import(pathToFileURL(join(root, 'dist', 'src', 'cli.js')).href);
}
