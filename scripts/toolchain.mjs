// Runs on any Node >= 20 and before anything is installed: node:* only.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.enishi-install');
const localNode = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The lowest version that the libraries run on (nock 15 and MikroORM 7 refuse older ones). */
const lowestMajor = 24;

const isRecentEnough = () => Number.parseInt(process.versions.node, 10) >= lowestMajor;

/** Node 24: this process's own when it is recent enough, else the one that the install brought. */
export const nodePath = () => (isRecentEnough() ? process.execPath : localNode);

export const needsOtherNode = () => !isRecentEnough();

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** Whether what npm says it installed is what package-lock.json asks for (an install made by hand, without our stamp). */
function matchesLock() {
  const installed = readIfThere(join(modules, '.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const have = JSON.parse(installed).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === '' ||
      (have[path] === undefined
        ? entry.optional === true || entry.devOptional === true
        : have[path].version === entry.version),
  );
}

function isInstalled() {
  if (!existsSync(localNode) && needsOtherNode()) return false;
  if (readIfThere(stampFile) === lockHash()) return true;
  if (!matchesLock()) return false;
  writeFileSync(stampFile, lockHash());
  return true;
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Runs `work` while no other process of this checkout runs work of that name. */
function withLock(name, work) {
  const lock = join(
    tmpdir(),
    `enishi-${name}-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`,
  );
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = Number(readIfThere(lock));
      const justMade =
        holder === 0 && Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 2_000;
      if (!justMade && !isAlive(holder)) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function runNpm(args) {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  // npm's own words go to stderr: stdout belongs to the command that was asked for.
  return spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && cli === undefined,
  });
}

/** `npx enishi` looks into node_modules/.bin, where npm does not link a project's own command. */
function linkCommand() {
  const link = join(modules, '.bin', 'enishi');
  if (process.platform === 'win32' || existsSync(link)) return;
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join('..', '..', 'bin', 'enishi.mjs'), link);
}

/** Installs what package-lock.json lists, unless that is what is installed. */
export function ensureInstall() {
  if (!isInstalled()) {
    withLock('install', () => {
      if (isInstalled()) return;
      process.stderr.write('Installing dependencies (once per package-lock.json) …\n');
      const result = runNpm([
        'ci',
        '--include=dev',
        '--include=optional',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ]);
      if (result.error) throw result.error;
      if (result.status !== 0) {
        process.stderr.write('npm ci failed; its words are above. Nothing else was done.\n');
        process.exit(result.status ?? 1);
      }
      if (needsOtherNode() && !existsSync(localNode)) {
        process.stderr.write(
          `Node ${lowestMajor} did not come with the install: npm ran no install scripts (ignore-scripts?).\n` +
            `Run "npm rebuild node", or use Node ${lowestMajor} or later yourself.\n`,
        );
        process.exit(2);
      }
      writeFileSync(stampFile, lockHash());
    });
  }
  linkCommand();
}

const builtFolders = ['src', 'connectors', 'bench'];

/** Every file under src/ and connectors/ that belongs into dist/, with what tells that it changed. */
export function listSources() {
  const found = new Map();
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== 'fixtures') walk(path);
      } else if (!/\.spec\.ts$|\.d\.ts$|\.md$/.test(entry.name)) {
        const { mtimeMs, size } = statSync(join(root, path));
        found.set(path, `${mtimeMs}-${size}`);
      }
    }
  };
  for (const folder of builtFolders) if (existsSync(join(root, folder))) walk(folder);
  return found;
}

export const manifestFile = join(root, 'dist', '.build.json');

export const buildSettings = () =>
  createHash('sha256')
    .update(readFileSync(join(root, '.swcrc')))
    .update(readFileSync(join(root, 'scripts', 'build.mjs')))
    .digest('hex');

/** What dist/ was last built from; empty when it was never built or with other settings. */
export function readManifest() {
  const text = readIfThere(manifestFile);
  if (text === undefined) return {};
  const { settings, files } = JSON.parse(text);
  return settings === buildSettings() ? files : {};
}

function isBuilt() {
  const built = readManifest();
  const sources = listSources();
  return (
    sources.size === Object.keys(built).length && [...sources].every(([path, stamp]) => built[path] === stamp)
  );
}

/** Brings dist/ up to date with src/ and connectors/; touches nothing when it is. */
export function ensureBuild() {
  if (isBuilt()) return;
  withLock('build', () => {
    if (isBuilt()) return;
    const result = spawnSync(nodePath(), [join(root, 'scripts', 'build.mjs')], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    });
    if (result.error) throw result.error;
    if (result.status !== 0) process.exit(result.status ?? 1);
  });
}

/** The environment in which `node` is the Node 24 of this checkout. */
export const toolEnvironment = (extra = {}) => ({
  ...process.env,
  ...extra,
  PATH: [dirname(nodePath()), join(modules, '.bin'), process.env.PATH].join(delimiter),
});

/**
 * Runs a command to its end, hands signals on to it, and answers with its exit status.
 * An interrupt typed at a terminal reaches the whole group by itself; handing it on would make it two.
 */
export function runToEnd(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: process.cwd(), stdio: 'inherit', ...options });
    const handOn = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, handOn);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, handOn);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
