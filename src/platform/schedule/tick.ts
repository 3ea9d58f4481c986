import type { Sql } from '../database/database.js';
import type { Cron } from './due-times.js';

/** What a tick gets to know about its turn. */
export interface TickTurn {
  /** The instant for which it runs, ISO 8601 UTC. */
  readonly dueAt: string;
  /** Due instants since the last run that nobody was there for. This turn stands for them too. */
  readonly missed: number;
  /** 1 unless an earlier attempt at this turn failed or its process died. */
  readonly attempt: number;
  /**
   * Does the work and ends the turn in one transaction: however often the turn is begun, what `work` writes is there
   * once. A turn that ends without this is repeated when its process dies, so its work must be safe to repeat.
   *
   * @throws TICK_TAKEN_OVER when another process has this turn now; nothing is written
   */
  readonly once: (work: (sql: Sql) => Promise<void>) => Promise<void>;
}

/** Something to do by the clock. */
export interface Tick {
  /** Kept with every run; never another one's. */
  readonly name: string;
  readonly cron: Cron;
  run(turn: TickTurn): Promise<void>;
}
