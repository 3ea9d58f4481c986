import { Migration } from '@mikro-orm/migrations';

/** Staging belongs to its run, which outlives it: a check of each row against the run would cost more than the row. */
const STAGING = [
  'staged_observation',
  'staged_change',
  'staged_link',
  'deferred_row',
  'plan_item',
  'plan_change',
];

/** Whoever left is searched for; whoever works here is not, and folding a text costs more than storing the row. */
const SEARCH_TEXT = 'case when last_day is not null then enishi_search_text(facts) end';

const UP = [
  ...STAGING.map((table) => `alter table ${table} drop constraint ${table}_run_id_fkey`),
  // A number that nobody else in the run or in the house has anything in common with is decided by itself.
  `alter table staged_change add column alone boolean not null default false`,
  `drop index staged_change_by_key`,
  `drop index staged_change_loud`,
  `create index staged_change_by_key on staged_change (run_id, company, employee_number) where not alone`,
  `create index staged_change_loud on staged_change (run_id, company collate "C", employee_number collate "C")
     where not alone`,
  `create index staged_change_alone on staged_change (run_id, row_no) where alone and not quiet`,
  `create index staged_link_by_row on staged_link (run_id, row_no)`,
  // What was decided about one who is alone, in the columns that it is written to.
  `create table staged_departure (
     run_id uuid not null, row_no int not null,
     last_day date not null, announced_on date, category text not null, voluntary boolean, reason_text text,
     reason_code text, kind text not null, scope text not null, disputes jsonb not null,
     verdict text, from_day date, review_on date, rule text, because jsonb, evidence jsonb, missing jsonb,
     primary key (run_id, row_no)
   )`,
  `alter table staged_observation add column raw_hash uuid`,
  // Called for each row of a bulk load, a function around the built-in one costs several times what it does.
  `do $$ begin
     if current_setting('server_version_num')::int >= 180000 then
       alter table staged_observation alter column new_id set default uuidv7();
     end if;
   end $$`,
  // Rows of a run that repeat what is recorded: `raw` when the bytes told so, before anybody read them.
  `create table staged_known (
     run_id uuid not null, row_no int not null, observation_id bigint not null, raw boolean not null,
     primary key (run_id, row_no)
   )`,
  // Whoever follows was confirmed by the newest reading of its source, without a word of its own.
  `alter table observation add column raw_hash uuid, add column follows boolean not null default false`,
  `alter table source_state add column confirmed_as_of_at timestamptz`,
  // Runs come one after the other, and so do their rows; whole sources are read from end to end.
  `drop index observation_by_run`,
  `create index observation_by_run on observation using brin (run_id)
     with (pages_per_range = 32, autosummarize = on)`,
  `drop index observation_by_source`,
  `alter table employment drop column search_text`,
  `alter table employment add column search_text text generated always as (${SEARCH_TEXT}) stored`,
];

const DOWN = [
  `alter table employment drop column search_text`,
  `alter table employment add column search_text text generated always as (enishi_search_text(facts)) stored`,
  `create index observation_by_source on observation (source, company, employee_number) where current`,
  `drop index observation_by_run`,
  `create index observation_by_run on observation (run_id)`,
  `update observation o set confirmed_at = greatest(o.confirmed_at, s.confirmed_as_of_at)
     from source_state s where s.source = o.source and o.follows`,
  `alter table source_state drop column confirmed_as_of_at`,
  `alter table observation drop column follows, drop column raw_hash`,
  `drop table staged_known`,
  `alter table staged_observation alter column new_id set default enishi_id()`,
  `alter table staged_observation drop column raw_hash`,
  `drop table staged_departure`,
  `drop index staged_link_by_row`,
  `drop index staged_change_alone`,
  `drop index staged_change_loud`,
  `drop index staged_change_by_key`,
  `alter table staged_change drop column alone`,
  `create index staged_change_by_key on staged_change (run_id, company, employee_number)`,
  `create index staged_change_loud on staged_change (run_id, company collate "C", employee_number collate "C")
     where not quiet`,
  ...STAGING.map(
    (table) => `delete from ${table} t where not exists (select 1 from import_run r where r.id = t.run_id)`,
  ),
  ...STAGING.map(
    (table) =>
      `alter table ${table} add constraint ${table}_run_id_fkey foreign key (run_id) references import_run on delete cascade`,
  ),
];

export class Migration20261123000000_lanes extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
