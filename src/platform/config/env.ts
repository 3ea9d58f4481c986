import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import { detectLanguage, type Language, LANGUAGES } from '../i18n/locale.js';

type LogLevel = z.output<typeof logLevel>;

/** What the environment says, checked; nothing else in src reads it. */
export interface Env {
  /** Undefined: the embedded PostgreSQL of `home`. */
  readonly databaseUrl: string | undefined;
  /** Empty: BullMQ on PostgreSQL; one: Redis; several: the nodes of a Redis Cluster. */
  readonly redisUrls: readonly string[];
  /** Undefined: the local mailbox. */
  readonly smtpUrl: string | undefined;
  /** 0 takes any free port. */
  readonly port: number;
  /** Without a slash at its end; undefined: the address that the server listens on. */
  readonly publicUrl: string | undefined;
  /** Absolute. Need not be there yet. */
  readonly home: string;
  /** Absolute. */
  readonly configDir: string;
  /** Signs tokens and encrypts fields. At least 32 characters. Never logged. */
  readonly secretKey: string;
  /** The instant that the whole process takes for now, in milliseconds since the epoch; undefined: the real one. */
  readonly now: number | undefined;
  readonly logLevel: LogLevel;
  readonly production: boolean;
  readonly lang: Language;
  /** What this process does: answer (`api`), send and work (`worker`), or both. */
  readonly role: Role;
  /** Where traces go by OTLP over HTTP; undefined: none are made. */
  readonly otlpEndpoint: string | undefined;
}

export const ROLES = ['all', 'api', 'worker'] as const;
export type Role = (typeof ROLES)[number];

const secretKeyLength = 32;

const postgresUrl = z.url({ protocol: /^postgres(?:ql)?$/, hostname: /./ });
const redisUrl = z.url({ protocol: /^rediss?$/, hostname: /./ });
const smtpUrl = z.url({ protocol: /^smtps?$/, hostname: /./ });
const publicUrl = z
  .url({ protocol: /^https?$/, hostname: /./ })
  .refine((value) => !/[?#]/.test(value))
  .transform((value) => value.replace(/\/+$/, ''));
const httpUrl = z.url({ protocol: /^https?$/, hostname: /./ });
const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value <= 65_535);
const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);
const nodeEnv = z.enum(['production', 'development', 'test']);
const instant = z.string().transform((text, context) => {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    context.addIssue({ code: 'custom', message: 'not an instant' });
    return z.NEVER;
  }
});
const folder = z.string().transform((path) => resolve(path));
const ownFolder = folder.refine((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true);

/** Variables whose values may be shown in an error; the others can hold a password. */
const shown = new Set([
  'ENV_PORT',
  'ENV_PUBLIC_URL',
  'ENV_NOW',
  'ENV_LOG_LEVEL',
  'ENV_NODE_ENV',
  'ENV_LANG',
  'ENV_FOLDER',
  'ENV_ROLE',
]);

class Reader {
  constructor(private readonly source: NodeJS.ProcessEnv) {}

  /** Undefined when unset or empty: `PORT= enishi serve` and an empty line of a compose file mean "not set". */
  text(name: string): string | undefined {
    const value = this.source[name]?.trim();
    return value === '' ? undefined : value;
  }

  read<S extends z.ZodType>(name: string, schema: S, code: string): z.output<S> | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new AppError(code, { details: { name, ...(shown.has(code) && { found: value }) } });
  }
}

/**
 * Makes the folder that keeps everything of this installation. Root's is open to pass through, not to look into: its
 * embedded database runs as another account.
 */
function ensureHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
}

/** The key of this home, made once and readable by its owner alone; two processes that start at once agree on it. */
function keepSecretKey(home: string): string {
  const file = join(home, 'secret-key');
  if (!existsSync(file)) {
    ensureHome(home);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, randomBytes(secretKeyLength).toString('base64'), { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  const key = readFileSync(file, 'utf8').trim();
  if (key.length < secretKeyLength) throw new AppError('SECRET_KEY_FILE_DAMAGED', { details: { file } });
  return key;
}

function readSecretKey(reader: Reader, home: string, production: boolean): string {
  const name = 'ENISHI_SECRET_KEY';
  const given = reader.read(name, z.string().min(secretKeyLength), 'ENV_SECRET_KEY');
  if (given !== undefined) return given;
  if (production) throw new AppError('ENV_SECRET_KEY_REQUIRED', { details: { name } });
  return keepSecretKey(home);
}

function readNow(reader: Reader, production: boolean): number | undefined {
  const name = 'ENISHI_NOW';
  const now = reader.read(name, instant, 'ENV_NOW');
  if (now !== undefined && production) throw new AppError('ENV_NOW_IN_PRODUCTION', { details: { name } });
  return now;
}

function readRedisUrls(reader: Reader): readonly string[] {
  const urls = z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(redisUrl));
  return reader.read('REDIS_URL', urls, 'ENV_REDIS_URL') ?? [];
}

/**
 * Checks the environment and makes typed settings of it. Outside production a missing secret key is made and kept in
 * the home.
 *
 * @throws ENV_* naming the variable; never with a value that can hold a password
 */
export function loadEnv(source: NodeJS.ProcessEnv): Env {
  const reader = new Reader(source);
  const production = reader.read('NODE_ENV', nodeEnv, 'ENV_NODE_ENV') === 'production';
  const home = reader.read('ENISHI_HOME', ownFolder, 'ENV_FOLDER') ?? resolve('.enishi');
  reader.read('ENISHI_LANG', z.enum(LANGUAGES), 'ENV_LANG');
  return {
    databaseUrl: reader.read('DATABASE_URL', postgresUrl, 'ENV_DATABASE_URL'),
    redisUrls: readRedisUrls(reader),
    smtpUrl: reader.read('SMTP_URL', smtpUrl, 'ENV_SMTP_URL'),
    port: reader.read('PORT', port, 'ENV_PORT') ?? 3000,
    publicUrl: reader.read('PUBLIC_URL', publicUrl, 'ENV_PUBLIC_URL'),
    home,
    configDir: reader.read('ENISHI_CONFIG', ownFolder, 'ENV_FOLDER') ?? resolve('config'),
    secretKey: readSecretKey(reader, home, production),
    now: readNow(reader, production),
    logLevel: reader.read('LOG_LEVEL', logLevel, 'ENV_LOG_LEVEL') ?? 'info',
    production,
    lang: detectLanguage({ env: source }),
    role: reader.read('ENISHI_ROLE', z.enum(ROLES), 'ENV_ROLE') ?? 'all',
    otlpEndpoint: reader.read('OTEL_EXPORTER_OTLP_ENDPOINT', httpUrl, 'ENV_OTLP_ENDPOINT'),
  };
}
