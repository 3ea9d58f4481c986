import { PeopleQueries } from '../../departures/people.queries.js';
import { Clock } from '../../platform/clock/clock.js';
import { RegistryExportQueries } from '../../rehire-registry/registry-export.queries.js';
import { RegistryQueries, type PastItem, type RegistryItem } from '../../rehire-registry/registry.queries.js';
import type { CommandCall } from '../command.js';
import { command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { collectPages, noteMore } from '../pages.js';
import { printTable, type Column } from '../table.js';
import { becauseLine, localTime, todayOf, zoneOf } from '../words.js';
import { countRecords, writeTextFile } from '../write-file.js';

const VERDICTS = ['eligible', 'review', 'ineligible', 'unknown'] as const;

function entryColumns(call: CommandCall): Column<RegistryItem>[] {
  const { t, language } = call.output;
  const column = (key: string): string => t(`show.columns.${key}`);
  return [
    { title: column('company'), value: (item) => item.company, min: 4 },
    { title: column('number'), value: (item) => item.employeeNumber },
    { title: column('name'), value: (item) => item.name },
    { title: column('lastDay'), value: (item) => item.lastDay, min: 10 },
    { title: column('verdict'), value: (item) => t(`words.verdictShort.${item.verdict}`) },
    { title: column('from'), value: (item) => item.fromDay ?? item.reviewOn, min: 10 },
    { title: column('because'), value: (item) => becauseLine(item.because, language), min: 16 },
    { title: column('override'), value: (item) => item.override?.reason },
  ];
}

/** The registry as it counts today. */
export const registryList = command(async (call, app) => {
  const company = call.input.text('company');
  const verdict = call.input.choice('verdict', VERDICTS);
  const day = todayOf(app.group, app.get(Clock), company);
  const registry = app.get(RegistryQueries);
  const found = await collectPages(call, (cursor, limit) =>
    registry.list({ day, verdict: verdict ?? null, company: company ?? null, cursor, limit }),
  );
  printTable(call.output, entryColumns(call), found.items);
  noteMore(call, found);
  call.output.data({ items: found.items });
  return EXIT.done;
});

/** One person's verdicts, exceptions and what was believed before. */
export const registryShow = command(async (call, app) => {
  const { output } = call;
  const { t } = output;
  const group = app.group;
  const personId = await app.get(PeopleQueries).resolve(call.input.argument('person'));
  const person = await app.get(RegistryQueries).show(personId, todayOf(group, app.get(Clock)));
  const column = (key: string): string => t(`show.columns.${key}`);
  output.line(t('show.person', { id: personId }));
  output.heading(t('show.entries'));
  printTable(output, entryColumns(call), person.entries);
  output.heading(t('show.overrides'));
  printTable(
    output,
    [
      { title: column('company'), value: (item) => item.company },
      { title: column('verdict'), value: (item) => t(`words.verdictShort.${item.verdict}`) },
      { title: column('state'), value: (item) => t(`words.overrideState.${item.state}`) },
      { title: column('because'), value: (item) => item.reason },
      {
        title: column('by'),
        value: (item) => [item.author, item.secondAuthor].filter((who) => who !== null).join(', '),
      },
    ],
    person.overrides,
  );
  output.heading(t('show.history'));
  printTable(
    output,
    [
      { title: column('since'), value: (item) => localTime(item.believedFrom, zoneOf(group, item.company)) },
      { title: column('company'), value: (item) => item.company },
      {
        title: column('verdict'),
        value: (item) => (item.verdict === null ? null : t(`words.verdictShort.${item.verdict}`)),
      },
      { title: column('rule'), value: (item) => item.rule },
      { title: column('version'), value: (item) => item.policyVersion },
    ],
    person.history,
  );
  output.data(person);
  return EXIT.done;
});

/** What the registry said at the end of a day, by what was known then. */
export const registryAt = command(async (call, app) => {
  const { output } = call;
  const { t, language } = output;
  const day = call.input.dayArgument('day');
  const zone = zoneOf(app.group);
  const registry = app.get(RegistryQueries);
  const found = await collectPages<PastItem>(call, (cursor, limit) =>
    registry.at({ day, zone, cursor, limit }),
  );
  const column = (key: string): string => t(`show.columns.${key}`);
  output.line(t('show.registryAt', { day }));
  printTable(
    output,
    [
      { title: column('company'), value: (item) => item.company, min: 4 },
      { title: column('number'), value: (item) => item.employeeNumber },
      { title: column('name'), value: (item) => item.name },
      { title: column('verdict'), value: (item) => t(`words.verdictShort.${item.verdict}`) },
      { title: column('from'), value: (item) => item.fromDay ?? item.reviewOn, min: 10 },
      { title: column('because'), value: (item) => becauseLine(item.because, language), min: 16 },
    ],
    found.items,
  );
  noteMore(call, found);
  output.data({ items: found.items });
  return EXIT.done;
});

/** The whole registry as CSV. Equal registries give equal files. */
export const registryExport = command(async (call, app) => {
  const file = call.input.argument('file');
  const day = todayOf(app.group, app.get(Clock));
  let count = 0;
  const rows = app.get(RegistryExportQueries).exportCsv(day);
  await writeTextFile(
    file,
    countRecords(rows, (records) => (count = records)),
  );
  call.output.line(call.output.t('show.exported', { count, file }));
  call.output.data({ file, entries: count });
  return EXIT.done;
});
