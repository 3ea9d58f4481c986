import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, types, type PoolClient, type QueryResult, type QueryResultRow } from 'pg';
import { GatheringSocket } from './gathering-socket.js';

/** A connection inside (or outside) a transaction; every query function of a feature takes one. */
export type Sql = Pick<PoolClient, 'query'>;

// A day stays the text it is: the driver would make a local midnight of it. Counts fit into a number.
types.setTypeParser(types.builtins.DATE, (text: string) => text);
types.setTypeParser(types.builtins.INT8, (text: string) => Number(text));
// Instants as ISO 8601 texts in UTC, so that they compare and travel as they are.
types.setTypeParser(types.builtins.TIMESTAMPTZ, (text: string) => new Date(text).toISOString());

const KEEP_ALIVE_MS = 10_000;

/**
 * The set-based door to PostgreSQL: plain SQL, COPY and cursors over one pool. Rows come back with the column names
 * of the query; `date` as `YYYY-MM-DD`, `timestamptz` as ISO 8601 UTC text, `bigint` as number.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  readonly pool: Pool;

  constructor(
    readonly url: string,
    max = 10,
    /** `pipeline`: statements are sent without waiting for those before them; COPY does not go over such a line. */
    { pipeline = false }: { readonly pipeline?: boolean } = {},
  ) {
    this.pool = new Pool({
      connectionString: url,
      max,
      application_name: 'enishi',
      // A host that has gone without a word is noticed, instead of being waited for without end.
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      ...(pipeline && { pipeline, stream: () => new GatheringSocket() }),
    });
    // An idle connection that the server closes is replaced at the next query, which reports what is wrong then.
    this.pool.on('error', () => undefined);
    // While it is lent, a lost connection fails the query or COPY that runs on it; its own event must not end the process.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async query<T extends QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(text, values)).rows;
  }

  /** The same for a statement that every request asks: each connection parses and plans it once. */
  async prepared<T extends QueryResultRow>(name: string, text: string, values: unknown[]): Promise<T[]> {
    return (await this.pool.query<T>({ name, text, values })).rows;
  }

  /** The first row or null. */
  async one<T extends QueryResultRow>(text: string, values: unknown[] = []): Promise<T | null> {
    return (await this.pool.query<T>(text, values)).rows[0] ?? null;
  }

  /**
   * Runs `work` on one connection inside one transaction; rolls back and rethrows whatever it throws. The commit comes
   * when `work` is done, or sooner, behind its last statements, where it asks for it without waiting for them: where
   * one of them fails, nothing is committed.
   */
  async transaction<T>(work: (sql: PoolClient, commit: () => Promise<void>) => Promise<T>): Promise<T> {
    return this.connection(async (client) => {
      // Over a pipelined line the first statement goes with it: a named statement is not flushed by itself.
      const say = (word: 'begin' | 'commit') =>
        client.query(client.pipeline ? { name: word, text: word } : word);
      let committed: Promise<void> | null = null;
      const commit = () => (committed ??= say('commit').then(assertCommitted));
      const begun = say('begin');
      try {
        if (!client.pipeline) await begun;
        const [result] = await Promise.all([work(client, commit), begun]);
        await commit();
        return result;
      } catch (error) {
        await rollback(client);
        throw error;
      }
    });
  }

  /** Lends one connection; one whose work failed is closed rather than given to the next caller in an unknown state. */
  async connection<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken = true;
    try {
      const result = await work(client);
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }

  /** Ends every connection. Safe to repeat. */
  async onApplicationShutdown(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }
}

/** After a statement that failed, the server answers a commit with the roll-back that it made of it. */
function assertCommitted({ command }: QueryResult): void {
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back.');
}

/**
 * Why a roll-back fails is never told: it would hide the error that led to it. The lender closes such a connection,
 * which ends the transaction at the server too.
 */
async function rollback(client: PoolClient): Promise<void> {
  await client.query('rollback').catch(() => undefined);
}
