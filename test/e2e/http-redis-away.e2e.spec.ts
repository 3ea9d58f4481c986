import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { aRecord, openTestApi } from '../support/http-api.js';
import { startTestRedis } from '../support/redis.js';

const PUSHED = Number(process.env['ENISHI_TEST_PUSHES'] ?? 150);

describe('pushing while Redis is away', () => {
  it('R09: every record is answered with 202, and all of them take effect', async () => {
    const redis = await startTestRedis('pushes without Redis');
    if (redis === null) return;
    const api = await openTestApi({}, { unbraked: true, redisUrl: redis.url });
    try {
      const key = await api.key({ role: 'source', source: 'demo-en' });
      await redis.stop();
      const statuses = new Map<number, number>();
      for (let i = 0; i < PUSHED; i += 10) {
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, k) =>
            api.call('/api/v1/sources/demo-en/records', {
              key,
              body: aRecord({ employeeNumber: `R09-${i + k}` }),
              headers: { 'Idempotency-Key': `r09-${i + k}` },
            }),
          ),
        );
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      expect([...statuses]).toEqual([[202, PUSHED]]);
      const applied = async () =>
        (
          await api.database.one<{ n: number }>(
            `select count(*)::int as n from employment where company = 'en'`,
          )
        )?.n ?? 0;
      for (let i = 0; i < 300 && (await applied()) < PUSHED; i += 1) await sleep(200);
      expect(await applied()).toBe(PUSHED);
    } finally {
      await api.close();
    }
  });
});
