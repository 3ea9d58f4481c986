import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  copyFileSync,
  readFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFile } from '@swc/core';
import { buildSettings, listSources, manifestFile, readManifest, root } from './toolchain.mjs';

const options = { ...JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8')), swcrc: false };
delete options.$schema;

const isCode = (path) => path.endsWith('.ts');
const targetOf = (path) => join(root, 'dist', isCode(path) ? path.replace(/\.ts$/, '.js') : path);

/** A reader never sees half a file. */
function writeWhole(file, text) {
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

async function build(path) {
  const target = targetOf(path);
  mkdirSync(dirname(target), { recursive: true });
  if (!isCode(path)) return copyFileSync(join(root, path), target);
  const { code, map } = await transformFile(join(root, path), {
    ...options,
    sourceFileName: join(root, path),
  });
  writeWhole(`${target}.map`, map);
  writeWhole(target, code);
}

/** Removes what no source stands behind any more: a deleted migration must not run from dist/. */
function sweep(folder, wanted) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sweep(path, wanted);
    else if (!wanted.has(path)) rmSync(path);
  }
}

const sources = listSources();
const built = readManifest();
const changed = [...sources.keys()].filter(
  (path) =>
    built[path] !== sources.get(path) || statSync(targetOf(path), { throwIfNoEntry: false }) === undefined,
);
const outcomes = await Promise.allSettled(changed.map(build));
const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
for (const { reason } of failures) process.stderr.write(`${reason.message ?? reason}\n`);
if (failures.length > 0) {
  process.stderr.write(`${failures.length} of ${changed.length} files could not be compiled.\n`);
  process.exit(1);
}
const wanted = new Set([manifestFile]);
for (const path of sources.keys()) {
  wanted.add(targetOf(path));
  if (isCode(path)) wanted.add(`${targetOf(path)}.map`);
}
mkdirSync(dirname(manifestFile), { recursive: true });
sweep(dirname(manifestFile), wanted);
writeWhole(manifestFile, JSON.stringify({ settings: buildSettings(), files: Object.fromEntries(sources) }));
