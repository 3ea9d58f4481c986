import { join } from 'node:path';
import { isoDate } from '../../src/domain/calendar.js';
import { decideVerdict, type EligibilityFacts, type Verdict } from '../../src/domain/eligibility.js';
import type { StatedFacts } from '../../src/domain/observation.js';
import { eligibilityFacts } from '../../src/domain/plan.js';
import type { DepartureFacts } from '../../src/domain/departure.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { Database } from '../../src/platform/database/database.js';
import { newId } from '../../src/platform/database/id.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { OverridesService } from '../../src/rehire-registry/overrides.service.js';
import { PolicyFlipsService } from '../../src/rehire-registry/policy-flips.service.js';
import { PolicyService } from '../../src/rehire-registry/policy.service.js';
import { RegistryExportQueries } from '../../src/rehire-registry/registry-export.queries.js';
import { RegistryQueries } from '../../src/rehire-registry/registry.queries.js';
import { RegistryWriteService, type EntryChange } from '../../src/rehire-registry/registry-write.service.js';
import { testDatabase, type TestDatabase } from './postgres.js';

export const CONFIG = join(import.meta.dirname, '..', '..', 'config');

/** A clock that a test moves by hand. */
export class HandClock extends Clock {
  private at = Date.parse('2026-04-10T03:00:00.000Z');

  override now(): number {
    return this.at;
  }

  set(instant: string): void {
    this.at = Date.parse(instant);
  }
}

export interface Leaver {
  readonly personId: string;
  readonly company: string;
  readonly employmentId: string;
  readonly facts: EligibilityFacts;
}

export interface LeaverSpec {
  readonly personId?: string;
  readonly company?: string;
  readonly number: string;
  readonly category?: DepartureFacts['category'];
  readonly voluntary?: boolean | null;
  readonly kind?: DepartureFacts['kind'];
  readonly lastDay?: string;
  readonly facts?: StatedFacts;
}

/** The registry room on a real database, without Nest and without imports. */
export class RegistryWorld {
  readonly clock = new HandClock();
  readonly policies: PolicyService;
  readonly write = new RegistryWriteService();
  readonly flips: PolicyFlipsService;
  readonly overrides: OverridesService;
  readonly queries: RegistryQueries;
  readonly exports: RegistryExportQueries;

  private constructor(
    private readonly at: TestDatabase,
    readonly db: Database,
  ) {
    this.policies = new PolicyService(db, this.clock, CONFIG);
    this.flips = new PolicyFlipsService(db, this.policies, this.write);
    this.overrides = new OverridesService(db, this.clock);
    this.queries = new RegistryQueries(db);
    this.exports = new RegistryExportQueries(db);
  }

  static async start(): Promise<RegistryWorld> {
    const at = await testDatabase();
    await migrate(at.url);
    return new RegistryWorld(at, new Database(at.url, 4));
  }

  async stop(): Promise<void> {
    await this.db.onApplicationShutdown();
    await this.at.drop();
  }

  /** Stores a person with a departure, as the core would, and no entry yet. */
  async addLeaver(spec: LeaverSpec): Promise<Leaver> {
    const personId = spec.personId ?? newId();
    const company = spec.company ?? 'jp';
    const employmentId = newId();
    const facts: StatedFacts = {
      familyName: '高橋',
      givenName: '花子',
      hiredOn: isoDate('2020-04-01'),
      ...spec.facts,
    };
    const departure: DepartureFacts = {
      lastDay: isoDate(spec.lastDay ?? '2026-03-31'),
      announcedOn: null,
      category: spec.category ?? 'personal',
      voluntary: spec.voluntary ?? null,
      reasonText: null,
      reasonCode: null,
      kind: spec.kind ?? 'leaving',
    };
    const display = `${facts.familyName ?? ''} ${facts.givenName ?? ''}`;
    await this.db.query('insert into person (id) values ($1) on conflict do nothing', [personId]);
    await this.db.query(
      `insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name, hired_on,
         last_day) values ($1, $2, $3, $4, 1, '', $5, $6, $7, $8)`,
      [
        employmentId,
        personId,
        company,
        spec.number,
        JSON.stringify(facts),
        display,
        facts.hiredOn,
        departure.lastDay,
      ],
    );
    await this.db.query(
      `insert into departure (employment_id, last_day, category, voluntary, kind, state, recorded_at, changed_at)
       values ($1, $2, $3, $4, $5, 'standing', now(), now())`,
      [employmentId, departure.lastDay, departure.category, departure.voluntary, departure.kind],
    );
    return {
      personId,
      company,
      employmentId,
      facts: eligibilityFacts({ facts }, departure, departure.kind === 'death'),
    };
  }

  /** Decides by the active policy. */
  async decide(
    leaver: Leaver,
    over: Partial<EligibilityFacts> = {},
  ): Promise<EntryChange & { verdict: Verdict }> {
    const { policy } = await this.policies.activePolicy();
    const { personId, company, employmentId } = leaver;
    return { personId, company, employmentId, verdict: decideVerdict(policy, { ...leaver.facts, ...over }) };
  }

  async apply(...entries: EntryChange[]): Promise<number> {
    const { version } = await this.policies.activePolicy();
    const cause = { policyVersion: version, runId: 'run' };
    return this.db.transaction(
      async (sql) => (await this.write.applyEntries(sql, entries, cause, this.clock.nowIso())).length,
    );
  }

  /** A leaver whose entry says what the active policy says. */
  async addEntry(spec: LeaverSpec): Promise<Leaver> {
    const leaver = await this.addLeaver(spec);
    await this.apply(await this.decide(leaver));
    return leaver;
  }

  async count(table: string): Promise<number> {
    return (await this.db.one<{ n: number }>(`select count(*)::int as n from ${table}`))?.n ?? -1;
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
