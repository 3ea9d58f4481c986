import { Migration } from '@mikro-orm/migrations';

const UP = [
  // One row for each due instant that was begun: the unique key is what makes each tick happen once.
  `create table tick (
     name text not null, due_at timestamptz not null,
     state text not null check (state in ('running', 'done', 'failed')),
     attempt int not null, holder text not null,
     started_at timestamptz not null, finished_at timestamptz, retry_at timestamptz,
     missed int not null default 0, missed_from timestamptz,
     error_code text,
     primary key (name, due_at)
   )`,
  `create table alert (
     id uuid primary key,
     kind text not null, key text not null, data jsonb not null,
     raised_at timestamptz not null, seen_at timestamptz not null, resolved_at timestamptz
   )`,
  // What stands is told once, by however many processes see it.
  `create unique index alert_standing on alert (key) where resolved_at is null`,
  `create index alert_by_time on alert (raised_at desc, id)`,
  `create table alert_delivery (
     id uuid primary key, alert_id uuid not null references alert on delete cascade,
     target text not null, channel text not null check (channel in ('mail', 'webhook')),
     state text not null check (state in ('planned', 'sending', 'sent', 'parked')),
     attempts int not null default 0, rounds int not null default 0, next_at timestamptz not null,
     lease_until timestamptz, sent_at timestamptz, error_code text,
     unique (alert_id, target)
   )`,
  `create index alert_delivery_due on alert_delivery (next_at) where state in ('planned', 'sending')`,
  `create table alert_target (target text primary key, disabled_at timestamptz not null, because text not null)`,
  `create function enishi_audit_key() returns trigger language plpgsql as $$
   begin
     if new.revoked_at is null then
       perform enishi_audit_note(new.created_at, new.created_by, 'key.created', jsonb_build_object(
         'key', new.id, 'role', new.role, 'source', new.source, 'company', new.company, 'expiresAt', new.expires_at));
     else
       perform enishi_audit_note(new.revoked_at, new.revoked_by, 'key.revoked', jsonb_build_object('key', new.id));
     end if;
     return null;
   end $$`,
  `create constraint trigger audit_key_new after insert on api_key deferrable initially deferred
     for each row execute function enishi_audit_key()`,
  `create constraint trigger audit_key after update on api_key deferrable initially deferred
     for each row when (new.revoked_at is distinct from old.revoked_at) execute function enishi_audit_key()`,
  // Who asked for an alert to go out again is an act; that alerts come and go is not.
  `create function enishi_audit_resend() returns trigger language plpgsql as $$
   begin
     perform enishi_audit_note(new.next_at, current_setting('enishi.actor', true), 'alert.resent',
       jsonb_build_object('alert', new.alert_id, 'delivery', new.id));
     return null;
   end $$`,
  `create constraint trigger audit_resend after update on alert_delivery deferrable initially deferred
     for each row when (old.state in ('sent', 'parked') and new.state = 'planned')
     execute function enishi_audit_resend()`,
];

const DOWN = [
  `drop function if exists enishi_audit_key() cascade`,
  `drop function if exists enishi_audit_resend() cascade`,
  ...['alert_target', 'alert_delivery', 'alert', 'tick'].map((table) => `drop table if exists ${table}`),
];

export class Migration20261122000400_schedule extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
