import { jobFor, jobIdOf, type FollowUpJobs } from '../../src/follow-ups/follow-up.job.js';
import type { FollowUpKind } from '../../src/domain/follow-up.js';
import type { Database } from '../../src/platform/database/database.js';
import type { JobQueues } from '../../src/platform/queue/job-queues.js';

type Mail = { readonly to: string; readonly messageId: string };

interface Ledger {
  readonly id: string;
  readonly state: string;
  readonly message_id: string | null;
  /** Attempts that ended so. */
  readonly sent: number;
  readonly refused: number;
  readonly unknown: number;
  readonly resent: number;
  readonly said_sent: boolean;
  readonly addresses: readonly (string | null)[];
}

const PAGE = 500;
const SHOWN = 5;

/** `12 mails …: a, b, c …` */
function some(ids: readonly string[], what: string): string[] {
  if (ids.length === 0) return [];
  return [`${what}: ${ids.length} (${ids.slice(0, SHOWN).join(', ')}${ids.length > SHOWN ? ', …' : ''})`];
}

/**
 * (2) Intents that are neither over nor will be gone on with by anybody.
 * @param queuedBefore a row queued after this instant may still be on its way into the queue
 */
export async function deadIntents(
  database: Database,
  queues: JobQueues,
  jobs: FollowUpJobs,
  queuedBefore: string,
): Promise<string[]> {
  const withoutJob: string[] = [];
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const rows = await database.query<{ id: string; kind: FollowUpKind; sends: number }>(
      `select id, kind, sends from follow_up where state = 'queued' and queued_at <= $1 and id > $2
       order by id limit ${PAGE}`,
      [queuedBefore, after],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    const live = await Promise.all(
      rows.map(({ id, kind, sends }) => queues.isLive(jobFor(jobs, kind), jobIdOf(id, sends))),
    );
    withoutJob.push(...rows.filter((_, i) => live[i] !== true).map((row) => row.id));
    after = last.id;
  }
  const idsOf = async (where: string) =>
    (
      await database.query<{ id: string }>(
        `select f.id from follow_up f join employment e on e.id = f.employment_id join person p on p.id = e.person_id
         left join lateral (select * from delivery d where d.follow_up_id = f.id order by d.attempt desc limit 1) d on true
         where ${where} order by f.id`,
      )
    ).map((row) => row.id);
  return [
    ...some(withoutJob, '(2) queued without a job that would still run'),
    ...some(
      await idsOf(`f.state in ('planned', 'queued') and p.opted_out_at is not null`),
      '(2) waiting for ever, because the person opted out',
    ),
    ...some(
      await idsOf(`d.state in ('claimed', 'sending') and d.lease_until < now() - interval '5 minutes'`),
      '(2) an attempt whose worker is gone and that nobody has judged',
    ),
    ...some(
      await idsOf(
        `f.state = 'sent' and d.state is distinct from 'sent' and coalesce(d.resolved_as, '') <> 'sent'`,
      ),
      '(2) sent without an attempt that says so',
    ),
    ...some(
      await idsOf(`f.state in ('planned', 'queued') and d.state in ('sending', 'sent')`),
      '(2) waiting although its last attempt has begun to send',
    ),
  ];
}

/** (3) Differences between the send ledger and what mail server and local mailbox have taken. */
export async function mailViolations(
  database: Database,
  mails: readonly Mail[] | null,
  nowIso: string,
): Promise<string[]> {
  const found = await mailboxViolations(database);
  const inAir = await database.query<{ id: string }>(
    `select follow_up_id as id from delivery where state in ('claimed', 'sending') and lease_until < $1 order by 1`,
    [nowIso],
  );
  found.push(
    ...some(
      inAir.map((row) => row.id),
      '(3) an attempt that is not decided after its lease',
    ),
  );
  return mails === null ? found : [...found, ...sinkViolations(await readLedger(database), mails)];
}

function readLedger(database: Database): Promise<Ledger[]> {
  return database.query<Ledger>(
    `select f.id, f.state, max(nullif(d.message_id, '')) as message_id,
       count(*) filter (where d.state = 'sent')::int as sent,
       count(*) filter (where d.state = 'refused')::int as refused,
       count(*) filter (where d.state in ('uncertain', 'sending'))::int as unknown,
       count(*) filter (where d.resolved_as = 'resend')::int as resent,
       coalesce(bool_or(d.resolved_as = 'sent'), false) as said_sent,
       array[e.facts->>'personalEmail', e.facts->>'workEmail'] as addresses
     from delivery d join follow_up f on f.id = d.follow_up_id join employment e on e.id = f.employment_id
     where d.channel = 'smtp' group by f.id, e.id order by f.id`,
  );
}

function sinkViolations(ledger: readonly Ledger[], mails: readonly Mail[]): string[] {
  const copies = new Map<string, Mail[]>();
  for (const mail of mails) copies.set(mail.messageId, [...(copies.get(mail.messageId) ?? []), mail]);
  const wrong = {
    lost: [] as string[],
    doubled: [] as string[],
    astray: [] as string[],
    unlisted: [] as string[],
  };
  const known = new Set<string>();
  for (const row of ledger) {
    if (row.message_id !== null) known.add(row.message_id);
    const got = copies.get(row.message_id ?? '') ?? [];
    if (got.length < row.sent) wrong.lost.push(row.id);
    // What the server read must stand for itself in the ledger: an attempt that failed has handed nothing over.
    if (got.length > row.sent + row.refused + row.unknown) wrong.unlisted.push(row.id);
    if (got.length > 1 + row.resent) wrong.doubled.push(row.id);
    if (got.some((mail) => !row.addresses.includes(mail.to))) wrong.astray.push(row.id);
  }
  const strange = [...copies.keys()].filter((id) => !known.has(id));
  return [
    ...some(wrong.lost, '(3) sent by the ledger, not at the mail server'),
    ...some(wrong.unlisted, '(3) at the mail server more often than the ledger can tell'),
    ...some(wrong.doubled, '(3) doubled without a decision to send again'),
    ...some(wrong.astray, '(3) at an address that is not the person’s'),
    ...some(strange, '(3) at the mail server and unknown to the ledger'),
  ];
}

async function mailboxViolations(database: Database): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    `select coalesce(d.follow_up_id, m.follow_up_id) as id
     from (select * from delivery where channel = 'mailbox' and state = 'sent') d
     full join (select * from mailbox_message where follow_up_id is not null) m on m.message_id = d.message_id
     where d.id is null or m.id is null order by 1`,
  );
  return some(
    rows.map((row) => row.id),
    '(3) mailbox and ledger differ',
  );
}
