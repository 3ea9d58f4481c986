import { describe, expect, it } from '@jest/globals';
import { addDays, isoDate, type IsoDate } from './calendar.js';
import {
  describeBecause,
  planFollowUps,
  type ExistingFollowUp,
  type FollowUpFacts,
  type FollowUpPlan,
} from './follow-up.js';
import type { FollowUpRule } from './follow-up-rules.js';

const TODAY = isoDate('2026-06-01');
const TEXT = { ja: '退職の1週間前', en: 'a week before' };
type Departure = NonNullable<FollowUpFacts['departure']>;

function rule(over: Partial<FollowUpRule> = {}): FollowUpRule {
  return {
    id: 'survey',
    kind: 'exit_survey',
    anchor: 'lastDay',
    offsetDays: -7,
    late: { withinDays: 21, act: 'now' },
    when: { needs: ['personal', 'work'] },
    text: TEXT,
    ...over,
  };
}

const INVITATION = rule({
  id: 'invitation',
  kind: 'invitation',
  offsetDays: 7,
  late: { withinDays: 60, act: 'now' },
  when: { needs: ['personal'] },
});

function leaving(over: Partial<Departure> = {}): Departure {
  return {
    lastDay: isoDate('2026-06-30'),
    announcedOn: null,
    category: 'career_change',
    voluntary: true,
    kind: 'leaving',
    ...over,
  };
}

function facts(over: Partial<FollowUpFacts> = {}): FollowUpFacts {
  return {
    departure: leaving(),
    verdict: 'eligible',
    today: TODAY,
    firstOfSource: false,
    address: { personal: true, work: true },
    optedOut: false,
    inScope: true,
    rehired: false,
    ...over,
  };
}

function follows(
  rules: FollowUpRule[],
  over: Partial<FollowUpFacts> = {},
  existing: ExistingFollowUp[] = [],
): FollowUpPlan {
  return planFollowUps({ history: { daysBefore: 90 }, rules }, facts(over), existing);
}

const had = (
  state: ExistingFollowUp['state'],
  dueOn: IsoDate,
  kind: ExistingFollowUp['kind'] = 'exit_survey',
  id = `${kind} ${state}`,
): ExistingFollowUp => ({ id, kind, state, dueOn });
/** Of an end so many days before today. */
const ended = (days: number): Partial<FollowUpFacts> => ({
  departure: leaving({ lastDay: addDays(TODAY, -days) }),
});
/** A survey whose day is so many days before today. */
const lateBy = (days: number): Partial<FollowUpFacts> => ended(days - 7);

describe('why something is not planned', () => {
  it.each<[string, Partial<FollowUpFacts>, string]>([
    ['the person asked for it', { optedOut: true }, 'opted_out'],
    ['the employment is out of scope', { inScope: false }, 'out_of_scope'],
    ['the person is back', { rehired: true }, 'rehired'],
    ['the verdict is not one of those asked for', { verdict: 'review' }, 'conditions'],
    ['nobody has decided a verdict', { verdict: null }, 'conditions'],
    ['it is history', { firstOfSource: true, ...ended(91) }, 'history'],
    ['it is too late', lateBy(22), 'too_late'],
  ])('is said: %s', (_title, over, because) => {
    const eligibleOnly = rule({ when: { needs: ['personal'], verdicts: { in: ['eligible'] } } });
    expect(follows([eligibleOnly], over)).toEqual({ ops: [], withheld: [{ kind: 'exit_survey', because }] });
  });

  it('is not said of what no rule asks for, nor of who stays', () => {
    expect(follows([INVITATION], { optedOut: true }).withheld).toEqual([
      { kind: 'invitation', because: 'opted_out' },
    ]);
    expect(follows([], { optedOut: true }).withheld).toEqual([]);
    expect(follows([rule()], { departure: null })).toEqual({ ops: [], withheld: [] });
  });

  it('what waits is cancelled where the rules do not ask for it any more', () => {
    const waits = had('planned', addDays(TODAY, 7));
    expect(follows([INVITATION], { optedOut: false }, [waits]).ops).toContainEqual({
      op: 'cancel',
      id: waits.id,
      because: 'conditions',
    });
  });

  it('is said of the kind that the rules name first for a purpose', () => {
    const card = rule({ id: 'card', kind: 'card', offsetDays: 7 });
    expect(follows([card, INVITATION], { optedOut: true }).withheld).toEqual([
      { kind: 'card', because: 'opted_out' },
    ]);
  });

  it('a verdict that nobody has decided counts as unknown', () => {
    const unknownOnly = rule({ when: { needs: ['personal'], verdicts: { in: ['unknown'] } } });
    expect(follows([unknownOnly], { verdict: null }).ops).toHaveLength(1);
    expect(follows([unknownOnly], { verdict: 'eligible' }).ops).toEqual([]);
  });

  it('a first import mails who left exactly as long ago as history begins', () => {
    const late = rule({ late: { withinDays: 90, act: 'now' }, offsetDays: 0 });
    expect(follows([late], { firstOfSource: true, ...ended(90) }).ops).toMatchObject([{ op: 'plan' }]);
    expect(follows([late], { firstOfSource: true, ...ended(91) }).ops).toEqual([]);
  });

  it.each([
    ['yes', true],
    ['no', false],
    ['unknown', null],
  ] as const)('whose wish it was: %s', (asked, voluntary) => {
    const one = rule({ when: { needs: ['personal'], voluntary: [asked] } });
    expect(follows([one], { departure: leaving({ voluntary }) }).ops).toHaveLength(1);
    for (const other of [true, false, null].filter((v) => v !== voluntary))
      expect(follows([one], { departure: leaving({ voluntary: other }) }).ops).toEqual([]);
  });

  it('a reason that is asked for, and one that is left out', () => {
    const only = rule({ when: { needs: ['personal'], categories: { in: ['career_change'] } } });
    const without = rule({ when: { needs: ['personal'], categories: { notIn: ['career_change'] } } });
    const family = { departure: leaving({ category: 'family' }) };
    expect([follows([only]).ops.length, follows([only], family).ops.length]).toEqual([1, 0]);
    expect([follows([without]).ops.length, follows([without], family).ops.length]).toEqual([0, 1]);
  });
});

describe('the first rule that fits', () => {
  const announced = rule({ id: 'announced', anchor: 'announcedOn', offsetDays: 3 });

  it('a day that nobody knows lets the next rule speak, and is the reason where there is none', () => {
    expect(follows([announced]).withheld).toEqual([{ kind: 'exit_survey', because: 'no_anchor' }]);
    expect(follows([announced, rule()]).ops).toMatchObject([{ op: 'plan', rule: 'survey' }]);
    const noOne = rule({ when: { needs: ['personal'], voluntary: ['no'] } });
    expect(follows([noOne, announced]).withheld[0]?.because).toBe('conditions');
    expect(follows([announced, noOne]).withheld[0]?.because).toBe('no_anchor');
  });

  it('a day that is known goes before the fallback', () => {
    const either = { ...announced, fallbackAnchor: { anchor: 'lastDay' as const, offsetDays: -14 } };
    const departure = leaving({ announcedOn: isoDate('2026-05-30') });
    expect(follows([either], { departure }).ops).toMatchObject([{ dueOn: '2026-06-02' }]);
    expect(follows([either]).ops).toMatchObject([{ dueOn: '2026-06-16' }]);
  });
});

describe('an address that reaches somebody', () => {
  const WORK_ONLY = { address: { personal: false, work: true } };
  const because = (one: FollowUpRule, over: Partial<FollowUpFacts>) =>
    follows([one], over).ops.map((op) => ('kind' in op ? `${op.kind} ${op.because}` : op.op));

  it('is a private one, or one of the company while they are there', () => {
    expect(because(rule(), { address: { personal: true, work: false } })).toEqual(['exit_survey rule']);
    expect(because(rule(), WORK_ONLY)).toEqual(['exit_survey rule']);
    expect(because(rule({ offsetDays: 0 }), WORK_ONLY)).toEqual(['exit_survey rule']);
    expect(because(rule({ offsetDays: 1 }), WORK_ONLY)).toEqual(['exit_survey no_address']);
    expect(because(rule(), { address: { personal: false, work: false } })).toEqual([
      'exit_survey no_address',
    ]);
  });

  it('what counts is the day on which the mail goes out: late, the mailbox may be dead', () => {
    expect(because(rule(), { ...WORK_ONLY, ...ended(0) })).toEqual(['exit_survey late']);
    expect(because(rule(), { ...WORK_ONLY, ...ended(1) })).toEqual(['exit_survey no_address']);
  });

  it('is only one that the rule takes', () => {
    const privately = rule({ when: { needs: ['personal'] } });
    expect(because(privately, WORK_ONLY)).toEqual(['exit_survey no_address']);
    const atWork = rule({ when: { needs: ['work'] } });
    expect(because(atWork, { address: { personal: true, work: false } })).toEqual(['exit_survey no_address']);
  });

  it('edge-cases/14: an invitation without one is printed; a card needs none', () => {
    expect(because(INVITATION, WORK_ONLY)).toEqual(['card card_instead']);
    const card = rule({ id: 'card', kind: 'card' });
    expect(because(card, { address: { personal: false, work: false } })).toEqual(['card rule']);
  });

  it('that comes or goes replaces the one intent by the other, and says why', () => {
    const due = isoDate('2026-07-07');
    expect(follows([INVITATION], WORK_ONLY, [had('planned', due, 'invitation')]).ops).toEqual([
      { op: 'cancel', id: 'invitation planned', because: 'card_instead' },
      { op: 'plan', kind: 'card', dueOn: due, because: 'card_instead', rule: 'invitation' },
    ]);
    expect(follows([INVITATION], {}, [had('queued', due, 'card')]).ops).toEqual([
      { op: 'cancel', id: 'card queued', because: 'address_found' },
      { op: 'plan', kind: 'invitation', dueOn: due, because: 'rule', rule: 'invitation' },
    ]);
  });
});

describe('the day something is due', () => {
  const dues = (over: Partial<FollowUpFacts>, existing: ExistingFollowUp[] = [], one = rule()) =>
    follows([one], over, existing).ops.map((op) =>
      'dueOn' in op ? `${op.op} ${op.dueOn} ${op.because}` : `${op.op} ${op.because}`,
    );

  it.each([
    [-1, ['plan 2026-06-02 rule']],
    [0, ['plan 2026-06-01 rule']],
    [1, ['plan 2026-06-01 late']],
    [21, ['plan 2026-06-01 late']],
    [22, []],
  ])('edge-cases/13: late by %s days, of 21 that it may be', (days, expected) => {
    expect(dues(lateBy(days))).toEqual(expected);
  });

  it('a rule that skips what is late plans only what is not', () => {
    const skips = rule({ late: { withinDays: 21, act: 'skip' } });
    expect(dues(lateBy(0), [], skips)).toEqual(['plan 2026-06-01 rule']);
    expect(dues(lateBy(1), [], skips)).toEqual([]);
    expect(follows([skips], lateBy(1)).withheld).toEqual([{ kind: 'exit_survey', because: 'too_late' }]);
  });

  it('edge-cases/11: moves with the last day, and says so', () => {
    const waits = had('queued', isoDate('2026-06-20'));
    expect(follows([rule()], {}, [waits]).ops).toEqual([
      { op: 'reschedule', id: waits.id, dueOn: '2026-06-23', because: 'date_moved', rule: 'survey' },
    ]);
    expect(dues({}, [had('planned', isoDate('2026-06-23'))])).toEqual([]);
  });

  it('what waited in time goes on waiting, however late it becomes', () => {
    expect(dues(lateBy(22), [had('planned', addDays(TODAY, -22))])).toEqual([]);
    expect(dues(lateBy(200), [had('queued', addDays(TODAY, -200))])).toEqual([]);
  });

  it('what was planned late, in time for its rule, goes on waiting as long as the rule allows', () => {
    const waits = had('planned', addDays(TODAY, -5));
    expect(dues(lateBy(21), [waits])).toEqual([]);
    expect(dues(lateBy(20), [waits])).toEqual([]);
  });

  it('a rule that skips what is late lets wait what was planned in time, not what was moved there', () => {
    const skips = rule({ late: { withinDays: 21, act: 'skip' } });
    expect(dues(lateBy(5), [had('planned', addDays(TODAY, -5))], skips)).toEqual([]);
    expect(dues(lateBy(5), [had('planned', addDays(TODAY, -6))], skips)).toEqual([]);
    expect(dues(lateBy(5), [had('planned', addDays(TODAY, -4))], skips)).toEqual(['cancel too_late']);
  });

  it('what was planned too late for the day as it is now is cancelled', () => {
    expect(dues(lateBy(30), [had('planned', addDays(TODAY, -9))])).toEqual([]);
    expect(dues(lateBy(30), [had('planned', addDays(TODAY, -8))])).toEqual(['cancel too_late']);
  });

  it('edge-cases/11: what is moved too far into the past is cancelled', () => {
    expect(dues(lateBy(22), [had('planned', isoDate('2026-06-23'))])).toEqual(['cancel too_late']);
    expect(dues(lateBy(21), [had('planned', isoDate('2026-06-23'))])).toEqual([
      'reschedule 2026-06-01 date_moved',
    ]);
  });

  it('what was due before its day moved is judged by the new day', () => {
    expect(dues(lateBy(21), [had('planned', addDays(TODAY, -22))])).toEqual([]);
    expect(dues(lateBy(22), [had('planned', addDays(TODAY, -23))])).toEqual(['cancel too_late']);
  });

  it('what had its turn is not planned again, and what waits beside it is cancelled', () => {
    for (const state of ['sent', 'uncertain', 'answered', 'undeliverable', 'expired'] as const) {
      expect(dues({}, [had(state, isoDate('2026-05-20'))])).toEqual([]);
      expect(dues({}, [had(state, isoDate('2026-05-20')), had('queued', isoDate('2026-06-23'))])).toEqual([
        'cancel date_moved',
      ]);
    }
    expect(dues({}, [had('cancelled', isoDate('2026-05-20'))])).toEqual(['plan 2026-06-23 rule']);
  });

  it('an invitation that was sent is no reason for a card, and the other way round', () => {
    const sent = [had('sent', isoDate('2026-05-20'), 'invitation')];
    expect(dues({ address: { personal: false, work: false } }, sent, INVITATION)).toEqual([]);
    expect(dues({}, [had('sent', isoDate('2026-05-20'), 'card')], INVITATION)).toEqual([]);
  });
});

describe('I12: corrections', () => {
  const SENT = had('sent', isoDate('2026-05-20'));
  const correction = (state: ExistingFollowUp['state'], dueOn = TODAY) => had(state, dueOn, 'correction');
  const ops = (existing: ExistingFollowUp[], over: Partial<FollowUpFacts> = { departure: null }) =>
    follows([rule()], over, existing).ops;
  const CORRECT = { op: 'correct', kind: 'correction', dueOn: TODAY, because: 'rescinded' };

  it('answer what may have reached somebody, and nothing else', () => {
    for (const state of ['sent', 'uncertain', 'answered'] as const)
      expect(ops([had(state, isoDate('2026-05-20'))])).toEqual([CORRECT]);
    for (const state of ['cancelled', 'undeliverable', 'expired'] as const)
      expect(ops([had(state, isoDate('2026-05-20'))])).toEqual([]);
  });

  it('go out once, however many mails there were', () => {
    expect(ops([SENT, had('answered', isoDate('2026-05-22'), 'exit_interview')])).toEqual([CORRECT]);
    expect(ops([SENT, correction('planned')])).toEqual([]);
    expect(ops([SENT, correction('queued')])).toEqual([]);
    expect(ops([SENT, correction('sent')])).toEqual([]);
  });

  it('one that went out answers what went before it, not what went after it', () => {
    const before = correction('sent', isoDate('2026-05-25'));
    expect(ops([SENT, before])).toEqual([]);
    expect(ops([had('sent', isoDate('2026-05-25')), before])).toEqual([]);
    expect(ops([had('sent', isoDate('2026-05-26')), before])).toEqual([CORRECT]);
    const latest = correction('sent', isoDate('2026-05-27'));
    expect(ops([had('sent', isoDate('2026-05-26')), before, { ...latest, id: 'second' }])).toEqual([]);
  });

  it('one that still waits answers whatever went out before it goes', () => {
    expect(ops([had('sent', isoDate('2026-05-26')), correction('planned', isoDate('2026-05-25'))])).toEqual(
      [],
    );
  });

  it('one that was cancelled has answered nothing', () => {
    expect(ops([SENT, correction('cancelled')])).toEqual([CORRECT]);
  });

  it('one that went out is itself no mail to correct', () => {
    expect(ops([correction('sent')])).toEqual([]);
  });

  it('are cancelled when the departure stands again, with the reason for which it does', () => {
    const waits = [SENT, correction('queued')];
    expect(ops(waits, {})).toEqual([{ op: 'cancel', id: 'correction queued', because: 'departure_stands' }]);
    for (const kind of ['move', 'continued', 'dismissal', 'death'] as const) {
      expect(ops(waits, { departure: leaving({ kind }) })).toEqual([
        { op: 'cancel', id: 'correction queued', because: `kind_${kind}` },
      ]);
    }
    expect(ops([SENT, correction('sent')], {})).toEqual([]);
  });

  it('go to nobody who asked not to be contacted', () => {
    expect(ops([SENT], { departure: null, optedOut: true })).toEqual([]);
    expect(ops([SENT, correction('planned')], { departure: null, optedOut: true })).toEqual([
      { op: 'cancel', id: 'correction planned', because: 'opted_out' },
    ]);
    expect(ops([SENT, correction('sent')], { departure: null, optedOut: true })).toEqual([]);
  });
});

describe(describeBecause, () => {
  const rules = [rule(), INVITATION];

  it('is the text of the rule where it is all there is to say', () => {
    expect(describeBecause({ code: 'rule', rule: 'survey' }, rules)).toEqual({
      code: 'rule',
      rule: 'survey',
      text: TEXT,
    });
  });

  it('adds what was special about the case', () => {
    const { text } = describeBecause({ code: 'late', rule: 'survey' }, rules);
    expect(text.ja).toMatch(/^退職の1週間前（.+）$/);
    expect(text.en).toMatch(/^a week before \(.+\)$/);
    expect(describeBecause({ code: 'date_moved', rule: 'survey' }, rules).text).not.toEqual(text);
  });

  it.each([null, 'a-rule-that-was-removed'])('says only that where the rule is not known: %j', (id) => {
    const found = describeBecause({ code: 'opted_out', rule: id }, rules);
    expect(found).toMatchObject({ code: 'opted_out', rule: id });
    expect(found.text.ja).not.toBe('');
    expect(found.text.en).not.toContain('week');
  });

  it('shows a code that this version does not know as it is', () => {
    expect(describeBecause({ code: 'moon_phase', rule: null }, rules).text).toEqual({
      ja: 'moon_phase',
      en: 'moon_phase',
    });
  });
});
