import { startMailWorker } from './mail-worker-main.js';

const [url = '', smtpUrl = ''] = process.argv.slice(2);
await startMailWorker(url, smtpUrl, []);
