import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Names the home of this run's PostgreSQL; the first spec file that asks for a database starts it there. */
export default function setUp() {
  process.env.ENISHI_TEST_HOME = mkdtempSync(join(tmpdir(), `enishi-test-${process.pid}-`));
}
