// Every spec of src/domain as one file: jest links modules anew for each file, and mutation testing runs jest for every
// mutant.
import { readdirSync } from 'node:fs';

const folder = new URL('../../src/domain/', import.meta.url);
for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.spec.ts'))
  .sort()) {
  await import(new URL(file, folder).pathname);
}
