import { Migration } from '@mikro-orm/migrations';

const UP = [
  // Time-ordered ids keep the b-trees of bulk loads dense; PostgreSQL has them built in from 18 on.
  `do $$ begin
     if current_setting('server_version_num')::int >= 180000 then
       execute 'create function enishi_id() returns uuid language sql volatile as ''select uuidv7()''';
     else
       execute $f$create function enishi_id() returns uuid language sql volatile as
         'select (substr(h, 1, 12) || ''7'' || substr(r, 14, 3) || substr(r, 17))::uuid from (
            select lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, ''0'') as h,
                   replace(gen_random_uuid()::text, ''-'', '''') as r) s'$f$;
     end if;
   end $$`,
  `create table setting (key text primary key, value jsonb not null, changed_at timestamptz not null default now())`,
  `create table source_state (
     source text primary key,
     first_run_id uuid,
     first_applied_at timestamptz,
     last_good_read_at timestamptz,
     last_full_as_of_at timestamptz
   )`,
  `create table stored_file (
     sha256 text primary key, byte_length bigint not null, complete boolean not null default false,
     stored_at timestamptz not null default now()
   )`,
  `create table stored_file_chunk (
     sha256 text not null references stored_file on delete cascade, seq int not null, data bytea not null,
     primary key (sha256, seq)
   )`,
  `create table import_run (
     id uuid primary key,
     source text not null,
     kind text not null check (kind in ('file', 'push', 'sync', 'policy', 'revert', 'identity', 'rebuild')),
     mode text not null check (mode in ('full', 'delta')),
     status text not null check (status in
       ('reading', 'planned', 'held', 'applying', 'applied', 'rejected', 'failed', 'reverted')),
     dry_run boolean not null default false,
     file_sha256 text, file_name text, encoding text, delimiter text, header jsonb, profile text, profile_hash text,
     as_of_at timestamptz not null,
     decided_for_at timestamptz not null,
     first_of_source boolean not null default false,
     plan_hash text, item_count int not null default 0, applied_seq int not null default 0,
     rows jsonb not null default '{}', changes jsonb not null default '{}', verdicts jsonb not null default '{}',
     follow_ups jsonb not null default '{}', brakes jsonb not null default '[]', notes jsonb not null default '[]',
     error jsonb,
     started_by text not null, expect_rows int, seen_to_end boolean not null default false,
     decided_by text, decided_reason text, decided_at timestamptz, apply_at timestamptz,
     reverts_run_id uuid references import_run,
     started_at timestamptz not null, finished_at timestamptz
   )`,
  `create index import_run_by_source on import_run (source, started_at desc)`,
  `create index import_run_by_time on import_run (started_at desc, id)`,
  `create table staged_observation (
     run_id uuid not null references import_run on delete cascade,
     row_no int not null,
     company text not null, employee_number text not null, spell_hint text not null,
     as_of_at timestamptz not null, content_hash uuid not null, facts jsonb not null,
     key_name text, key_email text, key_phone text,
     absent boolean not null default false,
     plain boolean not null default false,
     new_id uuid not null,
     primary key (run_id, row_no)
   )`,
  // Staged rows that say something new; the others never leave the database again.
  `create table staged_change (
     run_id uuid not null references import_run on delete cascade,
     row_no int not null, company text not null, employee_number text not null, quiet boolean not null,
     primary key (run_id, row_no)
   )`,
  `create index staged_change_by_key on staged_change (run_id, company, employee_number)`,
  // Match keys that two staged rows of one run share.
  `create table staged_link (
     run_id uuid not null references import_run on delete cascade,
     link text not null, row_no int not null,
     primary key (run_id, link, row_no)
   )`,
  `create table deferred_row (
     run_id uuid not null references import_run on delete cascade,
     row_no int not null, cells jsonb not null,
     primary key (run_id, row_no)
   )`,
  `create table rejection (
     run_id uuid not null references import_run on delete cascade,
     row_no int not null,
     reasons jsonb not null, cells jsonb not null, employee_number text,
     mended_run_id uuid,
     primary key (run_id, row_no)
   )`,
  `create table observation (
     id bigint generated always as identity primary key,
     source text not null, company text not null, employee_number text not null, spell_hint text not null,
     as_of_at timestamptz not null, confirmed_at timestamptz not null, received_at timestamptz not null,
     run_id uuid not null, row_no int not null,
     content_hash uuid not null, facts jsonb not null, absent boolean not null default false,
     current boolean not null default true, reverted boolean not null default false,
     unique (company, employee_number, source, spell_hint, as_of_at, content_hash)
   )`,
  `create index observation_by_run on observation (run_id)`,
  `create index observation_by_source on observation (source, company, employee_number) where current`,
  `create table person (
     id uuid primary key, created_at timestamptz not null default now(), opted_out_at timestamptz
   )`,
  `create table employment (
     id uuid primary key,
     person_id uuid not null references person,
     company text not null, employee_number text not null, spell int not null, spell_key text not null,
     facts jsonb not null,
     display_name text, department text, hired_on date, last_day date,
     scope text not null default 'in' check (scope in ('in', 'out')),
     absent_since timestamptz, absent_count int not null default 0,
     disputes jsonb not null default '[]', withdrawn boolean not null default false,
     key_name text, key_email text, key_phone text,
     recorded_at timestamptz not null default now(),
     constraint employment_key unique (company, employee_number, spell) deferrable initially deferred
   )`,
  `create index employment_by_person on employment (person_id)`,
  `create index employment_by_name on employment (key_name) where key_name is not null`,
  `create index employment_by_email on employment (key_email) where key_email is not null`,
  `create index employment_by_phone on employment (key_phone) where key_phone is not null`,
  `create table departure (
     employment_id uuid primary key references employment,
     last_day date not null, announced_on date,
     category text not null, voluntary boolean, reason_text text, reason_code text,
     kind text not null check (kind in ('leaving', 'move', 'continued', 'dismissal', 'death')),
     state text not null check (state in ('standing', 'rescinded')),
     recorded_at timestamptz not null, changed_at timestamptz not null
   )`,
  `create index departure_by_day on departure (last_day, employment_id)`,
  `create table match_case (
     id uuid primary key,
     employment_a uuid not null references employment, employment_b uuid not null references employment,
     score int not null, evidence jsonb not null,
     state text not null check (state in ('open', 'same', 'different', 'closed')),
     decided_by text, decided_at timestamptz, opened_at timestamptz not null,
     unique (employment_a, employment_b), check (employment_a < employment_b)
   )`,
  `create index match_case_b on match_case (employment_b)`,
  `create table plan_item (
     run_id uuid not null references import_run on delete cascade,
     seq int not null,
     effects jsonb not null,
     primary key (run_id, seq)
   )`,
  `create table plan_change (
     run_id uuid not null references import_run on delete cascade,
     seq int not null, ord int not null,
     kind text not null, company text not null, employee_number text not null, spell int not null,
     before jsonb, after jsonb, changed_fields jsonb not null default '[]',
     verdict text, verdict_before text,
     follow_ups jsonb not null default '[]', withheld jsonb not null default '[]', history boolean not null default false,
     primary key (run_id, seq, ord)
   )`,
  `create table policy_version (
     version int generated always as identity primary key,
     policy_id text not null, content jsonb not null, hash text not null,
     activated_at timestamptz not null, activated_by text not null, superseded_at timestamptz
   )`,
  `create unique index policy_version_active on policy_version ((true)) where superseded_at is null`,
  `create table registry_entry (
     person_id uuid not null references person, company text not null,
     employment_id uuid not null references employment,
     verdict text not null check (verdict in ('eligible', 'review', 'ineligible', 'unknown')),
     from_day date, review_on date,
     rule text not null, because jsonb not null, policy_version int not null references policy_version,
     decided_at timestamptz not null,
     primary key (person_id, company)
   )`,
  `create index registry_entry_by_verdict on registry_entry (verdict, company, person_id)`,
  `create table rehire_override (
     id uuid primary key, person_id uuid not null references person, company text not null,
     verdict text not null check (verdict in ('eligible', 'review', 'ineligible', 'unknown')),
     reason text not null, author text not null, second_author text,
     state text not null check (state in ('awaiting_second', 'active', 'closed')),
     until_day date, created_at timestamptz not null, closed_at timestamptz, closed_because text
   )`,
  `create unique index rehire_override_live on rehire_override (person_id, company) where state <> 'closed'`,
  `create table registry_history (
     id bigint generated always as identity primary key,
     person_id uuid not null, company text not null,
     believed_from timestamptz not null, believed_to timestamptz,
     verdict text, from_day date, review_on date, rule text, because jsonb, policy_version int, override_id uuid,
     cause jsonb not null
   )`,
  `create index registry_history_by_person on registry_history (person_id, company, believed_from)`,
  `create unique index registry_history_open on registry_history (person_id, company) where believed_to is null`,
  `create table follow_up (
     id uuid primary key,
     employment_id uuid not null references employment,
     kind text not null check (kind in
       ('exit_survey', 'exit_interview', 'invitation', 'reminder', 'card', 'correction')),
     due_on date not null, due_at timestamptz not null,
     state text not null check (state in
       ('planned', 'queued', 'sent', 'uncertain', 'answered', 'cancelled', 'undeliverable', 'expired')),
     because jsonb not null,
     answer text, answered_at timestamptz, queued_at timestamptz, sends int not null default 0,
     run_id uuid, created_at timestamptz not null, changed_at timestamptz not null
   )`,
  `create unique index follow_up_live on follow_up (employment_id, kind)
     where state in ('planned', 'queued', 'uncertain')`,
  `create index follow_up_due on follow_up (due_at) where state = 'planned'`,
  `create index follow_up_queued on follow_up (queued_at) where state = 'queued'`,
  `create index follow_up_by_employment on follow_up (employment_id)`,
  `create table delivery (
     id uuid primary key, follow_up_id uuid not null references follow_up, attempt int not null,
     channel text not null check (channel in ('mailbox', 'smtp')),
     state text not null check (state in ('claimed', 'sending', 'sent', 'uncertain', 'failed', 'refused')),
     message_id text not null, claimed_by text not null, lease_until timestamptz not null,
     claimed_at timestamptz not null, sending_at timestamptz, finished_at timestamptz,
     error_code text, resolved_by text, resolved_as text, resolved_at timestamptz,
     unique (follow_up_id, attempt)
   )`,
  `create index delivery_unfinished on delivery (lease_until) where state in ('claimed', 'sending')`,
  `create index delivery_uncertain on delivery (claimed_at) where state = 'uncertain'`,
  `create table link_token (
     token_hash text primary key, follow_up_id uuid not null references follow_up,
     purpose text not null check (purpose in ('survey', 'invitation', 'opt_out')),
     created_at timestamptz not null, expires_at timestamptz not null, used_at timestamptz, revoked_at timestamptz
   )`,
  `create index link_token_by_follow_up on link_token (follow_up_id)`,
  `create table mailbox_message (
     id uuid primary key, follow_up_id uuid, person_id uuid, kind text not null,
     to_address text not null, subject text not null, body text not null,
     message_id text not null unique, sent_at timestamptz not null
   )`,
  `create index mailbox_message_by_time on mailbox_message (sent_at desc, id)`,
  `create table timeline_event (
     id bigint generated always as identity primary key,
     at timestamptz not null, person_id uuid, employment_id uuid, run_id uuid,
     actor text not null, kind text not null, data jsonb not null default '{}'
   )`,
  `create index timeline_event_by_person on timeline_event (person_id, id)`,
  `create index timeline_event_by_employment on timeline_event (employment_id, id)`,
];

const TABLES = [
  'timeline_event',
  'mailbox_message',
  'link_token',
  'delivery',
  'follow_up',
  'registry_history',
  'rehire_override',
  'registry_entry',
  'policy_version',
  'plan_change',
  'plan_item',
  'match_case',
  'departure',
  'employment',
  'person',
  'observation',
  'rejection',
  'deferred_row',
  'staged_link',
  'staged_change',
  'staged_observation',
  'import_run',
  'stored_file_chunk',
  'stored_file',
  'source_state',
  'setting',
];

export class Migration20261122000000_spine extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const table of TABLES) this.addSql(`drop table if exists ${table}`);
    this.addSql('drop function if exists enishi_id()');
  }
}
