import { Clock } from '../../platform/clock/clock.js';
import { CandidatesQueries } from '../../recruiting/candidates.queries.js';
import { command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { collectPages, noteMore } from '../pages.js';
import { printCandidates } from '../render/candidates.js';
import { todayOf } from '../words.js';

const VERDICTS = ['eligible', 'review', 'ineligible', 'unknown'] as const;

/** Who may come back, as a recruiter sees it: never why somebody left. */
export const candidatesSearch = command(async (call, app) => {
  const { input, output } = call;
  const company = input.text('company');
  const query = {
    q: input.optionalArgument('text') ?? null,
    verdict: input.choice('verdict', VERDICTS) ?? null,
    company: company ?? null,
    department: input.text('department') ?? null,
    leftAfter: input.day('leftAfter') ?? null,
    leftBefore: input.day('leftBefore') ?? null,
    skill: input.text('skill') ?? null,
    today: todayOf(app.group, app.get(Clock), company),
  };
  const candidates = app.get(CandidatesQueries);
  const found = await collectPages(call, (cursor, limit) => candidates.search({ ...query, cursor, limit }));
  printCandidates(output, found.items);
  noteMore(call, found);
  output.data({ items: found.items });
  return EXIT.done;
});
