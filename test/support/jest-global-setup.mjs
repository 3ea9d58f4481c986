import { chmodSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homePrefix, removeTestHome } from './test-home.mjs';

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** Names the home of this run's PostgreSQL (the first spec file that needs one starts it) and removes those of killed runs. */
export default async function setUp() {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(homePrefix) ? Number(name.slice(homePrefix.length).split('-')[0]) : undefined;
    if (pid !== undefined && !isAlive(pid)) await removeTestHome(join(tmpdir(), name));
  }
  process.env.ENISHI_TEST_HOME = mkdtempSync(join(tmpdir(), `${homePrefix}${process.pid}-`));
  // As root the server runs as another account, which has to pass.
  chmodSync(process.env.ENISHI_TEST_HOME, 0o711);
}
