import { PeopleQueries } from '../../departures/people.queries.js';
import { RebuildService } from '../../intake/rebuild.service.js';
import { Clock } from '../../platform/clock/clock.js';
import { OverridesService } from '../../rehire-registry/overrides.service.js';
import { actor, command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printTable } from '../table.js';
import { todayOf } from '../words.js';

const VERDICTS = ['eligible', 'review', 'ineligible', 'unknown'] as const;

/** A human verdict that HR data does not replace. */
export const registryOverride = command(async (call, app) => {
  const { input, output } = call;
  const personId = await app.get(PeopleQueries).resolve(input.argument('person'));
  const company = input.text('company') ?? null;
  const result = await app.get(OverridesService).set({
    personId,
    company,
    verdict: input.requiredChoice('verdict', VERDICTS),
    reason: input.requiredText('reason'),
    author: actor(call),
    untilDay: input.day('until') ?? null,
    today: todayOf(app.group, app.get(Clock), company ?? undefined),
  });
  output.line(output.t(result.state === 'active' ? 'show.overrideSet' : 'show.overrideWaits'));
  output.data({ personId, ...result });
  return EXIT.done;
});

/** Recomputes the registry; with `--check` it only compares, and ends with 1 when anything differs. */
export const registryRebuild = command(async (call, app) => {
  const { input, output } = call;
  const { t } = output;
  const isCheck = input.flag('check');
  const report = await app.get(RebuildService).rebuild({ repair: !isCheck, by: actor(call) });
  if (report.different === 0) output.line(t('show.rebuildEqual', { count: report.examined }));
  else output.line(t(isCheck ? 'show.rebuildDiffers' : 'show.rebuildDone', { count: report.different }));
  const column = (key: string): string => t(`show.columns.${key}`);
  if (report.examples.length > 0) {
    printTable(
      output,
      [
        { title: column('number'), value: (item) => `${item.company}/${item.employeeNumber}` },
        { title: column('changes'), value: (item) => item.changedFields.join(', ') },
        { title: column('before'), value: (item) => item.verdictBefore },
        { title: column('after'), value: (item) => item.verdict },
      ],
      report.examples,
    );
  }
  output.data(report);
  return isCheck && report.different > 0 ? EXIT.failed : EXIT.done;
});
