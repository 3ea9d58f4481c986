// A process of its own that uses the server of a home: says its address, leaves when its input ends, then says goodbye.
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const [root, home] = process.argv.slice(2);
const { startEmbeddedPostgres } = await import(
  pathToFileURL(join(root, 'dist/src/platform/embedded/embedded-postgres.js')).href
);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const server = await startEmbeddedPostgres({ home, log: (line) => say({ log: line }) });
say({ url: server.url });
for await (const _ of process.stdin);
await server.stop();
say({ left: true });
