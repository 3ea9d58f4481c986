import { rmSync } from 'node:fs';

export default function tearDown() {
  rmSync(process.env.ENISHI_TEST_HOME, { recursive: true, force: true });
}
