import { Migration } from '@mikro-orm/migrations';

const HIRAGANA =
  'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ';
const KATAKANA =
  'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ';
// The variants that names and departments are searched by, whichever of the two somebody types.
const VARIANTS = '髙﨑濵濱邊邉齋齊斎眞惠德廣澤嶋邨';
const STANDARD = '高崎浜浜辺辺斉斉斉真恵徳広沢島村';

const UP = [
  `alter table registry_entry
     add column evidence jsonb not null default '{}', add column missing jsonb not null default '[]'`,
  `create index registry_entry_by_employment on registry_entry (employment_id)`,
  `alter table registry_history
     add column employment_id uuid, add column evidence jsonb, add column missing jsonb`,
  // A version is stored when its activation is planned, and counts from its activation on.
  `alter table policy_version
     add column planned_at timestamptz, add column planned_by text,
     alter column activated_at drop not null, alter column activated_by drop not null`,
  `drop index policy_version_active`,
  `create unique index policy_version_active on policy_version ((true))
     where activated_at is not null and superseded_at is null`,
  `create unique index policy_version_planned on policy_version (hash) where activated_at is null`,
  // A proposal that waits for its second author must not switch off the override that is in force.
  `alter table rehire_override add column closed_by text`,
  `drop index rehire_override_live`,
  `create unique index rehire_override_active on rehire_override (person_id, company) where state = 'active'`,
  `create unique index rehire_override_awaiting on rehire_override (person_id, company)
     where state = 'awaiting_second'`,
  `create index rehire_override_by_person on rehire_override (person_id, company, created_at)`,
  // One folding for the stored text and for what somebody types. What translate finds no partner for, it drops;
  // it looks through its whole list for every character, so the long list is for texts that need it.
  `create function enishi_fold(value text) returns text language sql immutable parallel safe as
     $f$select translate(lower(normalize(
         case when value ~ '[ぁ-ゖ]' then translate(value, '${HIRAGANA}', '${KATAKANA}') else value end, NFKC)),
       '${VARIANTS} ・=-' || chr(9) || chr(10) || chr(13), '${STANDARD}')$f$`,
  `create function enishi_search_text(facts jsonb) returns text language sql immutable parallel safe as
     $f$select enishi_fold(coalesce(facts->>'familyName', '') || coalesce(facts->>'givenName', '')
       || '|' || coalesce(facts->>'givenName', '') || coalesce(facts->>'familyName', '')
       || '|' || coalesce(facts->>'displayName', '')
       || '|' || coalesce(facts->>'formerFamilyName', '')
       || '|' || coalesce(facts->>'familyNameKana', '') || coalesce(facts->>'givenNameKana', '')
       || '|' || coalesce(facts->>'department', '')
       || '|' || coalesce(facts->>'jobTitle', ''))$f$`,
  `alter table employment add column search_text text generated always as (enishi_search_text(facts)) stored`,
];

const DOWN = [
  `alter table employment drop column search_text`,
  `drop function enishi_search_text(jsonb)`,
  `drop function enishi_fold(text)`,
  `drop index rehire_override_by_person`,
  `drop index rehire_override_awaiting`,
  `drop index rehire_override_active`,
  // The older schema holds one live override a person and company: the proposal gives way.
  `update rehire_override o set state = 'closed', closed_at = now(), closed_because = 'schema_down'
     where state = 'awaiting_second' and exists (select 1 from rehire_override a
       where a.person_id = o.person_id and a.company = o.company and a.state = 'active')`,
  `create unique index rehire_override_live on rehire_override (person_id, company) where state <> 'closed'`,
  `alter table rehire_override drop column closed_by`,
  `drop index policy_version_planned`,
  `drop index policy_version_active`,
  `delete from policy_version where activated_at is null`,
  `create unique index policy_version_active on policy_version ((true)) where superseded_at is null`,
  `alter table policy_version drop column planned_at, drop column planned_by,
     alter column activated_at set not null, alter column activated_by set not null`,
  `alter table registry_history drop column employment_id, drop column evidence, drop column missing`,
  `drop index registry_entry_by_employment`,
  `alter table registry_entry drop column evidence, drop column missing`,
];

export class Migration20261122000100_registry extends Migration {
  override up(): void {
    for (const statement of UP) this.addSql(statement);
  }

  override down(): void {
    for (const statement of DOWN) this.addSql(statement);
  }
}
