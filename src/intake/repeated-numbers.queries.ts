import { AppError } from '../domain/app-error.js';
import type { Sql } from '../platform/database/database.js';
import type { Run } from './run.js';

/**
 * A person has some statements in one file, where each change of post has a row; nobody has this many. A column that
 * holds something else, a department say, would make one person of everybody in it.
 */
const MOST_STATEMENTS = 1_000;

/** That a staged row `s` says word for word what an earlier row of the file says of the same time. */
export const SAID_AGAIN = `exists (
  select 1 from staged_link a where a.run_id = s.run_id and a.link = 'again' and a.row_no = s.row_no)`;

/**
 * Marks the rows that only say again what an earlier row of the run said: they are accounted for and decide nothing,
 * however many they are. After `stageLinks`, which finds the numbers that occur more than once.
 */
export async function stageRepeated(sql: Sql, runId: string): Promise<void> {
  await sql.query(
    `insert into staged_link (run_id, link, row_no)
     select run_id, 'again', row_no from (
       select s.run_id, s.row_no, row_number() over (
         partition by s.company, s.employee_number, s.spell_hint, s.as_of_at, s.content_hash order by s.row_no) as n
       from staged_link l join staged_observation s on s.run_id = l.run_id and s.row_no = l.row_no
       where l.run_id = $1 and l.link = 'number') r
     where n > 1`,
    [runId],
  );
}

/** @throws FILE_NUMBER_REPEATED where one number has more statements in a file than any person has */
export async function refuseMisreadNumbers(sql: Sql, run: Run): Promise<void> {
  // Pushed records are taken already, and never so many at once.
  if (run.kind === 'push') return;
  const found = await sql.query<{ rows: number; row: number }>(
    `select count(*)::int as rows, min(s.row_no) as row
     from staged_link l join staged_observation s on s.run_id = l.run_id and s.row_no = l.row_no
     where l.run_id = $1 and l.link = 'number' and not ${SAID_AGAIN}
     group by s.company, s.employee_number having count(*) > $2 order by 2 limit 1`,
    [run.id, MOST_STATEMENTS],
  );
  const [first] = found.rows;
  if (first === undefined) return;
  const { rows, row } = first;
  throw new AppError('FILE_NUMBER_REPEATED', { details: { rows, row, limit: MOST_STATEMENTS } });
}
