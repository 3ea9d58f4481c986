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
  return `not exists (
    select 1 from employment earlier_e join follow_up earlier on earlier.employment_id = earlier_e.id
    where earlier_e.person_id = ${person} and earlier.kind <> 'card'
      and (earlier.due_at, earlier.id) < (f.due_at, f.id)
      and (earlier.state in ('planned', 'queued') or earlier.state = 'uncertain' and exists (
        select 1 from delivery d where d.follow_up_id = earlier.id and d.state = 'sending')))`;
}
