import { Migration } from '@mikro-orm/migrations';

/*
 * The audit chain. Acts are noted by triggers on the tables that record them anyway, so that no path of the code can
 * forget one, and so that a note stands or falls with its act: it is written in the same transaction.
 *
 * The triggers are deferred to the commit. The head of the chain is locked by whoever appends; taken last, that lock is
 * never held while another one is waited for, and it is held for the length of a commit only.
 *
 * An import of a million rows writes one entry for each applied batch, with a digest over what the batch decided.
 */

const CHAIN = [
  `create table audit_head (
     single boolean primary key default true check (single), seq bigint not null, hash text not null
   )`,
  `insert into audit_head (seq, hash) values (0, repeat('0', 64))`,
  `create table audit_entry (
     seq bigint primary key, at timestamptz not null, actor text not null, kind text not null,
     data text not null check (jsonb_typeof(data::jsonb) = 'object'),
     previous_hash text not null, hash text not null
   )`,
  `create index audit_entry_by_kind on audit_entry (kind, seq)`,
  // Each field with its length in front: no two entries share a text. AuditChain computes the same outside.
  `create function enishi_audit_field(value text) returns text language sql immutable as
     $$select octet_length(convert_to(value, 'UTF8')) || ':' || value || ','$$`,
  `create function enishi_audit_hash(e audit_entry) returns text language sql stable as
     $$select encode(sha256(convert_to(
         enishi_audit_field(e.previous_hash) || enishi_audit_field(e.seq::text)
         || enishi_audit_field(to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         || enishi_audit_field(e.actor) || enishi_audit_field(e.kind) || enishi_audit_field(e.data), 'UTF8')), 'hex')$$`,
  // Whoever may insert gives time, actor, kind and data; place and hashes come from here, as the owner of the head.
  `create function enishi_audit_chain() returns trigger language plpgsql security definer as $$
   declare head audit_head;
   begin
     select * into strict head from audit_head for update;
     new.seq := head.seq + 1;
     new.at := date_trunc('milliseconds', new.at);
     new.previous_hash := head.hash;
     new.hash := enishi_audit_hash(new);
     update audit_head set seq = new.seq, hash = new.hash;
     return new;
   end $$`,
  `create trigger audit_entry_chain before insert on audit_entry
     for each row execute function enishi_audit_chain()`,
  `create function enishi_audit_refuse() returns trigger language plpgsql as
     $$begin raise exception 'AUDIT_APPEND_ONLY' using hint = 'The audit chain only grows.'; end $$`,
  `create trigger audit_entry_stays before update or delete or truncate on audit_entry
     for each statement execute function enishi_audit_refuse()`,
  `create trigger audit_head_stays before insert or delete or truncate on audit_head
     for each statement execute function enishi_audit_refuse()`,
];

const NOTES = [
  `create function enishi_audit_note(at timestamptz, actor text, kind text, data jsonb) returns void language sql as
     $$insert into audit_entry (at, actor, kind, data)
       values (coalesce(at, now()), coalesce(nullif(actor, ''), 'unknown'), kind, jsonb_strip_nulls(data)::text)$$`,
  `create function enishi_audit_digest(value text) returns text language sql immutable as
     $$select encode(sha256(convert_to(value, 'UTF8')), 'hex')$$`,
  // What a range of a plan decided. Of the decisions only this fingerprint is kept in the chain: they hold names.
  `create function enishi_audit_decisions(run uuid, after_seq int, to_seq int) returns jsonb language sql stable as
     $$select jsonb_build_object('decisions', count(*), 'digest', enishi_audit_digest(coalesce(string_agg(
         enishi_audit_digest(jsonb_build_array(c.seq, c.ord, c.kind, c.company, c.employee_number, c.spell, c.before,
           c.after, c.changed_fields, c.verdict, c.verdict_before, c.follow_ups, c.withheld)::text),
         '' order by c.seq, c.ord), '')))
       from plan_change c where c.run_id = run and c.seq > after_seq and c.seq <= to_seq$$`,
  `create function enishi_audit_run() returns trigger language plpgsql as $$
   declare
     told jsonb := jsonb_build_object('run', new.id, 'source', new.source, 'kind', new.kind);
     who text := coalesce(new.decided_by, new.started_by);
     reason jsonb := jsonb_build_object('reasonDigest', enishi_audit_digest(new.decided_reason));
     reverting import_run;
   begin
     if tg_op = 'INSERT' then
       perform enishi_audit_note(new.decided_at, who, 'run.revert_asked',
         told || reason || jsonb_build_object('reverts', new.reverts_run_id));
       return null;
     end if;
     if new.decided_at is distinct from old.decided_at and new.status <> 'rejected' then
       perform enishi_audit_note(new.decided_at, who, 'run.approved',
         told || reason || jsonb_build_object('planHash', new.plan_hash));
     end if;
     if new.applied_seq > old.applied_seq then
       perform enishi_audit_note(new.apply_at, who, 'run.batch_applied',
         jsonb_build_object('run', new.id, 'from', old.applied_seq + 1, 'to', new.applied_seq)
           || enishi_audit_decisions(new.id, old.applied_seq, new.applied_seq));
     end if;
     if new.status = old.status then return null; end if;
     case new.status
       when 'held' then
         perform enishi_audit_note(now(), 'enishi', 'run.held', told || jsonb_build_object('planHash', new.plan_hash,
           'brakes', jsonb_path_query_array(new.brakes, '$[*] ? (@.tripped == true).name')));
       when 'applied' then
         perform enishi_audit_note(new.finished_at, who, 'run.applied', told || jsonb_build_object(
           'startedBy', new.started_by, 'planHash', new.plan_hash, 'rows', new.rows, 'changes', new.changes,
           'verdicts', new.verdicts, 'followUps', new.follow_ups)
           || case when new.kind = 'policy' then enishi_audit_decisions(new.id, 0, new.item_count) else '{}' end);
       when 'rejected' then
         perform enishi_audit_note(new.decided_at, who, 'run.rejected',
           told || reason || jsonb_build_object('planHash', new.plan_hash));
       when 'failed' then
         perform enishi_audit_note(new.finished_at, 'enishi', 'run.failed',
           told || jsonb_build_object('code', new.error->'code'));
       when 'reverted' then
         select * into reverting from import_run where reverts_run_id = new.id order by started_at desc limit 1;
         perform enishi_audit_note(reverting.decided_at, reverting.decided_by, 'run.reverted',
           told || jsonb_build_object('by', reverting.id));
       else null;
     end case;
     return null;
   end $$`,
  `create function enishi_audit_match() returns trigger language plpgsql as $$
   begin
     perform enishi_audit_note(new.decided_at, new.decided_by, 'match.' || new.state, jsonb_build_object(
       'match', new.id, 'employmentA', new.employment_a, 'employmentB', new.employment_b));
     return null;
   end $$`,
  `create function enishi_audit_override() returns trigger language plpgsql as $$
   declare
     told jsonb := jsonb_build_object('override', new.id, 'person', new.person_id, 'company', new.company,
       'verdict', new.verdict, 'untilDay', new.until_day);
     reason jsonb := jsonb_build_object('reasonDigest', enishi_audit_digest(new.reason));
   begin
     if tg_op = 'INSERT' then
       perform enishi_audit_note(new.created_at, new.author,
         case when new.state = 'active' then 'override.set' else 'override.proposed' end, told || reason);
     elsif new.state = 'closed' then
       perform enishi_audit_note(new.closed_at, coalesce(new.closed_by, 'enishi'), 'override.closed',
         told || jsonb_build_object('because', new.closed_because));
     else
       perform enishi_audit_note(now(), coalesce(new.second_author, new.author), 'override.confirmed', told || reason);
     end if;
     return null;
   end $$`,
  `create function enishi_audit_policy() returns trigger language plpgsql as $$
   declare version policy_version := case when tg_op = 'DELETE' then old else new end;
     told jsonb := jsonb_build_object('version', version.version, 'policy', version.policy_id, 'hash', version.hash);
   begin
     if tg_op = 'DELETE' then
       perform enishi_audit_note(now(), null, 'policy.discarded', told);
     elsif new.superseded_at is not null then
       perform enishi_audit_note(new.superseded_at, 'enishi', 'policy.superseded', told);
     elsif new.activated_at is not null then
       perform enishi_audit_note(new.activated_at, new.activated_by, 'policy.activated', told);
     else
       perform enishi_audit_note(new.planned_at, new.planned_by, 'policy.planned', told);
     end if;
     return null;
   end $$`,
  // A setting does not say who changed it: the transaction may, with set_config('enishi.actor', …, true).
  `create function enishi_audit_setting() returns trigger language plpgsql as $$
   begin
     if tg_op = 'DELETE' then
       perform enishi_audit_note(now(), current_setting('enishi.actor', true), 'setting.removed',
         jsonb_build_object('key', old.key));
       return null;
     end if;
     perform enishi_audit_note(new.changed_at, current_setting('enishi.actor', true),
       case when new.key <> 'follow-ups.paused' then 'setting.changed'
         when new.value = 'true' then 'follow_ups.paused' else 'follow_ups.resumed' end,
       jsonb_build_object('key', new.key, 'digest', enishi_audit_digest(new.value::text)));
     return null;
   end $$`,
  `create function enishi_audit_event() returns trigger language plpgsql as $$
   begin
     perform enishi_audit_note(new.at, new.actor, new.kind, jsonb_build_object('event', new.id,
       'person', new.person_id, 'employment', new.employment_id, 'followUp', new.data->'followUpId',
       'as', new.data->'as'));
     return null;
   end $$`,
];

/** A deferred trigger: the note is written at the commit, when every other lock is held already. */
function noting(name: string, when: string, table: string, condition: string, work: string): string {
  return `create constraint trigger ${name} after ${when} on ${table} deferrable initially deferred
    for each row when (${condition}) execute function ${work}()`;
}

const TRIGGERS = [
  noting('audit_run_new', 'insert', 'import_run', 'new.reverts_run_id is not null', 'enishi_audit_run'),
  noting(
    'audit_run',
    'update',
    'import_run',
    `new.applied_seq > old.applied_seq or new.decided_at is distinct from old.decided_at
       or (new.status <> old.status and new.status in ('held', 'applied', 'rejected', 'failed', 'reverted'))`,
    'enishi_audit_run',
  ),
  noting('audit_match_new', 'insert', 'match_case', 'new.decided_by is not null', 'enishi_audit_match'),
  noting(
    'audit_match',
    'update',
    'match_case',
    `new.decided_by is not null and new.state in ('same', 'different') and (new.state <> old.state
       or new.decided_at is distinct from old.decided_at or new.decided_by is distinct from old.decided_by)`,
    'enishi_audit_match',
  ),
  noting('audit_override_new', 'insert', 'rehire_override', 'true', 'enishi_audit_override'),
  noting('audit_override', 'update', 'rehire_override', 'new.state <> old.state', 'enishi_audit_override'),
  noting('audit_policy_new', 'insert', 'policy_version', 'true', 'enishi_audit_policy'),
  noting('audit_policy_gone', 'delete', 'policy_version', 'true', 'enishi_audit_policy'),
  noting(
    'audit_policy',
    'update',
    'policy_version',
    `new.activated_at is distinct from old.activated_at or new.superseded_at is distinct from old.superseded_at
       or new.planned_at is distinct from old.planned_at`,
    'enishi_audit_policy',
  ),
  noting('audit_setting_gone', 'delete', 'setting', 'true', 'enishi_audit_setting'),
  // The window counts mails, several times a minute.
  noting('audit_setting_new', 'insert', 'setting', `new.key <> 'follow-ups.window'`, 'enishi_audit_setting'),
  noting(
    'audit_setting',
    'update',
    'setting',
    `new.key <> 'follow-ups.window' and new.value is distinct from old.value`,
    'enishi_audit_setting',
  ),
  // What a run decided is in its batches, what tables above tell is noted there, and the ledger tells of each mail.
  noting(
    'audit_event',
    'insert',
    'timeline_event',
    `new.run_id is null and new.actor <> 'enishi' and new.kind not like 'override%' and new.kind not like 'match%'`,
    'enishi_audit_event',
  ),
];

const OWNED = `array['table audit_entry', 'table audit_head', 'function enishi_audit_chain()',
  'function enishi_grant_audit(name)']`;

/*
 * The tables belong to a role that nobody can log in as, where the migrating role may make one: then neither it nor the
 * role of the application can update, delete or switch the triggers off. Where it may not, it gives up those rights on
 * the entries itself. A superuser stays a superuser: that is what the chain and its anchors are for.
 */
const OWNER = [
  /*
   * Two roles: the owner migrates, the application runs as another. As the owner, once:
   *   create role enishi_app login password '…';  select enishi_grant_app('enishi_app');
   */
  `create function enishi_grant_app(app name) returns void language plpgsql as $$
   declare house name := current_schema();
     found record;
   begin
     execute format('grant usage on schema %I to %I', house, app);
     for found in select tablename from pg_tables
       where schemaname = house and tableowner = current_user and tablename not like 'audit%' loop
       execute format('grant select, insert, update, delete on %I to %I', found.tablename, app);
     end loop;
     execute format('grant usage, select on all sequences in schema %I to %I', house, app);
     execute format('alter default privileges in schema %I grant select, insert, update, delete on tables to %I', house, app);
     execute format('alter default privileges in schema %I grant usage, select on sequences to %I', house, app);
     -- The queue keeps a schema of its own when it runs on this database.
     execute format('grant create on database %I to %I', current_database(), app);
     perform enishi_grant_audit(app);
   end $$`,
  `create function enishi_grant_audit(app name) returns void language plpgsql security definer as $$
   begin
     execute format('grant select, insert on audit_entry to %I', app);
     execute format('grant select on audit_head to %I', app);
   end $$`,
  `do $$ begin
     execute format('alter function enishi_audit_chain() set search_path = %I, pg_temp', current_schema());
     execute format('alter function enishi_grant_audit(name) set search_path = %I, pg_temp', current_schema());
   end $$`,
  `do $$
   begin
     if not exists (select 1 from pg_roles where rolname = 'enishi_audit') then
       create role enishi_audit nologin;
     end if;
   exception when duplicate_object or unique_violation or insufficient_privilege then null;
   end $$`,
  `revoke all on audit_entry, audit_head from public`,
  `revoke execute on function enishi_grant_audit(name) from public`,
  `do $$
   declare
     me name := current_user;
     mighty boolean := (select rolsuper from pg_roles where rolname = current_user);
     item text;
   begin
     if not mighty then
       execute format('grant enishi_audit to %I', me);
       execute format('grant usage, create on schema %I to enishi_audit', current_schema());
     end if;
     foreach item in array ${OWNED} loop
       execute format('alter %s owner to enishi_audit', item);
     end loop;
     if not mighty then
       set local role enishi_audit;
       execute format('grant select, insert on audit_entry to %I', me);
       execute format('grant select on audit_head to %I', me);
       execute format('grant execute on function enishi_grant_audit(name) to %I', me);
       execute format('set local role %I', me);
       execute format('revoke create on schema %I from enishi_audit', current_schema());
       execute format('revoke enishi_audit from %I', me);
     end if;
   exception when insufficient_privilege or undefined_object then
     execute format('revoke update, delete, truncate on audit_entry from %I', me);
   end $$`,
];

const DOWN = [
  ...['run', 'match', 'override', 'policy', 'setting', 'event'].map(
    (name) => `drop function if exists enishi_audit_${name}() cascade`,
  ),
  `drop function if exists enishi_grant_app(name)`,
  `drop function if exists enishi_grant_audit(name)`,
  `drop function if exists enishi_audit_decisions(uuid, int, int)`,
  `drop function if exists enishi_audit_note(timestamptz, text, text, jsonb)`,
  `drop function if exists enishi_audit_digest(text)`,
  `drop function if exists enishi_audit_chain() cascade`,
  `drop function if exists enishi_audit_refuse() cascade`,
  `drop function if exists enishi_audit_hash(audit_entry)`,
  `drop function if exists enishi_audit_field(text)`,
  `drop table if exists audit_entry`,
  `drop table if exists audit_head`,
];

export class Migration20261122000300_audit extends Migration {
  override up(): void {
    for (const statement of [...CHAIN, ...NOTES, ...TRIGGERS, ...OWNER]) this.addSql(statement);
  }

  /** The role stays: other databases of the same server may use it. */
  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
