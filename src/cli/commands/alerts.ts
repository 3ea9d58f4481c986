import { describeAlert } from '../../alerts/alert-mail.js';
import { AlertsQueries, type AlertItem } from '../../alerts/alerts.queries.js';
import { AlertsService } from '../../alerts/alerts.service.js';
import { actor, command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import type { Output } from '../output.js';
import { collectPages, noteMore } from '../pages.js';
import { printTable } from '../table.js';
import { localTime, shortId, zoneOf } from '../words.js';

/** What was raised, newest first, and whether it arrived. */
export const alertsList = command(async (call, app) => {
  const { input, output } = call;
  const { t } = output;
  const zone = zoneOf(app.group);
  const queries = app.get(AlertsQueries);
  const filter = { standing: input.flag('standing'), parked: input.flag('parked') };
  const found = await collectPages(call, async (before, limit) => {
    const { items, nextBefore } = await queries.list({ ...filter, limit, before });
    return { items, nextCursor: nextBefore };
  });
  printTable<AlertItem>(
    output,
    [
      { title: t('alerts.columns.id'), value: ({ id }) => shortId(id), min: 8 },
      { title: t('alerts.columns.raised'), value: ({ raisedAt }) => localTime(raisedAt, zone), min: 16 },
      { title: t('alerts.columns.what'), value: (item) => describeAlert(item, output.language).title },
      {
        title: t('alerts.columns.standing'),
        value: ({ resolvedAt }) => t(resolvedAt === null ? 'alerts.standing' : 'alerts.over'),
      },
      { title: t('alerts.columns.told'), value: (item) => toldText(output, item) },
    ],
    found.items,
  );
  noteMore(call, found);
  output.data({ items: found.items });
  return EXIT.done;
});

/** Sends one alert once more to everybody who is told of its kind; the workers carry it within a minute. */
export const alertsResend = command(async (call, app) => {
  const { deliveries } = await app.get(AlertsService).resend(call.input.argument('id'), actor(call));
  call.output.line(call.output.t('alerts.resent', { count: deliveries }));
  call.output.data({ deliveries });
  return EXIT.done;
});

function toldText({ t }: Output, { deliveries }: AlertItem): string {
  if (deliveries.length === 0) return t('alerts.nobody');
  return deliveries
    .map(({ target, state, errorCode }) => {
      const words = `${target}: ${t(`alerts.states.${state}`)}`;
      return errorCode === null ? words : `${words} (${errorCode})`;
    })
    .join(', ');
}
