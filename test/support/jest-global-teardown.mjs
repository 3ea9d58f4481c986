import { removeTestHome } from './test-home.mjs';

export default async function tearDown() {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`A spec file left a connection open: ${error.message}\n`);
    process.exitCode = 1;
  });
  await removeTestHome(process.env.ENISHI_TEST_HOME);
}
