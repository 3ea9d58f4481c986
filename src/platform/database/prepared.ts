import type { Sql } from './database.js';

const names = new Map<string, string>();

/**
 * The same connection, whose statements are parsed and planned once and then only carried out. For the few texts that
 * are asked for each job or request; a text that is put together from values must not come here, for every one of them
 * stays with the connection.
 */
export function prepared(sql: Sql): Sql {
  const query = (text: string, values?: unknown[]) => sql.query({ name: nameOf(text), text, values });
  return { query: query as Sql['query'] };
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `enishi-${names.size + 1}`;
    names.set(text, name);
  }
  return name;
}
