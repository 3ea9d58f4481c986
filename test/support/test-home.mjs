import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const homePrefix = 'enishi-test-';

const killIfThere = (pid) => {
  try {
    process.kill(pid, 'SIGQUIT');
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
};

/** Takes down the server of a test run, wherever its data lies, and removes all of it. */
export async function removeTestHome(home) {
  const control = join(home, 'postgres');
  const place = join(control, 'place.json');
  if (existsSync(place)) {
    const dataDir = resolve(control, JSON.parse(readFileSync(place, 'utf8')).dataDir);
    const pidFile = join(dataDir, 'postmaster.pid');
    if (existsSync(pidFile) && killIfThere(Number(readFileSync(pidFile, 'utf8').split('\n')[0]))) {
      for (let waited = 0; existsSync(pidFile) && waited < 10_000; waited += 20) await sleep(20);
    }
    if (!dataDir.startsWith(control)) rmSync(dirname(dataDir), { recursive: true, force: true });
  }
  rmSync(home, { recursive: true, force: true });
}
