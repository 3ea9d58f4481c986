import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli.js';

describe('enishi demo', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'enishi-demo-'));
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  it('tells who leaves, who is written to, who is not and why, and works again on the same home', async () => {
    const japanese = await runCli(['demo', '--exit'], { ENISHI_HOME: home });
    expect({ status: japanese.status, err: japanese.stderr }).toMatchObject({ status: 0 });
    for (const part of ['退職する人', '面談と招待', '連絡しない人', '再雇用の判定', '却下行: 6 行', '保留']) {
      expect(japanese.stdout).toContain(part);
    }
    expect(japanese.stdout).toContain('死亡退職のため、連絡しません');
    const english = await runCli(['demo', '--exit', '--lang', 'en', '--json'], { ENISHI_HOME: home });
    expect(english.status).toBe(0);
    expect(JSON.parse(english.stdout)).toMatchObject({
      runs: [
        { rows: { read: 1964, rejected: 6 } },
        { rows: { rejected: 0 } },
        { rows: { read: 1, rejected: 0 } },
      ],
      truncated: { run: { status: 'held' } },
    });
  });
});
