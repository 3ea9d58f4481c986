import { MOST_PER_NAME } from '../departures/closure.queries.js';
import { areStrangers, FileLinks } from '../domain/file-links.js';
import type { MatchingPolicy } from '../domain/identity.js';
import type { SharedContacts } from '../domain/match-evidence.js';
import type { StatedFacts } from '../domain/observation.js';
import { copiedText, copyOut } from '../platform/database/copy-out.js';
import type { Database, Sql } from '../platform/database/database.js';

/** So many rows are read at once to be compared. */
const ROWS_AT_ONCE = 2_000;

/** What a staged row `s` has in common with the house: its number, or a match key. */
export const IN_THE_HOUSE = [
  'select 1 from employment e where e.company = s.company and e.employee_number = s.employee_number',
  'select 1 from observation k where k.company = s.company and k.employee_number = s.employee_number',
  'select 1 from employment e where e.key_name = s.key_name',
  'select 1 from employment e where e.key_email = s.key_email',
  'select 1 from employment e where e.key_phone = s.key_phone',
];

/** Writes anew which staged rows of the run share a match key or a number with another. Repeating it gives the same. */
export async function stageLinks(sql: Sql, runId: string): Promise<number> {
  await sql.query('delete from staged_link where run_id = $1', [runId]);
  const staged = await sql.query(
    `insert into staged_link (run_id, link, row_no)
     select s.run_id, l.link, s.row_no
     from staged_observation s
     cross join lateral (values ('n ' || s.key_name), ('m ' || s.key_email), ('t ' || s.key_phone)) as l(link)
     where s.run_id = $1 and l.link in (
       select 'n ' || key_name from staged_observation
         where run_id = $1 and key_name is not null group by key_name having count(*) > 1
       union all
       select 'm ' || key_email from staged_observation
         where run_id = $1 and key_email is not null group by key_email having count(*) > 1
       union all
       select 't ' || key_phone from staged_observation
         where run_id = $1 and key_phone is not null group by key_phone having count(*) > 1)
     union all
     select run_id, 'number', row_no from (
       select run_id, row_no, count(*) over (partition by company, employee_number) as rows
       from staged_observation where run_id = $1) s
     where rows > 1`,
    [runId],
  );
  return staged.rowCount ?? 0;
}

/**
 * Takes the links of those out again who share a given name and a birth date, or a contact, with other new rows of the
 * file only, and are nobody of whom anything would be asked: in a large company that is two in five. What is left
 * linked is decided together.
 */
export async function settleLinks(db: Database, runId: string, matching: MatchingPolicy): Promise<void> {
  const links = await readLinks(db, runId, matching);
  let rows: number[] = [];
  let components: number[][] = [];
  for (const component of links.components()) {
    components.push(component);
    rows.push(...component);
    if (rows.length < ROWS_AT_ONCE) continue;
    await settle(db.pool, runId, rows, components, matching, links.shared);
    rows = [];
    components = [];
  }
  await settle(db.pool, runId, rows, components, matching, links.shared);
}

async function readLinks(db: Database, runId: string, matching: MatchingPolicy): Promise<FileLinks> {
  const last = await db.one<{ row_no: number | null }>(
    `select max(row_no) as row_no from staged_link where run_id = $1 and link <> 'number'`,
    [runId],
  );
  const limitOf = (link: string): number =>
    link.startsWith('n ') ? MOST_PER_NAME : matching.sharedContactLimit;
  const links = new FileLinks(last?.row_no ?? 0, limitOf);
  const isNew = [
    "select 1 from staged_link t where t.run_id = s.run_id and t.link = 'number' and t.row_no = s.row_no",
  ]
    .concat(IN_THE_HOUSE)
    .map((condition) => `not exists (${condition})`)
    .join(' and ');
  await db.connection(async (client) => {
    const linked = `select l.link, l.row_no, n.row_no is not null from staged_link l left join (
        select s.row_no from staged_observation s
        where s.run_id = '${runId}' and not s.absent and ${isNew}
          and exists (select 1 from staged_link t where t.run_id = s.run_id and t.row_no = s.row_no)) n
        on n.row_no = l.row_no
      where l.run_id = '${runId}' and l.link <> 'number' order by l.link`;
    for await (const rows of copyOut(client, linked)) {
      for (const [link, rowNo, isNewRow] of rows)
        links.add({ link: copiedText(link) ?? '', rowNo: Number(rowNo), isNew: isNewRow === 't' });
    }
  });
  return links;
}

async function settle(
  sql: Sql,
  runId: string,
  rowNumbers: readonly number[],
  components: readonly (readonly number[])[],
  matching: MatchingPolicy,
  shared: SharedContacts,
): Promise<void> {
  if (rowNumbers.length === 0) return;
  const rows = await sql.query<{
    row_no: number;
    company: string;
    employeeNumber: string;
    facts: StatedFacts;
  }>(
    `select row_no, company, employee_number as "employeeNumber", facts from staged_observation
     where run_id = $1 and row_no = any($2::int[])`,
    [runId, rowNumbers],
  );
  const byNumber = new Map(rows.rows.map((row) => [row.row_no, row]));
  const settled = components.filter((component) =>
    areStrangers(
      component.flatMap((rowNo) => byNumber.get(rowNo) ?? []),
      matching,
      shared,
    ),
  );
  await sql.query('delete from staged_link where run_id = $1 and row_no = any($2::int[])', [
    runId,
    settled.flat(),
  ]);
}
