import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sweepLeases } from '../../src/follow-ups/lost-attempts.js';
import { newId } from '../../src/platform/database/id.js';
import type { SendOutcome } from '../../src/platform/mail/mail.js';
import { statesOf } from '../support/mail-fixtures.js';
import { SendDesk } from '../support/send-desk.js';

const TOGETHER = 20;

describe('follow-ups that are in hand together', () => {
  let desk: SendDesk;
  const idsOf = (leavers: readonly { readonly followUpId: string }[]) => leavers.map((one) => one.followUpId);

  beforeEach(async () => {
    desk = await SendDesk.open();
  });

  afterEach(() => desk.close());

  it('are opened in one transaction and finished in one', async () => {
    const ids = idsOf(await desk.queued(TOGETHER));
    expect(await desk.deliverAll(ids)).toEqual(ids.map(() => 'sent'));
    expect(await statesOf(desk.db)).toEqual({ sent: TOGETHER });
    expect(new Set(desk.mails.map((mail) => mail.messageId)).size).toBe(TOGETHER);
    const transactions = await desk.db.query(
      `select (select count(distinct xmin::text) from link_token) as opening,
              (select count(distinct xmin::text) from delivery) as finishing,
              (select count(*) from timeline_event where kind = 'follow_up.sent') as told`,
    );
    expect(transactions).toEqual([{ opening: 1, finishing: 1, told: TOGETHER }]);
  });

  it('of one person only the one whose turn it is goes, the other goes back to the relay', async () => {
    const [leaver] = await desk.queued(1, { dueAt: '2026-06-20T00:00:00Z' });
    if (leaver === undefined) throw new Error('no leaver');
    const later = await desk.another(leaver.employmentId, {
      kind: 'invitation',
      dueAt: '2026-06-21T00:00:00Z',
    });
    expect(await desk.deliverAll([later, leaver.followUpId])).toEqual(['none', 'sent']);
    expect([await desk.stateOf(later), await desk.stateOf(leaver.followUpId)]).toEqual(['planned', 'sent']);
    expect(await desk.attemptsOf(later)).toEqual([]);
  });

  it('two jobs of one follow-up send it once', async () => {
    const [first = '', second = ''] = idsOf(await desk.queued(2));
    expect(await desk.deliverAll([first, second, first])).toEqual(['sent', 'sent', 'none']);
    expect(desk.mails).toHaveLength(2);
  });

  it('one that cannot be written, one that is gone and one that nobody can reach harm no other', async () => {
    const good = idsOf(await desk.queued(5));
    const [foreign = ''] = idsOf(await desk.queued(1, { company: 'nowhere' }));
    const [nameless = ''] = idsOf(await desk.queued(1, { personalEmail: null }));
    const results = await desk.deliverAll([foreign, newId(), nameless, ...good]);
    expect(results).toEqual([
      'FOLLOW_UP_COMPANY_UNKNOWN',
      'none',
      'undeliverable',
      ...good.map(() => 'sent'),
    ]);
    expect(await desk.stateOf(foreign)).toBe('queued');
    expect(await desk.attemptsOf(foreign)).toEqual([]);
    expect(await desk.stateOf(nameless)).toBe('undeliverable');
  });

  it('each is told what the mail server said about its own mail, and those said to come later go again', async () => {
    const leavers = await desk.queued(6);
    const saying: SendOutcome[] = [
      { outcome: 'temporary', code: 'SMTP_451' },
      { outcome: 'temporary', code: 'ECONNECTION' },
      { outcome: 'refused', code: 'SMTP_550' },
      { outcome: 'uncertain', code: 'ETIMEDOUT' },
    ];
    for (const [i, outcome] of saying.entries())
      desk.answers.set(leavers[i]?.email ?? '', () => Promise.resolve(outcome));
    const ids = idsOf(leavers);
    expect(await desk.deliverAll(ids)).toEqual([
      'MAIL_TEMPORARY',
      'MAIL_OUTAGE',
      'undeliverable',
      'uncertain',
      'sent',
      'sent',
    ]);
    desk.answers.clear();
    expect(await desk.deliverAll(ids)).toEqual(['sent', 'sent', 'none', 'none', 'none', 'none']);
    const [first = ''] = ids;
    expect(await desk.attemptsOf(first)).toEqual(['1 failed SMTP_451', '2 sent']);
    const links = await desk.db.query(
      `select purpose, count(*) as made, count(revoked_at) as revoked from link_token where follow_up_id = $1
       group by purpose order by purpose`,
      [first],
    );
    expect(links).toEqual([
      { purpose: 'opt_out', made: 2, revoked: 0 },
      { purpose: 'survey', made: 2, revoked: 1 },
    ]);
    const told = await desk.db.query(
      `select kind, count(*) as n from timeline_event group by kind order by kind`,
    );
    expect(told).toEqual([
      { kind: 'follow_up.sent', n: 4 },
      { kind: 'follow_up.uncertain', n: 1 },
      { kind: 'follow_up.undeliverable', n: 1 },
    ]);
  });

  it('a slow dialogue holds up no other', async () => {
    const [slow, ...quick] = await desk.queued(5);
    if (slow === undefined) throw new Error('no leaver');
    let answer: (outcome: SendOutcome) => void = () => undefined;
    desk.answers.set(slow.email, () => new Promise((resolve) => (answer = resolve)));
    const worker = desk.worker();
    const waiting = desk.deliverAll([slow.followUpId], worker);
    expect(await desk.deliverAll(idsOf(quick), worker)).toEqual(quick.map(() => 'sent'));
    expect(await desk.stateOf(slow.followUpId)).toBe('uncertain');
    const idle = await desk.db.query(
      `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    );
    expect(idle).toEqual([]);
    answer({ outcome: 'accepted' });
    expect(await waiting).toEqual(['sent']);
  });

  it('R14: a late answer still counts while nobody has decided, and no longer afterwards', async () => {
    const leavers = await desk.queued(2);
    const answers: ((outcome: SendOutcome) => void)[] = [];
    for (const { email } of leavers)
      desk.answers.set(email, () => new Promise((resolve) => answers.push(resolve)));
    const [open = '', decided = ''] = idsOf(leavers);
    const waiting = desk.deliverAll([open, decided]);
    while (answers.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    desk.clock.advance(3_600);
    expect(await sweepLeases(desk.db.pool, desk.clock.nowIso())).toBe(2);
    await desk.db.query(
      `update delivery set resolved_at = now(), resolved_as = 'resend' where follow_up_id = $1`,
      [decided],
    );
    for (const answer of answers) answer({ outcome: 'accepted' });
    expect(await waiting).toEqual(['sent', 'none']);
    expect([await desk.stateOf(open), await desk.stateOf(decided)]).toEqual(['sent', 'uncertain']);
    expect(await desk.attemptsOf(decided)).toEqual(['1 uncertain LEASE_EXPIRED']);
  });

  it('what an older release had claimed is left to it while its lease runs, and taken over afterwards', async () => {
    const [held = '', lapsed = '', free = ''] = idsOf(await desk.queued(3));
    for (const [id, leaseMs] of [
      [held, 60_000],
      [lapsed, -1],
    ] as const)
      await desk.db.query(
        `insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at)
         values ($1, $2, 1, 'smtp', 'claimed', '', 'older', $3, $4)`,
        [newId(), id, new Date(desk.clock.now() + leaseMs).toISOString(), desk.clock.nowIso()],
      );
    expect(await desk.deliverAll([held, lapsed, free])).toEqual(['DELIVERY_IN_WORK', 'sent', 'sent']);
    expect(await desk.attemptsOf(held)).toEqual(['1 claimed']);
    expect(await desk.stateOf(held)).toBe('queued');
    expect(await desk.attemptsOf(lapsed)).toEqual(['1 failed LEASE_EXPIRED', '2 sent']);
  });

  it('a mail that is stored is there exactly when the ledger says so, whatever becomes of the others', async () => {
    const ids = idsOf(await desk.queued(5));
    const [taken = ''] = ids;
    await desk.db.query(
      `insert into mailbox_message (id, kind, to_address, subject, body, message_id, sent_at)
       values ($1, 'x', 'x', 'x', 'x', $2, now())`,
      [newId(), `<follow-up-${taken}@jp.group.example>`],
    );
    const results = await desk.deliverAll(ids, desk.worker(true));
    expect(results).toEqual(['23505', ...ids.slice(1).map(() => 'sent')]);
    expect(await desk.attemptsOf(taken)).toEqual([]);
    expect(await desk.stateOf(taken)).toBe('queued');
    const stored = await desk.db.query(
      `select d.channel, d.state, count(*) as n from delivery d join mailbox_message m on m.message_id = d.message_id
       group by 1, 2`,
    );
    expect(stored).toEqual([{ channel: 'mailbox', state: 'sent', n: 4 }]);
  });
});
