import type { NumberKey } from '../departures/closure.queries.js';
import type { KeyPager } from '../departures/planning.service.js';
import type { Database } from '../platform/database/database.js';

/**
 * Runs `work` with a pager over the numbers that `query` gives (company, employee_number; repetitions count once), each
 * page as quick as the first: they are sorted once, into a table of this connection. What comes into being later is not
 * among them; in the corridor nothing does.
 */
export async function withListedNumbers<T>(
  db: Database,
  query: string,
  values: readonly unknown[],
  work: (pager: KeyPager) => Promise<T>,
): Promise<T> {
  return db.connection(async (sql) => {
    await sql.query(
      'create temp table listed_number (n int primary key, company text not null, employee_number text not null)',
    );
    try {
      await sql.query(
        `insert into listed_number
         select row_number() over (order by company collate "C", employee_number collate "C"), company, employee_number
         from (select distinct company, employee_number from (${query}) q) k`,
        [...values],
      );
      let given = 0;
      return await work(async (after, limit) => {
        if (after === null) given = 0;
        const page = await sql.query<NumberKey>(
          `select company, employee_number as "employeeNumber" from listed_number
           where n > $1 and n <= $2 order by n`,
          [given, given + limit],
        );
        given += page.rows.length;
        return page.rows;
      });
    } finally {
      await sql.query('drop table listed_number');
    }
  });
}
