import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../domain/app-error.js';
import { Clock } from '../clock/clock.js';
import { Database } from '../database/database.js';
import { Gathered } from '../database/gathered.js';
import { newId } from '../database/id.js';
import type { Role } from './access.js';

/** Who calls: a key, what it may be, and what part of the group it sees. */
export interface Caller {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  /** The one source that a key of role `source` speaks for, else null. */
  readonly source: string | null;
  /** The one company that it sees, null for all of the group. */
  readonly company: string | null;
}

export interface ApiKeyItem extends Omit<Caller, 'keyId'> {
  readonly id: string;
  /** The part of the key that is no secret, to tell keys apart by. */
  readonly prefix: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** Null: it does not expire. */
  readonly expiresAt: string | null;
  /** To the minute. Null: never used. */
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

interface KeyRow {
  id: string;
  secret_sha256: string;
  role: Role;
  name: string;
  source: string | null;
  company: string | null;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

const PREFIX_BYTES = 6;
const SECRET_BYTES = 32;
const SHAPE = /^enk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const USE_SHOWN_EVERY_MS = 60_000;
const LOOKUPS_AT_ONCE = 100;
/** Compared with when there is no such key, so that the answer takes as long. */
const NOBODY = '0'.repeat(64);

/** Keys of the API. Only a SHA-256 of the 256-bit secret is kept: what is shown once cannot be shown again. */
@Injectable()
export class ApiKeysService {
  // A thousand calls a second are asked for together, each by a question that was put after it came.
  private readonly lookups = new Gathered<string, KeyRow | null>(
    async (prefixes) => {
      const rows = await this.db.prepared<KeyRow & { prefix: string }>(
        'api-keys-by-prefix',
        'select * from api_key where prefix = any($1::text[])',
        [[...new Set(prefixes)]],
      );
      return prefixes.map((prefix) => rows.find((row) => row.prefix === prefix) ?? null);
    },
    LOOKUPS_AT_ONCE,
    'soon',
  );

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a key. The text of it is in this answer and nowhere else.
   * @throws KEY_SOURCE_NEEDED, KEY_SOURCE_NOT_ALLOWED, KEY_EXPIRY_PAST
   */
  async create(wish: {
    readonly role: Role;
    readonly name: string;
    readonly source: string | null;
    readonly company: string | null;
    readonly expiresAt: string | null;
    readonly by: string;
  }): Promise<{ readonly key: string; readonly item: ApiKeyItem }> {
    if (wish.role === 'source' && wish.source === null) throw new AppError('KEY_SOURCE_NEEDED');
    if (wish.role !== 'source' && wish.source !== null) {
      throw new AppError('KEY_SOURCE_NOT_ALLOWED', { details: { role: wish.role } });
    }
    const createdAt = this.clock.nowIso();
    if (wish.expiresAt !== null && wish.expiresAt <= createdAt) throw new AppError('KEY_EXPIRY_PAST');
    const id = newId();
    const prefix = randomBytes(PREFIX_BYTES).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const { role, name, source, company, expiresAt, by } = wish;
    await this.db.query(
      `insert into api_key (id, prefix, secret_sha256, role, name, source, company, created_at, created_by, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [id, prefix, hashOf(secret), role, name, source, company, createdAt, by, expiresAt],
    );
    const item = { id, prefix, role, name, source, company, createdAt, createdBy: by, expiresAt };
    return { key: `enk_${prefix}_${secret}`, item: { ...item, lastUsedAt: null, revokedAt: null } };
  }

  /** Every key, the newest first, revoked ones too. */
  list(): Promise<ApiKeyItem[]> {
    return this.db.query<ApiKeyItem & { id: string }>(
      `select id, prefix, role, name, source, company, created_at as "createdAt", created_by as "createdBy",
         expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"
       from api_key order by created_at desc, id`,
    );
  }

  /** Ends a key at once, by its id or its prefix. Safe to repeat. @throws KEY_NOT_FOUND */
  async revoke(idOrPrefix: string, by: string): Promise<void> {
    const rows = await this.db.query(
      `update api_key set revoked_at = coalesce(revoked_at, $2), revoked_by = coalesce(revoked_by, $3)
       where id::text = $1 or prefix = $1 returning id`,
      [idOrPrefix.toLowerCase().replace(/^enk_/, ''), this.clock.nowIso(), by],
    );
    if (rows.length === 0)
      throw new AppError('KEY_NOT_FOUND', { details: { found: idOrPrefix.slice(0, 40) } });
  }

  /**
   * Who the value of an `Authorization` header is. Asked at every request, so that a revoked key ends at once.
   * @throws KEY_MISSING, KEY_INVALID (unknown, revoked and expired look alike)
   */
  async authenticate(authorization: string | undefined): Promise<Caller> {
    if (authorization === undefined) throw new AppError('KEY_MISSING');
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '';
    const [, prefix, secret] = SHAPE.exec(token) ?? [];
    if (prefix === undefined || secret === undefined) throw new AppError('KEY_INVALID');
    const row = await this.lookups.add(prefix);
    const isRight = timingSafeEqual(
      Buffer.from(hashOf(secret), 'hex'),
      Buffer.from(row?.secret_sha256 ?? NOBODY, 'hex'),
    );
    const now = this.clock.nowIso();
    const isLive =
      row !== null && row.revoked_at === null && (row.expires_at === null || row.expires_at > now);
    if (!isRight || !isLive) throw new AppError('KEY_INVALID');
    await this.noteUse(row, now);
    const { id, name, role, source, company } = row;
    return { keyId: id, name, role, source, company };
  }

  /** A row that changed at every request would be written a thousand times a minute. */
  private async noteUse(row: KeyRow, now: string): Promise<void> {
    const before = row.last_used_at === null ? 0 : Date.parse(row.last_used_at);
    if (Date.parse(now) - before < USE_SHOWN_EVERY_MS) return;
    await this.db.query('update api_key set last_used_at = $2 where id = $1', [row.id, now]);
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
