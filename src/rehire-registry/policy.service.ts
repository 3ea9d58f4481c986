import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { compilePolicy, policySchema, type Policy } from '../domain/eligibility-policy.js';
import type { BilingualText, CompiledPolicy } from '../domain/eligibility.js';
import { Clock } from '../platform/clock/clock.js';
import { readConfigFile } from '../platform/config/config-file.js';
import { Database, type Sql } from '../platform/database/database.js';

const POLICY_FILE = 'rehire-policy.yaml';
/** Further policies to choose from; the folder need not be there. */
const POLICY_FOLDER = 'policies';

export interface ActivePolicy {
  readonly version: number;
  readonly policy: CompiledPolicy;
  /** Of the policy's content: equal for files that differ in comments and order of keys only. */
  readonly hash: string;
}

export interface CheckedPolicy {
  readonly id: string;
  readonly title: BilingualText;
  readonly hash: string;
  readonly policy: CompiledPolicy;
  readonly content: Policy;
}

export interface PolicyVersionItem {
  readonly version: number;
  readonly id: string;
  readonly title: BilingualText;
  readonly hash: string;
  readonly state: 'planned' | 'active' | 'superseded';
  readonly activatedAt: string | null;
  readonly activatedBy: string | null;
  readonly supersededAt: string | null;
}

interface VersionRow {
  version: number;
  policy_id: string;
  content: unknown;
  hash: string;
  activated_at: string | null;
  activated_by: string | null;
  superseded_at: string | null;
}

/** The versions of the rehire policy. One is active; it changes by an activation only, never by editing a file. */
@Injectable()
export class PolicyService implements OnModuleInit {
  private compiled: ActivePolicy | null = null;

  /** `configDir` holds rehire-policy.yaml, which becomes version 1 when there is none yet. */
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly configDir: string,
  ) {}

  /**
   * Every policy file of the configuration is checked at boot, in force or not: what is wrong with one stops the
   * start, not a later command.
   * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID
   */
  async onModuleInit(): Promise<void> {
    await this.checkPolicyFile(join(this.configDir, POLICY_FILE));
    for (const file of await policyFiles(join(this.configDir, POLICY_FOLDER)))
      await this.checkPolicyFile(file);
  }

  /**
   * The policy in force.
   * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID on the first use, when the shipped file cannot be taken
   */
  async activePolicy(): Promise<ActivePolicy> {
    const row = (await this.readActive(this.db.pool)) ?? (await this.storeFirst());
    if (this.compiled?.version !== row.version || this.compiled.hash !== row.hash)
      this.compiled = compileRow(row);
    return this.compiled;
  }

  /** Reads and checks a policy file. @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID */
  async checkPolicyFile(file: string): Promise<CheckedPolicy> {
    return checkedPolicy(await readConfigFile(dirname(file), basename(file), policySchema));
  }

  /** True when the shipped or edited file no longer says what is in force: somebody may think that it does. */
  async isFileActive(): Promise<boolean> {
    const [file, active] = [
      await this.checkPolicyFile(join(this.configDir, POLICY_FILE)),
      await this.activePolicy(),
    ];
    return file.hash === active.hash;
  }

  /** Every version, the newest first. */
  async listPolicies(): Promise<PolicyVersionItem[]> {
    await this.activePolicy();
    const rows = await this.db.query<VersionRow>('select * from policy_version order by version desc');
    return rows.map((row) => ({
      version: row.version,
      id: row.policy_id,
      title: policySchema.parse(row.content).title,
      hash: row.hash,
      state: row.activated_at === null ? 'planned' : row.superseded_at === null ? 'active' : 'superseded',
      activatedAt: row.activated_at,
      activatedBy: row.activated_by,
      supersededAt: row.superseded_at,
    }));
  }

  /**
   * Stores the file as a version that is not yet in force. The same content planned again is the same version.
   * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID, POLICY_ALREADY_ACTIVE
   */
  async planActivation(file: string, by: string): Promise<ActivePolicy> {
    return this.planPolicy(await this.checkPolicyFile(file), by);
  }

  /** The same for a policy that did not come as a file. @throws POLICY_ALREADY_ACTIVE */
  async planPolicy(checked: CheckedPolicy, by: string): Promise<ActivePolicy> {
    const active = await this.activePolicy();
    if (active.hash === checked.hash) {
      throw new AppError('POLICY_ALREADY_ACTIVE', {
        details: { policy: checked.id, version: active.version },
      });
    }
    const rows = await this.db.query<VersionRow>(
      `insert into policy_version (policy_id, content, hash, planned_at, planned_by) values ($1, $2, $3, $4, $5)
       on conflict (hash) where activated_at is null
         do update set planned_at = excluded.planned_at, planned_by = excluded.planned_by
       returning *`,
      [checked.id, JSON.stringify(checked.content), checked.hash, this.clock.nowIso(), by],
    );
    return compileRow(onlyRow(rows, 0));
  }

  /** A stored version, in force or not. @throws POLICY_VERSION_NOT_FOUND */
  async policyVersion(version: number): Promise<ActivePolicy> {
    const rows = await this.db.query<VersionRow>('select * from policy_version where version = $1', [
      version,
    ]);
    return compileRow(onlyRow(rows, version));
  }

  /**
   * A stored version that can be put in force.
   * @throws POLICY_VERSION_NOT_FOUND, POLICY_ALREADY_ACTIVE
   * @throws POLICY_VERSION_SUPERSEDED when another one came after it: plan it anew
   */
  async plannedVersion(version: number): Promise<ActivePolicy> {
    const rows = await this.db.query<VersionRow>('select * from policy_version where version = $1', [
      version,
    ]);
    const row = onlyRow(rows, version);
    if (row.superseded_at !== null) throw new AppError('POLICY_VERSION_SUPERSEDED', { details: { version } });
    if (row.activated_at !== null) {
      throw new AppError('POLICY_ALREADY_ACTIVE', { details: { policy: row.policy_id, version } });
    }
    return compileRow(row);
  }

  /**
   * Puts a planned version in force. What is decided from the end of the caller's transaction on follows it; the
   * entries that stand are brought along by `PolicyFlipsService`. Safe to repeat.
   *
   * @throws POLICY_VERSION_NOT_FOUND
   * @throws POLICY_VERSION_SUPERSEDED when another one came after it: plan it anew
   */
  async activate(sql: Sql, version: number, by: string, at: string): Promise<void> {
    const { rows } = await sql.query<VersionRow>(
      'select * from policy_version where version = $1 for update',
      [version],
    );
    const row = onlyRow(rows, version);
    if (row.superseded_at !== null) throw new AppError('POLICY_VERSION_SUPERSEDED', { details: { version } });
    if (row.activated_at !== null) return;
    await sql.query(
      `update policy_version set superseded_at = $1 where activated_at is not null and superseded_at is null`,
      [at],
    );
    await sql.query('update policy_version set activated_at = $2, activated_by = $3 where version = $1', [
      version,
      at,
      by,
    ]);
  }

  /** Drops a planned version, as when its plan was rejected. One that was ever in force stays. */
  async discard(sql: Sql, version: number): Promise<void> {
    await sql.query('delete from policy_version where version = $1 and activated_at is null', [version]);
  }

  private async readActive(sql: Sql): Promise<VersionRow | null> {
    const { rows } = await sql.query<VersionRow>(
      'select * from policy_version where activated_at is not null and superseded_at is null',
    );
    return rows[0] ?? null;
  }

  /** Several processes may start at once on an empty database: the first one stores, all read the same row. */
  private async storeFirst(): Promise<VersionRow> {
    const { id, content, hash } = await this.checkPolicyFile(join(this.configDir, POLICY_FILE));
    await this.db.query(
      `insert into policy_version (policy_id, content, hash, activated_at, activated_by) values ($1, $2, $3, $4, 'enishi')
       on conflict ((true)) where activated_at is not null and superseded_at is null do nothing`,
      [id, JSON.stringify(content), hash, this.clock.nowIso()],
    );
    const row = await this.readActive(this.db.pool);
    if (row === null) throw new AppError('POLICY_VERSION_NOT_FOUND', { details: { version: 1 } });
    return row;
  }
}

/** A policy whose content has passed its schema. */
export function checkedPolicy(content: Policy): CheckedPolicy {
  const { id, title } = content;
  return { id, title, hash: hashOf(content), policy: compilePolicy(content), content };
}

function onlyRow(rows: readonly VersionRow[], version: number): VersionRow {
  const [row] = rows;
  if (row === undefined) throw new AppError('POLICY_VERSION_NOT_FOUND', { details: { version } });
  return row;
}

/** What is stored was checked when it was stored; a later schema must still read it, so it is checked again. */
function compileRow(row: VersionRow): ActivePolicy {
  return { version: row.version, hash: row.hash, policy: compilePolicy(policySchema.parse(row.content)) };
}

/** The schema puts keys in one order, so that equal policies have equal texts. */
function hashOf(policy: Policy): string {
  return createHash('sha256').update(JSON.stringify(policy)).digest('hex');
}

async function policyFiles(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir);
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(dir, name));
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
