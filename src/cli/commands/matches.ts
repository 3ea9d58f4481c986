import { AppError } from '../../domain/app-error.js';
import { MatchesService, type MatchItem, type MatchSide } from '../../intake/matches.service.js';
import { actor, command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printable } from '../output.js';
import { collectPages, noteMore } from '../pages.js';
import { runResult } from '../render/run-result.js';

/** Pairs that may be one person, the likeliest first. */
export const matchesList = command(async (call, app) => {
  const { output } = call;
  const { t } = output;
  let last: MatchItem | undefined;
  const found = await collectPages<MatchItem>(call, async (_cursor, limit) => {
    const after = last === undefined ? null : { score: last.score, id: last.id };
    const items = await app.get(MatchesService).list(limit + 1, after);
    const page = items.slice(0, limit);
    last = page.at(-1);
    return { items: page, nextCursor: items.length > limit ? (last?.id ?? null) : null };
  });
  if (found.items.length === 0) output.line(`  ${t('cli.nothing')}`);
  for (const item of found.items) {
    output.line(output.bold(item.id));
    output.line(`  ${printable(side(item.a))}`);
    output.line(`  ${printable(side(item.b))}`);
    const evidence = item.evidence
      .map((name) => evidenceName(t, name))
      .join(output.language === 'ja' ? '、' : ', ');
    output.line(`  ${t('show.columns.score')} ${String(item.score)}: ${evidence}`);
  }
  noteMore(call, found);
  output.data({ items: found.items });
  return EXIT.done;
});

const side = (one: MatchSide): string =>
  `${one.company}/${one.employeeNumber} ${one.name ?? ''} (${one.hiredOn ?? '?'} – ${one.lastDay ?? ''})`;

function evidenceName(t: (key: string) => string, name: string): string {
  const key = `words.evidence.${name}`;
  const text = t(key);
  return text === key ? name : text;
}

/** A person's word on one pair. */
export const matchesDecide = command(async (call, app) => {
  const { input, output } = call;
  const isSame = input.flag('same');
  const isDifferent = input.flag('different');
  if (isSame && isDifferent) {
    throw new AppError('CLI_CONFLICTING_OPTIONS', { details: { name: '--same', other: '--different' } });
  }
  if (!isSame && !isDifferent)
    throw new AppError('CLI_MISSING_OPTION', { details: { name: '--same | --different' } });
  const run = await app.get(MatchesService).decide(input.argument('id'), isSame, actor(call));
  output.line(output.t(isSame ? 'show.decidedSame' : 'show.decidedDifferent'));
  output.data(runResult(run));
  return EXIT.done;
});
