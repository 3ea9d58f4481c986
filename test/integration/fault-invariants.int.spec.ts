import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDeparturesHouse } from '../support/departures-house.js';
import { leaver } from '../support/intake-files.js';
import { dropTemplate, type IntakeWorld } from '../support/intake-world.js';
import { violations, type CheckedHouse } from '../support/invariants.js';

afterAll(dropTemplate);

describe('the invariants of faults.md', () => {
  let world: IntakeWorld;

  beforeEach(async () => {
    world = await openDeparturesHouse();
    await world.import(Array.from({ length: 6 }, (_, i) => leaver(i, '2026-04-05')));
  });

  afterEach(() => world.stop());

  const check = (over: Partial<CheckedHouse> = {}): Promise<string[]> =>
    violations({ url: world.url, configDir: world.config, clock: world.clock, mails: [], ...over });

  it('hold in a house where nothing went wrong', async () => {
    expect(await check({ log: 'follow-ups sent', canaries: ['p1@mail.example'] })).toEqual([]);
  });

  it.each([
    ['(1)', 'an intent is missing', `delete from follow_up where id = (select id from follow_up limit 1)`],
    ['(1)', 'an intent is on another day', `update follow_up set due_on = due_on + 1, kind = kind`],
    ['(2)', 'a queued row has no job', `update follow_up set state = 'queued', queued_at = due_at`],
    [
      '(2)',
      'mail waits for somebody who opted out',
      `update person set opted_out_at = now() where id = (select person_id from employment limit 1)`,
    ],
    [
      '(3)',
      'the ledger says sent and no mail came',
      `with f as (update follow_up set state = 'sent' where kind = 'invitation' returning id)
       insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at)
       select enishi_id(), id, 1, 'smtp', 'sent', '<m-' || id || '>', 'w', now(), now() from f`,
    ],
    ['(3)', 'an attempt was never judged', claimedLongAgo()],
    [
      '(4)',
      'an audit entry was changed',
      `set session_replication_role = replica; update audit_entry set actor = 'nobody' where seq = 1`,
    ],
    [
      '(5)',
      'a character was lost',
      `update employment set department = U&'\\FFFD' where employee_number = '10001'`,
    ],
    ['(6)', 'a stored fact is not the observed one', `update departure set last_day = last_day + 1`],
  ])('%s is told when %s', async (number, _title, tampering) => {
    await world.db.query(tampering);
    const told = await check();
    expect(told.filter((line) => line.startsWith(number))).not.toEqual([]);
  });

  it('(3) is told of a mail that the ledger does not know', async () => {
    const mails = [{ to: 'p1@mail.example', messageId: '<from-nowhere>' }];
    expect(await check({ mails })).toEqual([expect.stringMatching(/^\(3\).*unknown to the ledger: 1/)]);
  });

  it('(5) is told of a person in a log, by number', async () => {
    const told = await check({ log: 'to p1@mail.example', canaries: ['p0@mail.example', 'p1@mail.example'] });
    expect(told).toEqual(['(5) the log holds 1 of 2 canaries, the first is number 1']);
  });
});

function claimedLongAgo(): string {
  return `insert into delivery (id, follow_up_id, attempt, channel, state, message_id, claimed_by, lease_until, claimed_at)
    select enishi_id(), id, 1, 'smtp', 'claimed', '', 'w', '2020-01-01', '2020-01-01' from follow_up limit 1`;
}
