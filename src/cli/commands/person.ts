import { PeopleQueries, type PersonView, type TimelineItem } from '../../departures/people.queries.js';
import { MatchesService } from '../../intake/matches.service.js';
import type { CommandCall } from '../command.js';
import { actor, command, type App } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { fieldLabel } from '../../platform/i18n/i18n.js';
import { printable, type Output } from '../output.js';
import { runResult } from '../render/run-result.js';
import { printTable } from '../table.js';
import { localTime, maskEmail, shortId, zoneOf } from '../words.js';

/** Everything known about one person: each employment, verdict and follow-up, then the timeline with its causes. */
export const personShow = command(async (call, app) => {
  const person = await app.get(PeopleQueries).show(call.input.argument('person'));
  printPerson(call, app, person);
  call.output.data(person);
  return EXIT.done;
});

function printPerson({ output }: CommandCall, app: App, person: PersonView): void {
  const { t } = output;
  const column = (key: string): string => t(`show.columns.${key}`);
  output.line(output.bold(t('show.person', { id: person.personId })));
  if (person.optedOutAt !== null) {
    output.line(output.warn(t('show.optedOut', { at: localTime(person.optedOutAt, zoneOf(app.group)) })));
  }
  output.heading(t('show.employments'));
  printTable(
    output,
    [
      {
        title: column('number'),
        value: (item) => `${item.company}/${item.employeeNumber}#${String(item.spell)}`,
      },
      { title: column('name'), value: (item) => item.name },
      { title: column('department'), value: (item) => item.department },
      { title: column('hired'), value: (item) => item.hiredOn, min: 10 },
      { title: column('lastDay'), value: (item) => item.lastDay, min: 10 },
      {
        title: column('reason'),
        value: (item) => (item.category === null ? null : t(`words.reason.${item.category}`)),
      },
      {
        title: column('state'),
        value: (item) => item.disputes.map(({ code }) => t(`words.dispute.${code}`)).join('; '),
      },
    ],
    person.employments,
  );
  output.heading(t('show.entries'));
  printTable(
    output,
    [
      { title: column('company'), value: (item) => text(item['company']), min: 4 },
      { title: column('verdict'), value: (item) => t(`words.verdict.${text(item['verdict'])}`) },
      { title: column('from'), value: (item) => text(item['fromDay'] ?? item['reviewOn']), min: 10 },
      { title: column('rule'), value: (item) => text(item['rule']) },
    ],
    person.entries,
  );
  output.heading(t('show.columns.items'));
  printTable(
    output,
    [
      { title: column('due'), value: (item) => text(item['dueOn']), min: 10 },
      { title: column('kind'), value: (item) => t(`words.followUpKind.${text(item['kind'])}`) },
      { title: column('state'), value: (item) => t(`words.followUpState.${text(item['state'])}`) },
      { title: column('id'), value: (item) => text(item['id']), min: 36 },
    ],
    person.followUps,
  );
  if (person.openCases.length > 0) {
    output.heading(t('show.openCases'));
    for (const item of person.openCases)
      output.line(`  enishi matches decide ${text(item['id'])} --same | --different`);
  }
  printTimeline(output, person.timeline, zoneOf(app.group));
}

/** One line for each event, its facts below it: a timeline is read from top to bottom. */
function printTimeline(output: Output, items: readonly TimelineItem[], zone: string): void {
  output.heading(output.t('show.timeline'));
  for (const item of items) {
    const number = item.company === null ? '' : `${item.company}/${item.employeeNumber ?? ''}`;
    const run = item.runId === null ? '' : `(${output.t('show.columns.run')} ${shortId(item.runId)})`;
    const head = [
      localTime(item.at, zone),
      number,
      output.bold(eventName(output, item.kind)),
      item.actor,
      run,
    ];
    output.line(`  ${head.filter((part) => part !== '').join('  ')}`);
    const facts = detail(output, item.data, zone).join(output.language === 'ja' ? '、' : ', ');
    if (facts !== '') output.line(`      ${printable(facts)}`);
  }
}

function eventName({ t }: Output, kind: string): string {
  const keys = [`words.event.${kind.replaceAll('.', '_')}`, `words.change.${kind}`];
  const known = keys.find((key) => t(key) !== key);
  return known === undefined ? kind : t(known);
}

/** What an event tells, named as people name it; addresses are masked. */
function detail(output: Output, data: Readonly<Record<string, unknown>>, zone: string): string[] {
  return Object.entries(data).flatMap(([key, value]) => {
    if (value === null || value === undefined || value === false || value === '') return [];
    if (Array.isArray(value)) {
      const texts = value.map(text).join(' ');
      return texts === '' ? [] : [`${fieldLabel(key, output.language)} ${texts}`];
    }
    if (isRecord(value)) {
      const inner = detail(output, value, zone);
      const isSide = key === 'before' || key === 'after';
      return isSide && inner.length > 0
        ? [`[${output.t(`show.columns.${key}`)}] ${inner[0] ?? ''}`, ...inner.slice(1)]
        : inner;
    }
    return [`${fieldLabel(key, output.language)} ${shownValue(value, zone)}`];
  });
}

function shownValue(value: unknown, zone: string): string {
  if (typeof value !== 'string') return text(value);
  if (value.includes('@')) return maskEmail(value);
  return /^\d{4}-\d{2}-\d{2}T/.test(value) ? localTime(value, zone) : value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Parts numbers that were wrongly taken for one person. */
export const personSplit = command(async (call, app) => {
  const { input, output } = call;
  const employments = input.texts('employment');
  const run = await app.get(MatchesService).split(input.argument('person'), employments, actor(call));
  output.line(output.t('show.split', { count: Math.max(1, employments.length) }));
  output.data(runResult(run));
  return EXIT.done;
});
