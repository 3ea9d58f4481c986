import { join } from 'node:path';
import type { FollowUpRules } from '../../src/domain/follow-up.js';
import { followUpRulesSchema } from '../../src/domain/follow-up.js';
import type { CompanyProfiles } from '../../src/follow-ups/company-profile.js';
import { openFollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { readConfigFile } from '../../src/platform/config/config-file.js';
import { Database } from '../../src/platform/database/database.js';
import { newId } from '../../src/platform/database/id.js';

export const CONFIG_DIR = join(import.meta.dirname, '..', '..', 'config');
export const PUBLIC_URL = 'https://enishi.example';

export const COMPANIES: CompanyProfiles = new Map([
  [
    'jp',
    { id: 'jp', name: { ja: '縁ポンプ製作所', en: 'Enishi Pump Works' }, zone: 'Asia/Tokyo', language: 'ja' },
  ],
  [
    'en',
    { id: 'en', name: { ja: '縁ポンプ', en: 'Enishi Pump <Intl>' }, zone: 'Europe/London', language: 'en' },
  ],
]);

/** Limits that suit a test in which workers die: what is lost is found after seconds, and no brake ends it. */
export const HASTY = {
  leaseSecs: 2,
  reconcileAfterMinutes: 1 / 30,
  concurrency: 4,
  attempts: 2,
  brake: { perRun: 10_000_000, perHour: 10_000_000 },
};

/** A clock that a test moves. */
export class TestClock extends Clock {
  constructor(private ms: number) {
    super();
  }

  override now(): number {
    return this.ms;
  }

  advance(seconds: number): void {
    this.ms += seconds * 1_000;
  }
}

export async function shippedRules(sending: Partial<FollowUpRules['sending']> = {}): Promise<FollowUpRules> {
  const rules = await readConfigFile(CONFIG_DIR, 'follow-ups.yaml', followUpRulesSchema);
  return { ...rules, sending: { ...rules.sending, retryDelaySecs: 0, attempts: 3, ...sending } };
}

export interface OpenOptions {
  readonly url: string;
  readonly database: Database;
  readonly clock: Clock;
  readonly redisUrls?: readonly string[];
  readonly smtpUrl?: string;
  readonly sending?: Partial<FollowUpRules['sending']>;
  readonly home?: string | null;
  readonly outage?: { readonly failuresToOpen: number; readonly probeMs: number };
}

export async function openRoom({
  url,
  database,
  clock,
  redisUrls = [],
  smtpUrl,
  sending,
  home = null,
  outage,
}: OpenOptions): Promise<FollowUps> {
  return openFollowUps({
    database,
    clock,
    databaseUrl: url,
    redisUrls,
    smtpUrl: smtpUrl ?? null,
    publicUrl: PUBLIC_URL,
    configDir: CONFIG_DIR,
    rules: await shippedRules(sending),
    companies: COMPANIES,
    home,
    ...(outage !== undefined && { outage }),
    onError: () => undefined,
  });
}

export interface LeaverOptions {
  readonly kind?: string;
  readonly company?: string;
  readonly lastDay?: string;
  readonly departure?: 'leaving' | 'move' | 'dismissal' | 'death';
  readonly personalEmail?: string | null;
  readonly workEmail?: string | null;
  readonly dueAt?: string;
  readonly name?: string;
}

export interface Leaver {
  readonly personId: string;
  readonly employmentId: string;
  readonly followUpId: string;
  readonly email: string;
}

export interface PlannedMail {
  readonly kind: string;
  readonly dueAt: string;
}

/** One more follow-up for a leaver, planned. Returns its id. */
export async function aFollowUp(
  database: Database,
  employmentId: string,
  { kind, dueAt }: PlannedMail,
): Promise<string> {
  const id = newId();
  await database.query(
    `insert into follow_up (id, employment_id, kind, due_on, due_at, state, because, created_at, changed_at)
     values ($1, $2, $3, '2026-06-23', $4, 'planned', '{"code":"rule","rule":null}', now(), now())`,
    [id, employmentId, kind, dueAt],
  );
  return id;
}

let serial = 0;

/** One invented leaver with one planned follow-up. */
export async function aLeaver(database: Database, options: LeaverOptions = {}): Promise<Leaver> {
  const number = `E${String((serial += 1)).padStart(5, '0')}`;
  const [personId, employmentId] = [newId(), newId()];
  const { company = 'jp', lastDay = '2026-06-30', dueAt = '2026-06-23T00:00:00Z' } = options;
  const email = `leaver-${serial}@home.example`;
  const facts = {
    ...(options.personalEmail === undefined
      ? { personalEmail: email }
      : { personalEmail: options.personalEmail }),
    workEmail: options.workEmail ?? null,
  };
  await database.query(`insert into person (id) values ($1)`, [personId]);
  await database.query(
    `insert into employment (id, person_id, company, employee_number, spell, spell_key, facts, display_name, hired_on, last_day)
     values ($1, $2, $3, $4, 1, '2015-04-01', $5, $6, '2015-04-01', $7)`,
    [employmentId, personId, company, number, JSON.stringify(facts), options.name ?? '山田 花子', lastDay],
  );
  await database.query(
    `insert into departure (employment_id, last_day, category, voluntary, kind, state, recorded_at, changed_at)
     values ($1, $2, 'career', true, $3, 'standing', now(), now())`,
    [employmentId, lastDay, options.departure ?? 'leaving'],
  );
  const followUpId = await aFollowUp(database, employmentId, { kind: options.kind ?? 'exit_survey', dueAt });
  return { personId, employmentId, followUpId, email };
}

export async function statesOf(database: Database): Promise<Record<string, number>> {
  const rows = await database.query<{ state: string; n: number }>(
    `select state, count(*) as n from follow_up group by state order by state`,
  );
  return Object.fromEntries(rows.map((row) => [row.state, row.n]));
}

/** The link of a purpose in a mail's text, as its path. */
export function linkIn(text: string, path: 's' | 'i' | 'u'): string {
  const found = new RegExp(`${PUBLIC_URL}(/${path}/[A-Za-z0-9_-]{43})`).exec(text)?.[1];
  if (found === undefined) throw new Error(`The mail has no /${path}/ link.`);
  return found;
}
