import { Migration } from '@mikro-orm/migrations';

const UP = [
  `create table api_key (
     id uuid primary key,
     prefix text not null unique, secret_sha256 text not null,
     role text not null check (role in ('source', 'recruiter', 'hr', 'admin', 'auditor')),
     name text not null, source text, company text,
     created_at timestamptz not null, created_by text not null,
     expires_at timestamptz, last_used_at timestamptz,
     revoked_at timestamptz, revoked_by text,
     check ((role = 'source') = (source is not null))
   )`,
  `create index api_key_by_time on api_key (created_at desc, id)`,
  // What came in by HTTP and is promised, until it has become a run.
  `create table inbox (
     id uuid primary key,
     kind text not null check (kind in ('records', 'file')),
     source text not null, payload text, item_count int not null,
     received_at timestamptz not null, received_by text not null,
     state text not null check (state in ('pending', 'done', 'failed')),
     attempts int not null default 0, next_try_at timestamptz not null,
     run_id uuid, error jsonb, finished_at timestamptz
   )`,
  `create index inbox_pending on inbox (source, received_at, id) where state = 'pending'`,
  `create table idempotency_key (
     owner uuid not null, key text not null,
     route text not null, fingerprint text,
     state text not null check (state in ('running', 'done')), claim uuid not null, lease_until timestamptz not null,
     status int, headers jsonb, body text,
     created_at timestamptz not null, expires_at timestamptz not null,
     primary key (owner, key)
   )`,
  `create index idempotency_key_expired on idempotency_key (expires_at)`,
  // Counters that may be lost at any time: not worth a disk flush.
  `create unlogged table rate_limit (key varchar(255) primary key, points integer not null default 0, expire bigint)`,
];

const TABLES = ['rate_limit', 'idempotency_key', 'inbox', 'api_key'];

export class Migration20261122000200_http extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const table of TABLES) this.addSql(`drop table if exists ${table}`);
  }
}
