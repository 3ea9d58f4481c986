import { describe, expect, it } from '@jest/globals';
import { anEmployment, HANAKO, planContext, type Facts } from '../../test/support/people.js';
import { isoDate } from './calendar.js';
import type { DepartureFacts, EmploymentState } from './departure.js';
import type { Verdict } from './eligibility.js';
import type { ExistingFollowUp, FollowUpOp } from './follow-up.js';
import type { ClassifiedEmployment } from './person.js';
import type { StoredEmployment } from './plan.js';
import { followUpsOf, followUpsOfOrphan } from './plan-follow-ups.js';

const CONTEXT = planContext('2026-06-01');
const ALIVE = { deceased: false, optedOut: false };
const DEAD = { deceased: true, optedOut: false };
const DISPUTES = [{ code: 'reason_contradicts_itself', values: {} }] as const;

function followUp(
  id: string,
  state: ExistingFollowUp['state'],
  kind: ExistingFollowUp['kind'] = 'exit_survey',
) {
  return { id, kind, state, dueOn: isoDate('2026-06-23') };
}

/** One of each state. */
const EACH = (
  ['planned', 'queued', 'sent', 'uncertain', 'answered', 'cancelled', 'undeliverable', 'expired'] as const
).map((state) => followUp(state, state));

function leaver(facts: Facts = {}, disputes: EmploymentState['disputes'] = []): ClassifiedEmployment {
  const state = { ...anEmployment('jp', '1', { ...HANAKO, ...facts }, { lastDay: '2026-06-30' }), disputes };
  return { state, departure: state.departure, isEmployed: false, goesOnElsewhere: false, isReturn: false };
}

const staying = (disputes: EmploymentState['disputes'] = []): ClassifiedEmployment => ({
  ...leaver({}, disputes),
  departure: null,
});

const verdict = (word: Verdict['verdict']) => ({ verdict: word }) as Verdict;
const kinds = (ops: readonly FollowUpOp[]) =>
  ops.map((op) => ('kind' in op ? op.kind : `${op.op} ${op.id}`)).sort();
const cancels = (because: string, ids: readonly string[]) => ids.map((id) => ({ op: 'cancel', id, because }));

describe(followUpsOf, () => {
  it('a leaver is followed up as the rules say', () => {
    const { ops, withheld } = followUpsOf(leaver(), verdict('eligible'), ALIVE, [], CONTEXT);
    expect(kinds(ops)).toEqual(['exit_interview', 'exit_survey', 'invitation']);
    expect(withheld).toEqual([]);
  });

  it('who is not to come back is not invited', () => {
    const { ops } = followUpsOf(leaver(), verdict('ineligible'), ALIVE, [], CONTEXT);
    expect(kinds(ops)).toEqual(['exit_interview', 'exit_survey']);
  });

  it('edge-cases/14: without any address the invitation is printed, and the rest waits for somebody', () => {
    const { ops } = followUpsOf(leaver({ personalEmail: null, workEmail: null }), null, ALIVE, [], CONTEXT);
    expect(kinds(ops)).toEqual(['card', 'exit_interview', 'exit_survey']);
    const survey = ops.find((op) => op.op === 'plan' && op.kind === 'exit_survey');
    expect(survey).toMatchObject({ because: 'no_address' });
    const byWork = followUpsOf(leaver({ personalEmail: null }), null, ALIVE, [], CONTEXT).ops;
    expect(byWork.find((op) => op.op === 'plan' && op.kind === 'exit_survey')).toMatchObject({
      because: 'rule',
    });
  });

  it('who asked not to be contacted, is out of scope, or goes on elsewhere is not', () => {
    const now = leaver();
    const all = [
      followUpsOf(now, null, { deceased: false, optedOut: true }, [], CONTEXT),
      followUpsOf({ ...now, state: { ...now.state, inScope: false } }, null, ALIVE, [], CONTEXT),
      followUpsOf({ ...now, goesOnElsewhere: true }, null, ALIVE, [], CONTEXT),
    ];
    expect(all.map(({ ops }) => ops)).toEqual([[], [], []]);
    expect(all.map(({ withheld }) => withheld[0]?.because)).toEqual(['opted_out', 'out_of_scope', 'rehired']);
  });

  it('the history of a source is nobody to mail', () => {
    const old = leaver();
    const departure = { ...(old.departure as DepartureFacts), lastDay: isoDate('2020-03-31') };
    const { withheld } = followUpsOf({ ...old, departure }, null, ALIVE, [], planContext('2026-06-01', true));
    expect(new Set(withheld.map((w) => w.because))).toEqual(new Set(['history']));
  });

  it('while anything is disputed all that waits is cancelled, and nothing else is done', () => {
    const { ops, withheld } = followUpsOf(leaver({}, DISPUTES), verdict('eligible'), ALIVE, EACH, CONTEXT);
    expect(ops).toEqual(cancels('disputed', ['planned', 'queued']));
    expect(withheld).toEqual([{ kind: 'all', because: 'disputed' }]);
    expect(followUpsOf(staying(DISPUTES), null, ALIVE, EACH, CONTEXT)).toEqual({
      ops: cancels('disputed', ['planned', 'queued']),
      withheld: [],
    });
  });

  it.each<[string, ClassifiedEmployment]>([
    ['whose departure stands', leaver()],
    ['whose departure is disputed', leaver({}, DISPUTES)],
    ['without a departure', staying()],
    ['without a departure, and disputed', staying(DISPUTES)],
  ])('edge-cases/21: after the death of somebody %s nobody is contacted, nor corrected', (_title, now) => {
    const { ops } = followUpsOf(now, verdict('ineligible'), DEAD, EACH, CONTEXT);
    expect(ops).toEqual(cancels('kind_death', ['planned', 'queued']));
    expect(followUpsOf(now, null, DEAD, [], CONTEXT).ops).toEqual([]);
  });

  it('edge-cases/21: a death withholds by its own name', () => {
    const { withheld } = followUpsOf(leaver(), null, DEAD, [], CONTEXT);
    expect(new Set(withheld.map((w) => w.because))).toEqual(new Set(['kind_death']));
    expect(followUpsOf(staying(), null, DEAD, [], CONTEXT).withheld).toEqual([]);
  });

  it('I12: a departure that is taken back cancels what waits and corrects what went out', () => {
    const { ops } = followUpsOf(staying(), null, ALIVE, EACH, CONTEXT);
    expect(kinds(ops)).toEqual(['cancel planned', 'cancel queued', 'correction']);
  });
});

describe(followUpsOfOrphan, () => {
  const { state } = leaver();
  const ORPHAN = {
    ...state,
    id: 'e1',
    personId: 'p1',
    withdrawn: false,
    departure: null,
  } as StoredEmployment;

  it('cancels what waits, and says that the run was reverted', () => {
    const waits = [followUp('planned', 'planned'), followUp('queued', 'queued', 'invitation')];
    expect(followUpsOfOrphan(ORPHAN, false, waits, CONTEXT)).toEqual(
      cancels('run_reverted', ['planned', 'queued']),
    );
  });

  it('I12: corrects what went out, today', () => {
    const sent = [followUp('sent', 'sent'), followUp('planned', 'planned', 'invitation')];
    expect(followUpsOfOrphan(ORPHAN, false, sent, CONTEXT)).toEqual([
      ...cancels('run_reverted', ['planned']),
      { op: 'correct', kind: 'correction', dueOn: '2026-06-01', because: 'rescinded' },
    ]);
  });

  it('a correction that waits goes out all the same', () => {
    const waits = [followUp('sent', 'sent'), followUp('correction', 'planned', 'correction')];
    expect(followUpsOfOrphan(ORPHAN, false, waits, CONTEXT)).toEqual([]);
  });

  it('edge-cases/21: nobody is corrected after a death or who asked not to be contacted', () => {
    expect(followUpsOfOrphan(ORPHAN, true, EACH, CONTEXT)).toEqual(
      cancels('run_reverted', ['planned', 'queued']),
    );
  });

  it('nothing went out and nothing waits: nothing to do', () => {
    expect(followUpsOfOrphan(ORPHAN, false, [], CONTEXT)).toEqual([]);
  });
});
