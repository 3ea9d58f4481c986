import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError } from '../../domain/app-error.js';
import { describeError } from '../i18n/i18n.js';
import { loadEnv } from './env.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'enishi-env-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const load = (over: NodeJS.ProcessEnv = {}) => loadEnv({ ENISHI_HOME: home, ...over });

function errorOf(over: NodeJS.ProcessEnv): AppError {
  try {
    load(over);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe(loadEnv, () => {
  it('needs nothing', () => {
    expect(load()).toMatchObject({
      databaseUrl: undefined,
      redisUrls: [],
      smtpUrl: undefined,
      port: 3000,
      home,
      now: undefined,
      logLevel: 'info',
      production: false,
    });
  });

  it('takes an empty value for none', () => {
    expect(load({ PORT: '', REDIS_URL: ' ', DATABASE_URL: '' })).toMatchObject({ port: 3000, redisUrls: [] });
  });

  it('reads every variable', () => {
    const env = load({
      DATABASE_URL: 'postgresql://u:p@db:5432/enishi',
      REDIS_URL: 'redis://a:1, rediss://b:2',
      SMTP_URL: 'smtps://u:p@mail:465',
      PORT: '0',
      PUBLIC_URL: 'https://enishi.example.jp/alumni/',
      ENISHI_NOW: '2026-04-01T00:30:00+09:00',
      LOG_LEVEL: 'debug',
      ENISHI_LANG: 'ja',
    });
    expect(env).toMatchObject({
      databaseUrl: 'postgresql://u:p@db:5432/enishi',
      redisUrls: ['redis://a:1', 'rediss://b:2'],
      smtpUrl: 'smtps://u:p@mail:465',
      port: 0,
      publicUrl: 'https://enishi.example.jp/alumni',
      now: Date.UTC(2026, 2, 31, 15, 30),
      logLevel: 'debug',
      lang: 'ja',
    });
  });

  it.each([
    ['DATABASE_URL', 'mysql://u:hunter2@db/x', 'ENV_DATABASE_URL'],
    ['REDIS_URL', 'redis://a:1,http://u:hunter2@b:2', 'ENV_REDIS_URL'],
    ['SMTP_URL', 'mail.example.jp:25', 'ENV_SMTP_URL'],
    ['PORT', '65536', 'ENV_PORT'],
    ['PORT', '3e3', 'ENV_PORT'],
    ['PUBLIC_URL', 'enishi.example.jp', 'ENV_PUBLIC_URL'],
    ['PUBLIC_URL', 'https://enishi.example.jp/?a=1', 'ENV_PUBLIC_URL'],
    ['ENISHI_NOW', '2026-03-31', 'ENV_NOW'],
    ['ENISHI_NOW', '2026-03-31T09:00:00', 'ENV_NOW'],
    ['ENISHI_SECRET_KEY', 'short', 'ENV_SECRET_KEY'],
    ['LOG_LEVEL', 'verbose', 'ENV_LOG_LEVEL'],
    ['NODE_ENV', 'prodution', 'ENV_NODE_ENV'],
    ['ENISHI_LANG', 'fr', 'ENV_LANG'],
  ])(
    'refuses %s=%s with the variable, what was expected and an example, in both languages',
    (name, value, code) => {
      const error = errorOf({ [name]: value });
      expect(error.code).toBe(code);
      for (const language of ['ja', 'en'] as const) {
        const text = describeError(error, language);
        expect(text.title).toContain(name);
        expect(text.expected).toMatch(/例:|for example/);
        expect(text.remedy).not.toBe('');
        expect(JSON.stringify(text)).not.toMatch(/\{\{|hunter2/);
      }
      expect(JSON.stringify(error.details)).not.toContain('hunter2');
    },
  );

  it('refuses a file in the place of a folder', () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    expect(errorOf({ ENISHI_CONFIG: file }).code).toBe('ENV_FOLDER');
  });

  it('makes a secret key once, for its owner alone, and keeps it', () => {
    const first = load().secretKey;
    expect(first.length).toBeGreaterThanOrEqual(32);
    expect(load().secretKey).toBe(first);
    const file = join(home, 'secret-key');
    expect(readFileSync(file, 'utf8')).toBe(first);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('never replaces a damaged secret key', () => {
    writeFileSync(join(home, 'secret-key'), 'cut');
    expect(errorOf({}).code).toBe('SECRET_KEY_FILE_DAMAGED');
  });

  it('wants a secret key in production and refuses another time there', () => {
    expect(errorOf({ NODE_ENV: 'production' }).code).toBe('ENV_SECRET_KEY_REQUIRED');
    const key = 'k'.repeat(32);
    expect(load({ NODE_ENV: 'production', ENISHI_SECRET_KEY: key })).toMatchObject({
      production: true,
      secretKey: key,
    });
    const later = { NODE_ENV: 'production', ENISHI_SECRET_KEY: key, ENISHI_NOW: '2026-03-31T00:00:00Z' };
    expect(errorOf(later).code).toBe('ENV_NOW_IN_PRODUCTION');
  });
});
