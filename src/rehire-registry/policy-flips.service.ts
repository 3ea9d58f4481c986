import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import {
  decideVerdict,
  sameVerdict,
  type CompiledPolicy,
  type Verdict,
  type VerdictWord,
} from '../domain/eligibility.js';
import { Database, type Sql } from '../platform/database/database.js';
import { checkLimit, decodeCursor, encodeCursor, type Page } from './keyset.queries.js';
import { countFlips, type FlipCount } from './policy-count.js';
import { PolicyService, type ActivePolicy, type CheckedPolicy } from './policy.service.js';
import type { Cause, RegistryKey } from './registry-history.js';
import { RegistryWriteService, type EntryChange } from './registry-write.service.js';
import { readStandingEntries, type EntryKey, type StandingEntry } from './standing-entries.js';

const BATCH = 2_000;
const cursorShape = z.tuple([z.uuid(), z.string()]);

/** Somebody about whom another policy says something else: another verdict, day, rule or evidence. */
export interface PolicyFlip {
  readonly personId: string;
  readonly company: string;
  readonly employmentId: string;
  readonly employeeNumber: string;
  readonly displayName: string | null;
  readonly before: Verdict;
  readonly after: Verdict;
  /** Of the override in force; while it counts, the flip is not felt. */
  readonly override: VerdictWord | null;
}

export interface PolicyPreview {
  readonly id: string;
  readonly title: { readonly ja: string; readonly en: string };
  readonly hash: string;
  readonly activeVersion: number;
  /** Entries looked at: everybody in the registry. */
  readonly examined: number;
  /** Entries whose verdict word becomes another. */
  readonly flipped: number;
  /** Entries that keep the word, but get another day, rule or evidence. */
  readonly otherwiseChanged: number;
  /** By company, from, to and rule; the largest first. Entries that keep the word are counted here too. */
  readonly counts: readonly FlipCount[];
}

/** What a change of policy does to the entries that stand: shown before, and carried out in batches. */
@Injectable()
export class PolicyFlipsService {
  constructor(
    private readonly db: Database,
    private readonly policies: PolicyService,
    private readonly registry: RegistryWriteService,
  ) {}

  /**
   * Who would change under the policy in this file, counted over the whole registry in bounded memory. Writes nothing.
   * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID
   */
  async previewPolicy(file: string): Promise<PolicyPreview> {
    return this.preview(await this.policies.checkPolicyFile(file));
  }

  /** The same for a policy that did not come as a file. */
  async preview({ id, title, hash, policy }: CheckedPolicy): Promise<PolicyPreview> {
    const { version } = await this.policies.activePolicy();
    const { examined, counts } = await countFlips(this.db, policy);
    const sum = (some: readonly FlipCount[]) => some.reduce((total, { count }) => total + count, 0);
    return {
      id,
      title,
      hash,
      activeVersion: version,
      examined,
      flipped: sum(counts.filter(({ from, to }) => from !== to)),
      otherwiseChanged: sum(counts.filter(({ from, to }) => from === to)),
      counts,
    };
  }

  /**
   * One page of the people behind the preview, in the order of (person, company).
   * @throws CURSOR_INVALID, LIMIT_OUT_OF_RANGE, and as `previewPolicy`
   */
  async previewChanges(
    file: string,
    page: { readonly cursor: string | null; readonly limit: number },
  ): Promise<Page<PolicyFlip>> {
    const limit = checkLimit(page.limit);
    const [personId, company] = decodeCursor(page.cursor, cursorShape) ?? [null, null];
    const after = personId === null || company === null ? null : { personId, company };
    const { policy } = await this.policies.checkPolicyFile(file);
    const items: PolicyFlip[] = [];
    for await (const flips of this.flips(policy, after, limit + 1)) {
      for (const flip of flips) {
        const last = items.at(-1);
        if (items.length === limit && last !== undefined) {
          return { items, nextCursor: encodeCursor([last.personId, last.company]) };
        }
        items.push(flip);
      }
    }
    return { items, nextCursor: null };
  }

  /**
   * Batches of at most 2,000 entries that differ from what this policy says, in the order of (person, company).
   * Each batch is read when it is asked for: an entry that was brought along already does not come again, so that a
   * run that was cut starts from the beginning and finds only what is left.
   *
   * @param atFirst how many entries the first batch looks at; each looks at twice as many as the one before
   */
  async *flips(
    policy: CompiledPolicy,
    after: EntryKey | null = null,
    atFirst = BATCH,
  ): AsyncGenerator<PolicyFlip[]> {
    for await (const entries of this.standing(after, atFirst)) {
      const flips = flipsOf(entries, policy);
      if (flips.length > 0) yield flips;
    }
  }

  /**
   * Brings a batch along, in the caller's transaction. Order of an activation: `PolicyService.planActivation`, brakes
   * over `flips`, then `PolicyService.activate`, then every batch of `flips` until none is left. An import that runs
   * in between decides by the new version already: an entry that is not as the flip saw it is left as it is, and
   * comes again with the next `flips` if it still differs. Safe to repeat. Gives the keys that changed.
   */
  async applyFlips(
    sql: Sql,
    to: ActivePolicy,
    flips: readonly PolicyFlip[],
    cause: Cause,
    at: string,
  ): Promise<RegistryKey[]> {
    const asSeen = await lockAsSeen(sql, flips);
    return this.registry.applyEntries(sql, asSeen.map(toChange), { ...cause, policyVersion: to.version }, at);
  }

  /** All of it where nothing has to be held in between, such as a resumed activation. Gives how many entries changed. */
  async applyActivation(to: ActivePolicy, by: string, cause: Cause, at: string): Promise<number> {
    await this.db.transaction((sql) => this.policies.activate(sql, to.version, by, at));
    let changed = 0;
    for await (const flips of this.flips(to.policy)) {
      changed += (await this.db.transaction((sql) => this.applyFlips(sql, to, flips, cause, at))).length;
    }
    return changed;
  }

  private async *standing(after: EntryKey | null, atFirst: number): AsyncGenerator<StandingEntry[]> {
    let size = atFirst;
    for (let from = after; ; size *= 2) {
      const entries = await readStandingEntries(this.db, from, Math.min(BATCH, size));
      const last = entries.at(-1);
      if (last === undefined) return;
      yield entries;
      from = last;
    }
  }
}

function flipsOf(entries: readonly StandingEntry[], policy: CompiledPolicy): PolicyFlip[] {
  return entries.flatMap(({ facts, verdict, ...entry }) => {
    const after = decideVerdict(policy, facts);
    return sameVerdict(verdict, after) ? [] : [{ ...entry, before: verdict, after }];
  });
}

/** The flips whose entry still says what they saw; those entries stay locked until the transaction ends. */
async function lockAsSeen(sql: Sql, flips: readonly PolicyFlip[]): Promise<PolicyFlip[]> {
  const seen = flips.map(({ personId, company, employmentId, before }) => ({
    personId,
    company,
    employmentId,
    ...before,
  }));
  const { rows } = await sql.query<{ person_id: string; company: string }>(
    `select e.person_id, e.company from registry_entry e
     join jsonb_to_recordset($1::jsonb) as s("personId" uuid, company text, "employmentId" uuid, verdict text,
       rule text, evidence jsonb) on s."personId" = e.person_id and s.company = e.company
     where (e.employment_id, e.verdict, e.rule, e.evidence) = (s."employmentId", s.verdict, s.rule, s.evidence)
     order by e.person_id, e.company for update of e`,
    [JSON.stringify(seen)],
  );
  const still = new Set(rows.map((row) => `${row.person_id} ${row.company}`));
  return flips.filter((flip) => still.has(`${flip.personId} ${flip.company}`));
}

function toChange({ personId, company, employmentId, after }: PolicyFlip): EntryChange {
  return { personId, company, employmentId, verdict: after };
}
