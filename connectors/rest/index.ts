import { defineConnector } from '../../src/connector-spi/connector.js';
import { RestReading } from './reading.js';
import { restSettings } from './settings.js';

/** Any HTTP API that lists people as JSON, described by its settings alone. */
export default defineConnector({
  id: 'rest',
  title: { ja: 'REST API(設定だけで接続)', en: 'REST API (described by settings)' },
  tells: { everybody: true, changes: false, deletions: 'by_absence' },
  settings: restSettings,
  open(settings) {
    const { auth, retry } = settings;
    return {
      endpoint: {
        baseUrl: settings.baseUrl,
        allowPrivate: settings.allowPrivate,
        auth:
          auth === undefined
            ? null
            : 'bearerFrom' in auth
              ? { header: 'authorization', prefix: 'Bearer ', variable: auth.bearerFrom }
              : { header: auth.header, prefix: '', variable: auth.valueFrom },
        timeoutMs: settings.timeoutSecs * 1_000,
        maxAnswerBytes: settings.maxPageMegabytes * 1_048_576,
        retry: {
          attempts: retry.attempts,
          firstDelayMs: retry.firstDelaySecs * 1_000,
          longestWaitSecs: retry.longestWaitSecs,
        },
      },
      columns: Object.entries(settings.columns).map(([name, { optional }]) => ({ name, optional })),
      read: (http, signal) => new RestReading(settings).pages(http, signal),
    };
  },
});
