import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { stringify } from 'yaml';
import { AppModule } from '../../src/app.module.js';
import { isoDate } from '../../src/domain/calendar.js';
import { followUpRulesSchema } from '../../src/domain/follow-up.js';
import { compileLeavingReasons, leavingReasonsSchema } from '../../src/domain/leaving-reason.js';
import type { FollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { openFollowUps } from '../../src/follow-ups/follow-ups.setup.js';
import { DoorsService, type ImportFile } from '../../src/intake/doors.service.js';
import { RebuildService } from '../../src/intake/rebuild.service.js';
import { RejectionsService } from '../../src/intake/rejections.service.js';
import type { Run } from '../../src/intake/run.js';
import { RunDecisionsService } from '../../src/intake/run-decisions.service.js';
import { RunsRepository } from '../../src/intake/runs.repository.js';
import { RunsQueries, type PlanLine } from '../../src/intake/runs.queries.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { readConfigFile } from '../../src/platform/config/config-file.js';
import type { Env } from '../../src/platform/config/env.js';
import { loadGroupConfig } from '../../src/platform/config/group-config.js';
import { Database } from '../../src/platform/database/database.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { RegistryExportQueries } from '../../src/rehire-registry/registry-export.queries.js';
import { CSV_HEADER, csvOf, type Cells } from './intake-files.js';
import { testDatabase, type TestDatabase } from './postgres.js';

const SHIPPED = join(import.meta.dirname, '..', '..', 'config');

/** A clock that a test moves by hand. */
export class HandClock extends Clock {
  constructor(private at: number) {
    super();
  }

  override now(): number {
    return this.at;
  }

  set(instant: string): void {
    this.at = Date.parse(instant);
  }

  addDays(days: number): void {
    this.at += days * 86_400_000;
  }
}

export interface WorldOptions {
  readonly now?: string;
  /** Changes of config/brakes.yaml. */
  readonly brakes?: (brakes: BrakesYaml) => void;
  /** Changes of every source. */
  readonly source?: Readonly<Record<string, unknown>>;
}

interface LimitYaml {
  absolute: number;
  percent: number;
  ignoreUpTo: number;
  window?: { days: number; percent: number } | undefined;
}

export interface BrakesYaml {
  limits: Record<
    'leavers' | 'rescissions' | 'verdict_flips' | 'absences' | 'amendments' | 'rejected_rows',
    LimitYaml
  >;
  peakDays: { day: string; percent: number; absolute: number }[];
  approval: { twoPerson: boolean; looserAfterHours: number };
}

/** The limits as they ship, for a test to change. */
export function shippedBrakes(): BrakesYaml {
  const limit = (
    absolute: number,
    percent: number,
    ignoreUpTo: number,
    window?: LimitYaml['window'],
  ): LimitYaml => ({
    absolute,
    percent,
    ignoreUpTo,
    ...(window === undefined ? {} : { window }),
  });
  return {
    limits: {
      leavers: limit(1000, 5, 10, { days: 14, percent: 10 }),
      rescissions: limit(200, 2, 10, { days: 14, percent: 5 }),
      verdict_flips: limit(500, 5, 10, { days: 14, percent: 10 }),
      absences: limit(200, 2, 5, { days: 14, percent: 5 }),
      amendments: limit(50000, 40, 50),
      rejected_rows: limit(10000, 20, 10),
    },
    peakDays: [
      { day: '03-31', percent: 12, absolute: 20000 },
      { day: '09-30', percent: 8, absolute: 20000 },
    ],
    approval: { twoPerson: false, looserAfterHours: 24 },
  };
}

let template: Promise<TestDatabase> | null = null;

async function migrated(): Promise<TestDatabase> {
  const at = await testDatabase();
  await migrate(at.url);
  return at;
}

/** A migrated database of its own: copied, which is quicker than migrating each. */
export async function migratedDatabase(): Promise<TestDatabase> {
  template ??= migrated();
  const from = new URL((await template).url);
  const name = `enishi_test_${randomUUID().replaceAll('-', '')}`;
  const admin = new URL(from);
  admin.pathname = '/postgres';
  await execute(admin.href, `create database ${name} template ${from.pathname.slice(1)}`);
  const url = new URL(from);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(admin.href, `drop database if exists ${name} with (force)`) };
}

/** For `afterAll` of a file that used `migratedDatabase`. */
export async function dropTemplate(): Promise<void> {
  await (await template)?.drop();
  template = null;
}

async function execute(url: string, statement: string): Promise<void> {
  const db = new Database(url, 1);
  await db.query(statement);
  await db.onApplicationShutdown();
}

/** The whole house on a database of its own: everything real but the clock. */
export class IntakeWorld {
  private constructor(
    private readonly at: TestDatabase,
    readonly clock: HandClock,
    readonly db: Database,
    private app: INestApplicationContext,
    private configDir: string,
    private readonly followUps: FollowUps,
  ) {}

  static async start(options: WorldOptions = {}): Promise<IntakeWorld> {
    const at = await migratedDatabase();
    return IntakeWorld.over(
      at,
      new HandClock(Date.parse(options.now ?? '2026-04-10T03:00:00.000Z')),
      options,
    );
  }

  private static async over(at: TestDatabase, clock: HandClock, options: WorldOptions): Promise<IntakeWorld> {
    const configDir = await writeConfig(options);
    const database = new Database(at.url, 8);
    const { app, followUps } = await openHouse(at.url, configDir, clock, database);
    return new IntakeWorld(at, clock, database, app, configDir, followUps);
  }

  get url(): string {
    return this.at.url;
  }

  get config(): string {
    return this.configDir;
  }

  get<T>(service: Type<T>): T {
    return this.app.get(service, { strict: false });
  }

  /** The same database under another configuration, as after a restart. */
  async restart(options: WorldOptions): Promise<IntakeWorld> {
    await this.close();
    return IntakeWorld.over(this.at, this.clock, options);
  }

  async close(): Promise<void> {
    await this.followUps.close();
    await this.app.close();
    await this.db.onApplicationShutdown();
    await rm(this.configDir, { recursive: true });
  }

  async stop(): Promise<void> {
    await this.close();
    await this.at.drop();
  }

  /** Rows (objects by header) or the bytes of a file. */
  async import(
    content: readonly Cells[] | string | Buffer,
    options: Partial<Omit<ImportFile, 'bytes'>> = {},
  ): Promise<Run> {
    const bytes =
      typeof content === 'string' || Buffer.isBuffer(content) ? content : csvOf(CSV_HEADER, content);
    return this.get(DoorsService).importFile({
      source: 'demo-jp',
      fileName: 'test.csv',
      bytes: chunks(Buffer.from(bytes)),
      by: 'sato',
      ...options,
    });
  }

  retry(content: string | Buffer, by = 'sato'): Promise<Run> {
    const open = () => chunks(Buffer.from(content));
    return this.get(RejectionsService).retry({ fileName: 'mended.csv', open, by });
  }

  /** The mended-to-be download of a run's open rejections. */
  async rejectionsCsv(runId: string): Promise<string> {
    let text = '';
    for await (const part of this.get(RejectionsService).csv(runId, 'ja', (reason) => reason.code))
      text += part;
    return text;
  }

  approve(run: Run, planHash = run.planHash ?? '', by = 'suzuki'): Promise<Run> {
    return this.get(RunDecisionsService).approve(run.id, planHash, { by, reason: 'looked at' });
  }

  reject(run: Run, by = 'suzuki'): Promise<Run> {
    return this.get(RunDecisionsService).reject(run.id, { by, reason: 'wrong file' });
  }

  revert(run: Run, by = 'suzuki'): Promise<Run> {
    return this.get(RunDecisionsService).revert(run.id, { by, reason: 'wrong file' });
  }

  heldRun(id: string): Promise<Run> {
    return this.get(RunsRepository).get(id);
  }

  plan(run: Run): Promise<PlanLine[]> {
    return this.get(RunsQueries).plan(run.id, { limit: 100_000 });
  }

  /** The registry as `registry export` writes it. */
  async registry(): Promise<string> {
    let text = '';
    for await (const part of this.get(RegistryExportQueries).exportCsv(isoDate('2026-04-10'))) text += part;
    return text;
  }

  /** Differences between what is stored and what the observations give. */
  async rebuildDifferences(): Promise<number> {
    return (await this.get(RebuildService).rebuild({ repair: false, by: 'test' })).different;
  }

  async count(table: string, where = 'true'): Promise<number> {
    return (
      (await this.db.one<{ n: number }>(`select count(*)::int as n from ${table} where ${where}`))?.n ?? -1
    );
  }

  /** Counts of everything that a run may only write when it is applied. */
  async effects(): Promise<Record<string, number>> {
    const tables = [
      'observation',
      'person',
      'employment',
      'departure',
      'registry_entry',
      'follow_up',
      'match_case',
    ];
    const counts: Record<string, number> = {};
    for (const table of [...tables, 'registry_history', 'delivery']) counts[table] = await this.count(table);
    return counts;
  }

  /** Every domain table in words that two databases share: no ids, no times of writing; sorted. */
  domain(): Promise<string[]> {
    return domainDump(this.db);
  }
}

export async function domainDump(db: Database): Promise<string[]> {
  const rows = await db.query<{ line: string }>(
    `select line from (
       select concat_ws('|', 'employment', e.company, e.employee_number, e.spell, e.spell_key, e.facts, e.display_name,
         e.department, e.hired_on, e.last_day, e.scope, e.absent_since, e.absent_count, e.disputes, e.withdrawn,
         e.key_name, e.key_email, e.key_phone,
         (select string_agg(o.company || '/' || o.employee_number || '/' || o.spell, ',' order by o.company collate "C",
           o.employee_number collate "C", o.spell) from employment o where o.person_id = e.person_id)) as line
       from employment e
       union all
       select concat_ws('|', 'departure', e.company, e.employee_number, e.spell, d.last_day, d.announced_on, d.category,
         d.voluntary, d.reason_text, d.reason_code, d.kind, d.state)
       from departure d join employment e on e.id = d.employment_id
       union all
       select concat_ws('|', 'entry', x.company, e.employee_number, e.spell, x.verdict, x.from_day, x.review_on, x.rule,
         x.because, x.evidence, x.missing)
       from registry_entry x join employment e on e.id = x.employment_id
       union all
       select concat_ws('|', 'follow_up', e.company, e.employee_number, e.spell, f.kind, f.due_on, f.state, f.because)
       from follow_up f join employment e on e.id = f.employment_id
       union all
       select concat_ws('|', 'observation', o.source, o.company, o.employee_number, o.spell_hint, o.as_of_at,
         case when o.follows then greatest(o.confirmed_at, st.confirmed_as_of_at) else o.confirmed_at end,
         o.content_hash, o.facts, o.absent, o.current, o.reverted)
       from observation o left join source_state st on st.source = o.source
       union all
       select concat_ws('|', 'history', h.company, h.verdict, h.rule, h.believed_to is null,
         (select string_agg(e.company || '/' || e.employee_number, ',' order by e.company collate "C",
           e.employee_number collate "C") from employment e where e.person_id = h.person_id))
       from registry_history h
       union all
       select concat_ws('|', 'case', least(a.employee_number, b.employee_number),
         greatest(a.employee_number, b.employee_number), m.state, m.score)
       from match_case m join employment a on a.id = m.employment_a join employment b on b.id = m.employment_b
     ) lines order by line collate "C"`,
  );
  return rows.map((row) => row.line);
}

export async function openHouse(
  url: string,
  configDir: string,
  clock: Clock,
  database: Database,
): Promise<{ app: INestApplicationContext; followUps: FollowUps }> {
  const group = await loadGroupConfig(configDir);
  const rules = await readConfigFile(configDir, 'follow-ups.yaml', followUpRulesSchema);
  const reasons = compileLeavingReasons(
    await readConfigFile(configDir, 'leaving-reasons.yaml', leavingReasonsSchema),
  );
  const env: Env = {
    databaseUrl: url,
    redisUrls: [],
    smtpUrl: undefined,
    port: 0,
    publicUrl: 'https://enishi.example',
    home: tmpdir(),
    configDir,
    secretKey: 'x'.repeat(40),
    now: undefined,
    logLevel: 'silent',
    production: false,
    lang: 'en',
    role: 'all',
    otlpEndpoint: undefined,
  };
  const followUps = await openFollowUps({
    database,
    clock,
    databaseUrl: url,
    redisUrls: [],
    smtpUrl: null,
    publicUrl: 'https://enishi.example',
    configDir,
    rules,
    companies: group.companies,
    onError: () => undefined,
  });
  const parts = { env, clock, database, group, rules, reasons, followUps };
  const app = await NestFactory.createApplicationContext(AppModule.over(parts, { workers: false }), {
    logger: ['error'],
    abortOnError: false,
  });
  return { app, followUps };
}

async function writeConfig({ brakes, source }: WorldOptions): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'enishi-config-'));
  await cp(SHIPPED, dir, { recursive: true });
  const limits = shippedBrakes();
  brakes?.(limits);
  await writeFile(join(dir, 'brakes.yaml'), stringify(limits));
  const title = { ja: '連携元', en: 'Source' };
  const sources = [
    { id: 'demo-jp', title, connector: 'file', company: 'jp', profile: 'generic-full', mode: 'delta' },
    { id: 'demo-en', title, connector: 'file', company: 'en', profile: 'generic-full', mode: 'delta' },
    { id: 'payroll-jp', title, connector: 'file', company: 'jp', profile: 'generic-full', mode: 'delta' },
  ];
  await writeFile(
    join(dir, 'sources.yaml'),
    stringify({ sources: sources.map((s) => ({ ...s, ...source })) }),
  );
  await writeFile(join(dir, 'mappings', 'generic-full.yaml'), GENERIC_FULL);
  return dir;
}

/** A full export with the headers of `CSV_HEADER`, where a blank last day says that there is none. */
export const GENERIC_FULL = `id: generic-full
title: { ja: 全件, en: Full export }
columns:
  employeeNumber: { column: 社員番号 }
  familyName: { column: 姓, optional: true }
  givenName: { column: 名, optional: true }
  familyNameKana: { column: 姓カナ, optional: true }
  givenNameKana: { column: 名カナ, optional: true }
  birthDate: { column: 生年月日, optional: true }
  workEmail: { column: 会社メール, optional: true }
  personalEmail: { column: 個人メール, optional: true }
  phone: { column: 電話, optional: true }
  hiredOn: { column: 入社日, optional: true }
  lastDay: { column: 退職日, blank: clear }
  announcedOn: { column: 申出日, optional: true }
  status: { column: 在籍状況, optional: true }
  leavingReason: { column: 退職理由, optional: true }
  department: { column: 部署, optional: true }
  jobTitle: { column: 役職, optional: true }
`;

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536)
    yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}
