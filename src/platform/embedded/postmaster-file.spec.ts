import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findPostmaster, removeDeadPidFile } from './postmaster-file.js';

// No system gives this number to a process.
const nobodysPid = 2 ** 31 - 1;

let dataDir: string;
let file: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'enishi-pid-file-'));
  file = join(dataDir, 'postmaster.pid');
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe(findPostmaster, () => {
  it.each([
    ['is still empty, being written', ''],
    ['names a process that is gone', `${nobodysPid}\n/somewhere\n`],
    ['names a process that serves no data folder', `${process.pid}\n/somewhere\n`],
  ])('finds nobody and takes nothing away when the pid file %s', (_case, content) => {
    writeFileSync(file, content);
    expect(findPostmaster(dataDir)).toBeNull();
    expect(existsSync(file)).toBe(true);
  });

  it('finds nobody without a pid file', () => {
    expect(findPostmaster(dataDir)).toBeNull();
  });
});

describe(removeDeadPidFile, () => {
  it.each([
    ['of a process that is gone', `${nobodysPid}\n/somewhere\n`],
    ['of a number that something else has now', `${process.pid}\n/somewhere\n`],
    ['that a full disk left empty', ''],
  ])('removes the file %s', async (_case, content) => {
    writeFileSync(file, content);
    await removeDeadPidFile(dataDir);
    expect(existsSync(file)).toBe(false);
  });

  it('waits for a file that is being written, and leaves that of a running server', async () => {
    writeFileSync(file, '');
    const removing = removeDeadPidFile(dataDir);
    // A process whose command line names the data folder: what a postmaster looks like from outside.
    const server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', dataDir]);
    try {
      writeFileSync(file, `${server.pid ?? 0}\n${dataDir}\n0\n5432\n\n127.0.0.1\n\nstarting\n`);
      await removing;
      expect(existsSync(file)).toBe(true);
      expect(findPostmaster(dataDir)).toMatchObject({ pid: server.pid, port: 5432, ready: false });
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('does nothing without a file', async () => {
    await removeDeadPidFile(dataDir);
    expect(existsSync(file)).toBe(false);
  });
});
