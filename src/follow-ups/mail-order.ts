/**
 * A person's mails go out one after the other, in the order in which they are due (of equal ones the older id): one is
 * neither queued nor begun while an earlier one is planned, queued, or in the hands of the mail server. Over are those
 * that were sent, answered, cancelled, refused, or are in doubt: what waits for a person's decision holds nobody up.
 * What is printed is no mail. Nothing else keeps the order: not the queue, not the number of workers.
 *
 * @param person SQL for the person's id; the follow-up in question is `f`
 * @returns a condition that is true when it is this one's turn
 */
export function isInTurn(person: string): string {
  return `not ${isAmong(
    person,
    `select 1 from follow_up earlier
     where earlier.employment_id = one.id and earlier.state in ('planned', 'queued', 'uncertain')
       and earlier.kind <> 'card' and (earlier.due_at, earlier.id) < (f.due_at, f.id)
       and (earlier.state <> 'uncertain' or exists (
         select 1 from delivery d where d.follow_up_id = earlier.id and d.state = 'sending' offset 0))`,
  )}`;
}

/** @param person SQL for the person's id @returns a condition that is true while somebody is to say who that person is */
export function isInDoubt(person: string): string {
  return isAmong(
    person,
    `select 1 from match_case m where m.state = 'open' and m.employment_a = one.id
     union all select 1 from match_case m where m.state = 'open' and m.employment_b = one.id`,
  );
}

/**
 * Whether any of the person's employments, `one`, has such rows. Asked for one person at a time, by index, whatever the
 * planner believes: without an `offset 0` it may list all such rows of the house, for each mail anew.
 */
function isAmong(person: string, rows: string): string {
  return `exists (select 1 from employment one cross join lateral (${rows} offset 0) found
    where one.person_id = ${person} offset 0)`;
}
