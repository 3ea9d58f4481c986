import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runs } from '../../test/support/runs.js';
import { addDays, isoDate } from './calendar.js';
import type { IsoDate } from './calendar.js';
import type { ExistingFollowUp, FollowUpFacts, FollowUpOp } from './follow-up.js';
import { planFollowUps } from './follow-up.js';
import type { FollowUpRules } from './follow-up-rules.js';
import { followUpRulesSchema } from './follow-up-rules.js';

const SENDING = {
  brake: { perRun: 10, perHour: 10 },
  attempts: 3,
  retryDelaySecs: 1,
  leaseSecs: 60,
  reconcileAfterMinutes: 5,
  linkDays: 30,
  concurrency: 2,
};
const SENDER = { desk: { ja: '窓口', en: 'Desk' }, address: 'a@co.example' };
const TEXT = { ja: '規則', en: 'rule' };
const RAW = {
  sendAt: '09:00',
  history: { daysBefore: 90 },
  rules: [
    {
      id: 'interview',
      kind: 'exit_interview',
      anchor: 'announcedOn',
      offsetDays: 3,
      fallbackAnchor: { anchor: 'lastDay', offsetDays: -14 },
      late: { withinDays: 28, act: 'now' },
      when: { voluntary: ['yes', 'unknown'], categories: { notIn: ['retirement_age'] } },
      text: TEXT,
    },
    {
      id: 'survey',
      kind: 'exit_survey',
      anchor: 'lastDay',
      offsetDays: -7,
      late: { withinDays: 21, act: 'now' },
      text: TEXT,
    },
    {
      id: 'invitation',
      kind: 'invitation',
      anchor: 'lastDay',
      offsetDays: 7,
      late: { withinDays: 60, act: 'now' },
      when: { verdicts: { notIn: ['ineligible'] }, needs: ['personal'] },
      text: TEXT,
    },
  ],
  sending: SENDING,
  senders: { default: SENDER },
};
const RULES = followUpRulesSchema.parse(RAW);

type Departure = NonNullable<FollowUpFacts['departure']>;
const TODAY = isoDate('2026-06-01');

function leaving(over: Partial<Departure> = {}): Departure {
  return {
    lastDay: isoDate('2026-06-30'),
    announcedOn: isoDate('2026-05-29'),
    category: 'career_change',
    voluntary: true,
    kind: 'leaving',
    ...over,
  };
}

function factsOf(over: Partial<FollowUpFacts> = {}): FollowUpFacts {
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

let serial = 0;
/** What the store would hold after the ops; the clock does not move meanwhile. */
function apply(existing: readonly ExistingFollowUp[], ops: readonly FollowUpOp[]): ExistingFollowUp[] {
  const next = existing.map((e) => ({ ...e }));
  for (const op of ops) {
    if (op.op === 'plan' || op.op === 'correct') {
      next.push({ id: `f${(serial += 1)}`, kind: op.kind, state: 'planned', dueOn: op.dueOn });
      continue;
    }
    const target = next.find((e) => e.id === op.id);
    if (target === undefined) throw new Error('an op for a follow-up that is not there');
    Object.assign(
      target,
      op.op === 'cancel' ? { state: 'cancelled' } : { state: 'planned', dueOn: op.dueOn },
    );
  }
  return next;
}

const live = (all: readonly ExistingFollowUp[]) =>
  all
    .filter((e) => ['planned', 'queued', 'uncertain'].includes(e.state))
    .map((e) => `${e.kind} ${e.dueOn}`)
    .sort();

const planned = (facts: FollowUpFacts, rules: FollowUpRules = RULES) =>
  live(apply([], planFollowUps(rules, facts, []).ops));

describe('followUpRulesSchema', () => {
  it.each([
    ['two rules with one id', { rules: [RAW.rules[1], RAW.rules[1]] }],
    ['lateness beyond the history', { rules: [{ ...RAW.rules[2], late: { withinDays: 84, act: 'now' } }] }],
    [
      'a category that nobody leaves by',
      { rules: [{ ...RAW.rules[1], when: { categories: { in: ['boredom'] } } }] },
    ],
    ['an unknown kind', { rules: [{ ...RAW.rules[1], kind: 'hug' }] }],
    ['no default sender', { senders: { jp: SENDER } }],
    ['a time that no clock shows', { sendAt: '24:00' }],
    ['a misspelt key', { hystory: {} }],
  ])('refuses %s', (_title, over) => {
    expect(followUpRulesSchema.safeParse({ ...RAW, ...over }).success).toBe(false);
  });
});

describe('followUpRulesSchema, rule by rule', () => {
  const [, survey] = RAW.rules;
  const reads = (over: object) =>
    followUpRulesSchema.safeParse({ ...RAW, rules: [{ ...survey, ...over }] }).success;

  it.each<[string, object]>([
    ['verdicts that may be', { when: { verdicts: { in: ['eligible', 'review', 'ineligible', 'unknown'] } } }],
    ['verdicts that may not be', { when: { verdicts: { notIn: ['ineligible', 'unknown'] } } }],
    ['reasons that may be', { when: { categories: { in: ['career_change', 'family'] } } }],
    ['whose wish it was', { when: { voluntary: ['yes', 'no', 'unknown'] } }],
    ['both addresses', { when: { needs: ['personal', 'work'] } }],
    ['nothing when it is late', { late: { withinDays: 0, act: 'skip' } }],
    ['the longest lateness that the history allows', { late: { withinDays: 90, act: 'now' } }],
    ['a year before', { offsetDays: -366 }],
    ['an id of letters, digits and hyphens', { id: '1-exit-survey' }],
  ])('takes %s', (_title, over) => {
    expect(reads(over)).toBe(true);
  });

  it.each<[string, object]>([
    ['no verdicts at all', { when: { verdicts: { in: [] } } }],
    ['no reasons to leave out', { when: { categories: { notIn: [] } } }],
    ['both lists', { when: { verdicts: { in: ['eligible'], notIn: ['review'] } } }],
    ['nobody whose wish it was', { when: { voluntary: [] } }],
    ['no address', { when: { needs: [] } }],
    ['a verdict that does not exist', { when: { verdicts: { in: ['maybe'] } } }],
    ['a day before no day', { offsetDays: -367 }],
    ['a lateness below none', { late: { withinDays: -1, act: 'now' } }],
    ['a text in one language', { text: { ja: '規則' } }],
    ['an empty text', { text: { ja: '規則', en: '' } }],
    ['an id with a blank', { id: 'exit survey' }],
    ['an id that ends in more', { id: 'survey!' }],
    ['an id in capitals', { id: 'Survey' }],
    [
      'lateness that a fallback leads beyond the history',
      { fallbackAnchor: { anchor: 'lastDay', offsetDays: 70 } },
    ],
  ])('refuses %s', (_title, over) => {
    expect(reads(over)).toBe(false);
  });

  it('says where two rules have one id, and how late is too late', () => {
    const parsed = followUpRulesSchema.safeParse({
      ...RAW,
      rules: [survey, { ...survey, late: { withinDays: 91, act: 'now' } }],
    });
    const problems = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    expect(problems).toEqual([
      'rules.1.id: an id that no other rule has',
      'rules.1.late.withinDays: offsetDays + withinDays of at most history.daysBefore (90)',
    ]);
  });

  it('says what it wants instead', () => {
    const messages = (over: object) =>
      followUpRulesSchema.safeParse({ ...RAW, ...over }).error?.issues.map((issue) => issue.message);
    expect(messages({ sendAt: '9:00' })).toEqual(['a local time such as 09:00']);
    expect(messages({ senders: { jp: SENDER } })).toEqual(['an entry named default']);
    expect(messages({ rules: [{ ...survey, id: 'exit survey' }] })).toEqual(['an id of a-z, 0-9 and -']);
  });

  it('either address may carry what a rule says nothing about', () => {
    const [read] = followUpRulesSchema.parse({ ...RAW, rules: [survey] }).rules;
    expect(read?.when).toEqual({ needs: ['personal', 'work'] });
  });

  it('an earlier day makes no room for more lateness', () => {
    expect(reads({ offsetDays: -30, late: { withinDays: 91, act: 'now' } })).toBe(false);
  });

  it.each(['00:00', '09:05', '19:59', '23:59'])('%s is a time of the day', (sendAt) => {
    expect(followUpRulesSchema.safeParse({ ...RAW, sendAt }).success).toBe(true);
  });

  it.each(['9:00', '24:00', '12:60', '09:00:00', '009:00', 'T09:00'])('%s is none', (sendAt) => {
    expect(followUpRulesSchema.safeParse({ ...RAW, sendAt }).success).toBe(false);
  });
});

describe(planFollowUps, () => {
  it('plans each purpose once, on its own day', () => {
    expect(planned(factsOf())).toEqual([
      'exit_interview 2026-06-01',
      'exit_survey 2026-06-23',
      'invitation 2026-07-07',
    ]);
  });

  it('counts from the other anchor where no announcement is known', () => {
    expect(planned(factsOf({ departure: leaving({ announcedOn: null }) }))).toContain(
      'exit_interview 2026-06-16',
    );
  });

  it.each(['death', 'dismissal', 'move', 'continued'] as const)('edge-cases/21: nothing for %s', (kind) => {
    const plan = planFollowUps(RULES, factsOf({ departure: leaving({ kind }) }), []);
    expect(plan.ops).toEqual([]);
    expect(plan.withheld.map((w) => w.because)).toEqual([`kind_${kind}`, `kind_${kind}`, `kind_${kind}`]);
  });

  it('cancels what a death overtakes', () => {
    const existing = apply([], planFollowUps(RULES, factsOf(), []).ops);
    const { ops } = planFollowUps(RULES, factsOf({ departure: leaving({ kind: 'death' }) }), existing);
    expect(ops.map((op) => op.op)).toEqual(['cancel', 'cancel', 'cancel']);
  });

  it.each([
    [
      'ineligible: no invitation',
      { verdict: 'ineligible' },
      ['exit_interview 2026-06-01', 'exit_survey 2026-06-23'],
    ],
    [
      'review: invited all the same',
      { verdict: 'review' },
      ['exit_interview 2026-06-01', 'exit_survey 2026-06-23', 'invitation 2026-07-07'],
    ],
    [
      'not voluntary: no interview',
      { departure: leaving({ voluntary: false }) },
      ['exit_survey 2026-06-23', 'invitation 2026-07-07'],
    ],
    [
      'retirement: no interview',
      { departure: leaving({ category: 'retirement_age' }) },
      ['exit_survey 2026-06-23', 'invitation 2026-07-07'],
    ],
    ['opted out', { optedOut: true }, []],
    ['out of scope', { inScope: false }, []],
    ['rehired', { rehired: true }, []],
    ['no departure', { departure: null }, []],
  ] as const)('%s', (_title, over, expected) => {
    expect(planned(factsOf(over))).toEqual(expected);
  });

  it('edge-cases/14: no personal address makes the invitation a printed card', () => {
    expect(planned(factsOf({ address: { personal: false, work: true } }))).toContain('card 2026-07-07');
  });

  it('turns the card back into an invitation when an address becomes known', () => {
    const existing = apply(
      [],
      planFollowUps(RULES, factsOf({ address: { personal: false, work: true } }), []).ops,
    );
    const { ops } = planFollowUps(RULES, factsOf(), existing);
    expect(live(apply(existing, ops))).toContain('invitation 2026-07-07');
    expect(live(apply(existing, ops))).not.toContain('card 2026-07-07');
  });

  it('edge-cases/13: back-dated, mailbox dead: planned where it is seen, marked as unreachable', () => {
    const departure = leaving({ lastDay: isoDate('2026-05-27'), announcedOn: isoDate('2026-05-27') });
    const { ops } = planFollowUps(
      RULES,
      factsOf({ departure, address: { personal: false, work: true } }),
      [],
    );
    const survey = ops.find((op) => op.op === 'plan' && op.kind === 'exit_survey');
    expect(survey).toMatchObject({ dueOn: TODAY, because: 'no_address', rule: 'survey' });
  });

  it('edge-cases/11: 6/30 to 7/31 to 6/15 leaves one live intent for each purpose', () => {
    let existing: ExistingFollowUp[] = [];
    for (const day of ['2026-06-30', '2026-07-31', '2026-06-15']) {
      const departure = leaving({ lastDay: isoDate(day) });
      existing = apply(existing, planFollowUps(RULES, factsOf({ departure }), existing).ops);
    }
    expect(existing).toHaveLength(3);
    expect(live(existing)).toEqual([
      'exit_interview 2026-06-01',
      'exit_survey 2026-06-08',
      'invitation 2026-06-22',
    ]);
  });

  it('edge-cases/11: moved into the past it is due once, now', () => {
    const existing = apply([], planFollowUps(RULES, factsOf(), []).ops);
    const departure = leaving({ lastDay: isoDate('2026-05-20') });
    const after = apply(existing, planFollowUps(RULES, factsOf({ departure }), existing).ops);
    expect(live(after)).toEqual([
      'exit_interview 2026-06-01',
      'exit_survey 2026-06-01',
      'invitation 2026-06-01',
    ]);
  });

  it('edge-cases/09, I12: rescinded before anything was sent cancels all and corrects nothing', () => {
    const existing = apply([], planFollowUps(RULES, factsOf(), []).ops);
    const { ops } = planFollowUps(RULES, factsOf({ departure: null }), existing);
    expect(ops.map((op) => op.op)).toEqual(['cancel', 'cancel', 'cancel']);
  });

  it.each(['sent', 'answered', 'uncertain'] as const)(
    'I12: rescinded after a mail was %s gives one correction',
    (state) => {
      const existing: ExistingFollowUp[] = [
        { id: 'a', kind: 'exit_survey', state, dueOn: isoDate('2026-05-20') },
      ];
      const { ops } = planFollowUps(RULES, factsOf({ departure: null }), existing);
      expect(ops).toMatchObject([{ op: 'correct', kind: 'correction', dueOn: TODAY, because: 'rescinded' }]);
      expect(planFollowUps(RULES, factsOf({ departure: null }), apply(existing, ops)).ops).toEqual([]);
      const back = planFollowUps(RULES, factsOf(), apply(existing, ops)).ops;
      expect(back.filter((op) => op.op === 'cancel')).toHaveLength(1);
    },
  );

  it('plans anew what was cancelled, never what was sent', () => {
    const existing: ExistingFollowUp[] = [
      { id: 'a', kind: 'exit_survey', state: 'sent', dueOn: isoDate('2026-05-20') },
      { id: 'b', kind: 'invitation', state: 'cancelled', dueOn: isoDate('2026-07-07') },
      { id: 'c', kind: 'exit_interview', state: 'undeliverable', dueOn: isoDate('2026-05-20') },
    ];
    const { ops } = planFollowUps(RULES, factsOf(), existing);
    expect(ops).toMatchObject([{ op: 'plan', kind: 'invitation', dueOn: '2026-07-07' }]);
  });

  it('keeps an intent that waits past its day, whatever made it wait', () => {
    const existing = apply([], planFollowUps(RULES, factsOf(), []).ops);
    const { ops } = planFollowUps(RULES, factsOf({ today: isoDate('2027-01-01') }), existing);
    expect(ops).toEqual([]);
  });

  it('a first import is history for who left more than 90 days before', () => {
    const old = factsOf({
      firstOfSource: true,
      departure: leaving({ lastDay: addDays(TODAY, -91), announcedOn: null }),
    });
    expect(planFollowUps(RULES, old, [])).toMatchObject({
      ops: [],
      withheld: [{ because: 'history' }, { because: 'history' }, { because: 'history' }],
    });
    expect(
      planned(
        factsOf({
          firstOfSource: true,
          departure: leaving({ lastDay: addDays(TODAY, -60), announcedOn: null }),
        }),
      ),
    ).toEqual(['invitation 2026-06-01']);
  });

  it('a later import does not mail the history either', () => {
    const old = factsOf({ departure: leaving({ lastDay: addDays(TODAY, -91), announcedOn: null }) });
    expect(planFollowUps(RULES, old, []).ops).toEqual([]);
  });

  const day = fc.integer({ min: -200, max: 200 }).map((n) => addDays(TODAY, n));
  const anyFacts: fc.Arbitrary<FollowUpFacts> = fc.record({
    departure: fc.option(
      fc.record({
        lastDay: day,
        announcedOn: fc.option(day),
        category: fc.constantFrom('career_change' as const, 'retirement_age' as const),
        voluntary: fc.option(fc.boolean()),
        kind: fc.constantFrom(
          'leaving' as const,
          'leaving' as const,
          'death' as const,
          'dismissal' as const,
          'move' as const,
          'continued' as const,
        ),
      }),
    ),
    verdict: fc.constantFrom(
      'eligible' as const,
      'review' as const,
      'ineligible' as const,
      'unknown' as const,
      null,
    ),
    today: fc.constant<IsoDate>(TODAY),
    firstOfSource: fc.boolean(),
    address: fc.record({ personal: fc.boolean(), work: fc.boolean() }),
    optedOut: fc.boolean(),
    inScope: fc.boolean(),
    rehired: fc.boolean(),
  });
  const anyRules = fc
    .record({
      offset: fc.integer({ min: -30, max: 30 }),
      within: fc.integer({ min: 0, max: 60 }),
      act: fc.constantFrom('now' as const, 'skip' as const),
    })
    .map(({ offset, within, act }) => ({
      ...RULES,
      rules: RULES.rules.map((r) => ({ ...r, offsetDays: offset, late: { withinDays: within, act } })),
    }));
  const someExisting = fc.array(
    fc.record({
      id: fc.uuid(),
      kind: fc.constantFrom(
        'exit_survey' as const,
        'exit_interview' as const,
        'invitation' as const,
        'card' as const,
      ),
      state: fc.constantFrom(
        'planned' as const,
        'queued' as const,
        'sent' as const,
        'cancelled' as const,
        'undeliverable' as const,
        'uncertain' as const,
        'answered' as const,
      ),
      dueOn: day,
    }),
    { maxLength: 4 },
  );

  it('planning again after applying gives no ops', () => {
    fc.assert(
      fc.property(anyRules, anyFacts, someExisting, (rules, facts, existing) => {
        const after = apply(existing, planFollowUps(rules, facts, existing).ops);
        expect(planFollowUps(rules, facts, after).ops).toEqual([]);
      }),
      { numRuns: runs(2_000) },
    );
  });

  it('edge-cases/11: the way to the last date does not matter', () => {
    fc.assert(
      fc.property(anyRules, fc.array(anyFacts, { maxLength: 5 }), anyFacts, (rules, way, end) => {
        let existing: ExistingFollowUp[] = [];
        for (const facts of [...way, end])
          existing = apply(existing, planFollowUps(rules, facts, existing).ops);
        expect(live(existing)).toEqual(live(apply([], planFollowUps(rules, end, []).ops)));
      }),
      { numRuns: runs(2_000) },
    );
  });

  it('edge-cases/21: a death or a dismissal only ever cancels', () => {
    const barred = anyFacts.filter((f) => f.departure?.kind === 'death' || f.departure?.kind === 'dismissal');
    fc.assert(
      fc.property(anyRules, barred, someExisting, (rules, facts, existing) => {
        expect(planFollowUps(rules, facts, existing).ops.filter((op) => op.op !== 'cancel')).toEqual([]);
      }),
    );
  });

  it('edge-cases/12: nothing is due before its anchor plus offset, or before today', () => {
    fc.assert(
      fc.property(anyRules, anyFacts, (rules, facts) => {
        for (const op of planFollowUps(rules, facts, []).ops) {
          if (op.op !== 'plan' || facts.departure === null) throw new Error('only plans are expected here');
          const rule = rules.rules.find((r) => r.id === op.rule);
          const from = rule?.anchor === 'announcedOn' ? facts.departure.announcedOn : facts.departure.lastDay;
          const earliest =
            from === null
              ? addDays(facts.departure.lastDay, rule?.fallbackAnchor?.offsetDays ?? 0)
              : addDays(from, rule?.offsetDays ?? 0);
          expect(op.dueOn >= earliest && op.dueOn >= TODAY).toBe(true);
        }
      }),
    );
  });
});
