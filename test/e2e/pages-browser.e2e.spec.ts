import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openServer, type OpenedServer } from '../../src/server.js';
import { FollowUpRunner } from '../../src/follow-ups/follow-up-runner.service.js';
import { ApiKeysService } from '../../src/platform/auth/api-keys.service.js';
import { loadEnv } from '../../src/platform/config/env.js';
import { Database } from '../../src/platform/database/database.js';
import { createLogger } from '../../src/platform/logging/logger.js';
import { aLeaver, linkIn, PUBLIC_URL } from '../support/mail-fixtures.js';
import { testDatabase, type TestDatabase } from '../support/postgres.js';
import {
  focusRing,
  hasChromium,
  startChromium,
  unreadable,
  visit,
  widerThanWindow,
  type Locale,
  type Visit,
} from './pages-browser-chromium.js';

const PHONE = 360;
const SCREEN = 1280;
const WINDOWS: [Locale, number][] = [
  ['ja-JP', PHONE],
  ['en-GB', PHONE],
  ['ja-JP', SCREEN],
];
const suite = hasChromium('the pages in a browser') ? describe : describe.skip;

interface Mailed {
  readonly followUpId: string;
  readonly path: string;
  readonly optOut: string;
}

suite('the pages in a browser', () => {
  let browser: Browser;
  let own: TestDatabase;
  let home: string;
  let server: OpenedServer;
  let database: Database;
  let base: string;
  let adminKey: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'enishi-browser-'));
    browser = await startChromium();
    own = await testDatabase();
    const env = loadEnv({
      DATABASE_URL: own.url,
      ENISHI_HOME: home,
      ENISHI_NOW: '2026-06-23T10:00:00+09:00',
      ENISHI_SECRET_KEY: 'a-secret-of-the-tests-that-is-long-enough',
      PUBLIC_URL,
    });
    server = await openServer(env, {
      role: 'api',
      port: 0,
      logger: createLogger({ level: 'silent', to: { write: () => undefined } }),
      log: () => undefined,
      onError: () => undefined,
    });
    database = server.get(Database);
    base = `http://127.0.0.1:${new URL(server.address).port}`;
    const wish = {
      role: 'admin' as const,
      company: null,
      source: null,
      name: 'browser',
      expiresAt: null,
      by: 'test',
    };
    adminKey = (await server.get(ApiKeysService).create(wish)).key;
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await own?.drop();
    rmSync(home, { recursive: true, force: true });
  });

  /** A leaver whose mail has gone out, with the paths of its links. */
  async function mailed(kind = 'exit_survey', company = 'jp'): Promise<Mailed> {
    const { followUpId } = await aLeaver(database, { kind, company });
    await server.get(FollowUpRunner).runOnce();
    const mail = await database.one<{ body: string }>(
      `select body from mailbox_message where follow_up_id = $1`,
      [followUpId],
    );
    const body = mail?.body ?? '';
    return {
      followUpId,
      path: linkIn(body, kind === 'invitation' ? 'i' : 's'),
      optOut: linkIn(body, 'u'),
    };
  }

  async function within<T>(
    options: Parameters<typeof visit>[2],
    work: (opened: Visit) => Promise<T>,
  ): Promise<T> {
    const opened = await visit(browser, base, options);
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  }

  /** Everything that a page could have changed. */
  async function traces(): Promise<unknown> {
    const tables = ['follow_up', 'link_token', 'person', 'timeline_event'];
    return Promise.all(
      tables.map((table) =>
        database.query(
          `select count(*) as n, md5(string_agg(t::text, '|' order by t::text)) as all from ${table} t`,
        ),
      ),
    );
  }

  const stateOf = (followUpId: string) =>
    database.one<{ state: string; answer: string | null }>(
      `select state, answer from follow_up where id = $1`,
      [followUpId],
    );

  const TITLES = {
    exit_survey: ['退職に際してのご意見について', 'Your view of your time with us'],
    exit_interview: ['退職面談のご希望について', 'Would you like an exit interview?'],
    invitation: ['アルムナイネットワークへのご招待', 'An invitation to our alumni network'],
    opt_out: ['今後のご案内を停止しますか', 'Stop these messages?'],
    gone: ['このページはご利用いただけません', 'This page is not available'],
    done: ['お手続きはすでに完了しています', 'This is already done'],
  } as const;

  it('X10: every leaver page is readable on phone and screen, in both languages, and looking changes nothing', async () => {
    const [survey, interview, invitation, used, expired] = [
      await mailed('exit_survey'),
      await mailed('exit_interview'),
      await mailed('invitation'),
      await mailed('exit_survey'),
      await mailed('exit_survey'),
    ];
    await fetch(base + used.path, { method: 'POST', body: new URLSearchParams({ answer: 'accept' }) });
    await database.query(
      `update link_token set expires_at = '2026-06-22T00:00:00Z' where follow_up_id = $1`,
      [expired.followUpId],
    );
    const pages = [
      [survey.path, 'exit_survey'],
      [interview.path, 'exit_interview'],
      [invitation.path, 'invitation'],
      [survey.optOut, 'opt_out'],
      [used.path, 'done'],
      [expired.path, 'gone'],
      ['/s/nobody-has-this', 'gone'],
      ['/i/', 'gone'],
    ] as const;
    const before = await traces();
    for (const [index, language] of (['ja', 'en'] as const).entries()) {
      for (const width of [PHONE, SCREEN]) {
        await within({ width, locale: 'en-GB' }, async ({ page, complaints }) => {
          for (const [path, name] of pages) {
            const response = await page.goto(`${base}${path}?lang=${language}`);
            expect(response?.status()).toBe(200);
            expect(await page.title()).toContain(TITLES[name][index]);
            expect(await page.locator('html').getAttribute('lang')).toBe(language);
            const found = { name, language, width, wrong: await unreadable(page), complaints };
            expect(found).toEqual({ name, language, width, wrong: [], complaints: [] });
          }
        });
      }
    }
    expect(await traces()).toEqual(before);
  });

  it('a page speaks the language of the company; where it knows none, that of the browser', async () => {
    const { path } = await mailed('exit_survey', 'en');
    await within({ width: PHONE, locale: 'ja-JP' }, async ({ page }) => {
      await page.goto(base + path);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      await page.goto(`${base}/s/nobody-has-this`);
      expect(await page.locator('html').getAttribute('lang')).toBe('ja');
    });
  });

  it.each([
    ['exit_interview', 'ja', 'accept', '面談のご希望を承りました'],
    ['invitation', 'en', 'decline', 'Thank you for telling us'],
  ] as const)(
    'X10: %s (%s): answered by keyboard alone; a second window is told kindly',
    async (kind, language, answer, thanks) => {
      const { path, followUpId } = await mailed(kind);
      const [width, locale] = [PHONE, 'ja-JP'] as const;
      await within({ width, locale }, async ({ page, complaints }) =>
        within({ width, locale }, async (second) => {
          await second.page.goto(`${base}${path}?lang=${language}`);
          await page.goto(`${base}${path}?lang=${language}`);
          await page.keyboard.press('Tab');
          if (answer === 'decline') await page.keyboard.press('Tab');
          expect(await page.locator(':focus-visible').getAttribute('value')).toBe(answer);
          expect(await focusRing(page)).toBe('solid 3px');
          await page.keyboard.press('Enter');
          await page.getByRole('heading', { name: thanks }).waitFor();
          expect(await page.locator('html').getAttribute('lang')).toBe(language);
          expect(await unreadable(page)).toEqual([]);
          expect(await stateOf(followUpId)).toEqual({ state: 'answered', answer });
          await second.page.locator('button').first().press('Enter');
          const done = TITLES.done[language === 'ja' ? 0 : 1];
          await second.page.getByRole('heading', { name: done }).waitFor();
          expect(await unreadable(second.page)).toEqual([]);
          expect(await stateOf(followUpId)).toEqual({ state: 'answered', answer });
          expect([...complaints, ...second.complaints]).toEqual([]);
        }),
      );
    },
  );

  it('opting out takes one button, without JavaScript, and once more does no harm', async () => {
    const { optOut, path } = await mailed();
    await within(
      { width: PHONE, locale: 'ja-JP', javaScriptEnabled: false },
      async ({ page, complaints }) => {
        await page.goto(base + optOut);
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'ご案内の停止を承りました' }).waitFor();
        await page.goto(base + optOut);
        await page.getByRole('heading', { name: TITLES.done[0] }).waitFor();
        await page.goto(base + path);
        await page.getByRole('heading', { name: TITLES.gone[0] }).waitFor();
        expect(complaints).toEqual([]);
      },
    );
  });

  it('the other language is one link away, and the answer is thanked for in it', async () => {
    const { path, followUpId } = await mailed();
    await within({ width: PHONE, locale: 'ja-JP' }, async ({ page, complaints }) => {
      await page.goto(base + path);
      await page.getByRole('link', { name: 'English' }).press('Enter');
      await page.getByRole('button', { name: 'No, thank you' }).press('Enter');
      await page.getByRole('heading', { name: 'Thank you for telling us' }).waitFor();
      expect(complaints).toEqual([]);
    });
    expect(await stateOf(followUpId)).toEqual({ state: 'answered', answer: 'decline' });
  });

  it('when the database fails, a leaver reads a page that says so', async () => {
    const { path } = await mailed();
    await database.query(`alter table link_token rename to link_token_away`);
    try {
      await within({ width: PHONE, locale: 'ja-JP' }, async ({ page }) => {
        const response = await page.goto(base + path);
        expect(response?.status()).toBe(500);
        expect(response?.headers()['retry-after']).toBe('120');
        expect(await page.title()).toBe('ただいまページを表示できません');
        expect(await unreadable(page)).toEqual([]);
      });
    } finally {
      await database.query(`alter table link_token_away rename to link_token`);
    }
  });

  it.each(WINDOWS)(
    '/api/docs shows the operations under its own policy (%s, %i px)',
    async (locale, width) => {
      await within({ width, locale }, async ({ page, complaints }) => {
        await page.goto(base);
        expect(new URL(page.url()).pathname).toBe('/api/docs');
        const first = page.locator('.opblock').first();
        await first.locator('.opblock-summary-control').press('Enter');
        await first.getByText('Try it out').waitFor();
        expect(await page.locator('.opblock').count()).toBeGreaterThan(20);
        expect(await page.title()).toBe('Enishi API');
        expect(await page.locator('html').getAttribute('lang')).toBe('en');
        expect(await widerThanWindow(page)).toBe(false);
        expect(complaints).toEqual([]);
      });
    },
  );

  it('what a problem document names as its type is explained there, in both languages', async () => {
    const problem = (await (await fetch(`${base}/api/v1/runs`)).json()) as { type: string; title: string };
    await within({ width: PHONE, locale: 'ja-JP' }, async ({ page, complaints }) => {
      await page.goto(base + problem.type);
      await page.locator('.opblock').first().waitFor();
      const shown = await page.locator('.problem:visible').allInnerTexts();
      expect(shown).toHaveLength(1);
      expect(shown[0]).toContain(problem.title);
      expect(shown[0]).toContain('リクエストにAPIキーがありません');
      expect(await widerThanWindow(page)).toBe(false);
      expect(complaints).toEqual([]);
    });
  });

  it.each(WINDOWS)(
    '/ops/queues shows queues and jobs to an admin, and asks nobody else (%s, %i px)',
    async (locale, width) => {
      await mailed();
      const httpCredentials = { username: 'admin', password: adminKey };
      await within({ width, locale, httpCredentials }, async ({ page, complaints }) => {
        await page.goto(`${base}/ops/queues`);
        await page.getByRole('link', { name: 'exit-interviews' }).first().waitFor({ state: 'attached' });
        expect(await page.title()).toBe('Enishi');
        expect(await page.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2));
        expect(await widerThanWindow(page)).toBe(false);
        await page.goto(`${base}/ops/queues/queue/exit-interviews`);
        await page.getByText('followUpId').first().waitFor();
        expect(await widerThanWindow(page)).toBe(false);
        expect(complaints).toEqual([]);
      });
    },
  );
});
