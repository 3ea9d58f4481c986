// One import in a process of its own, for tests that kill it: node child-import.mjs <options as JSON>
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const swc = JSON.parse(readFileSync(new URL('../../.swcrc', import.meta.url), 'utf8'));

// The sources as they are: imports that end in .js have a .ts beside them.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL !== undefined) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(source)) return { url: source.href, format: 'module', shortCircuit: true };
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!url.endsWith('.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...swc, swcrc: false, filename });
    return { source: code, format: 'module', shortCircuit: true };
  },
});

const { runChildImport } = await import('./child-import-main.ts');
await runChildImport(JSON.parse(process.argv[2]));
// Queues and pools are left to the end of the process: nothing of them outlives it.
process.exit(0);
