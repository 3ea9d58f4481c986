import { deriveEmployments } from '../../src/domain/derive-employments.js';
import type { ExistingFollowUp } from '../../src/domain/follow-up.js';
import type {
  Component,
  ComponentPlan,
  Effects,
  EmploymentEffect,
  PlanContext,
  StoredCase,
  StoredEntry,
} from '../../src/domain/plan.js';
import { canonical } from '../../src/domain/plan.js';
import { planComponent } from '../../src/domain/plan-component.js';
import type { Statement } from '../../src/domain/statement.js';
import { aStatement, deriveContext, planContext, type Facts } from './people.js';
import { isStated } from '../../src/domain/stated.js';

/** One thing that one source says. */
export interface Said {
  readonly company: string;
  readonly number: string;
  readonly asOf: string;
  readonly facts: Facts;
  readonly source?: string;
  readonly absent?: boolean;
}

type FollowUpRow = ExistingFollowUp & { readonly employmentId: string };

/**
 * The registry in memory: takes what sources say one after the other, plans, and applies what was planned, as the
 * corridor does with a database. All of it is one component.
 */
export class PeopleWorld {
  readonly context: PlanContext;
  readonly plans: ComponentPlan[] = [];
  readonly optedOut = new Set<string>();
  private readonly observations = new Map<string, Statement[]>();
  private readonly employments = new Map<string, EmploymentEffect>();
  private readonly entries = new Map<string, StoredEntry>();
  private readonly cases = new Map<string, StoredCase>();
  private followUps: FollowUpRow[] = [];

  constructor(today: string, firstOfSource = false) {
    this.context = planContext(today, firstOfSource);
  }

  /** Records and decides; what only repeats the source's latest word is confirmed and not decided again. */
  say(...all: readonly Said[]): this {
    for (const said of all) {
      const statement = aStatement(said.asOf, said.facts, {
        source: `${said.source ?? 'hr'}`,
        absent: said.absent ?? false,
      });
      if (!this.confirm(`${said.company}/${said.number}`, statement)) this.settle();
    }
    return this;
  }

  /** The run that told of these numbers (`company/number`) is reverted: nothing states them any more. */
  forget(...keys: readonly string[]): ComponentPlan {
    for (const key of keys) this.observations.delete(key);
    return this.settle();
  }

  /** Plans anew from everything that is recorded and applies it. */
  settle(): ComponentPlan {
    const plan = this.plan();
    this.plans.push(plan);
    this.apply(plan.effects);
    return plan;
  }

  plan(): ComponentPlan {
    return planComponent(this.component(), this.context);
  }

  /** A follow-up that has gone out. */
  send(kind: string): void {
    this.followUps = this.followUps.map((f) =>
      f.kind === kind && f.state === 'planned' ? { ...f, state: 'sent' } : f,
    );
  }

  decide(a: string, b: string, same: boolean): ComponentPlan {
    const ids = [a, b].map((key) => [...this.employments.values()].find((e) => keyOf(e) === key)?.id ?? '');
    const [one = '', other = ''] = ids.sort();
    this.cases.set(`${one} ${other}`, {
      a: one,
      b: other,
      state: same ? 'same' : 'different',
      score: 0,
      evidence: [],
    });
    return this.settle();
  }

  optOut(key: string): ComponentPlan {
    const person = this.standing().find((e) => keyOf(e) === key)?.personId;
    if (person !== undefined) this.optedOut.add(person);
    return this.settle();
  }

  /** Everything that must be equal whatever happened on the way; no ids. */
  view(): unknown {
    const names = new Map(this.standing().map((e) => [e.id, keyOf(e)]));
    const people = new Map<string, string[]>();
    for (const e of this.standing()) people.set(e.personId, [...(people.get(e.personId) ?? []), keyOf(e)]);
    return {
      employments: this.standing()
        .map(({ facts, departure, disputes, inScope, absentSince, ...e }) => {
          const standing = departure?.state === 'standing' ? departure : null;
          return [
            keyOf(e),
            e.spellKey,
            canonical(facts),
            canonical(standing),
            canonical(disputes),
            inScope,
            absentSince,
          ];
        })
        .sort(),
      people: [...people.values()].map((keys) => keys.sort().join(' ')).sort(),
      entries: [...this.entries.values()]
        .map(
          (e) =>
            `${(people.get(e.personId) ?? ['nobody']).join(' ')}: ${e.company} ${names.get(e.employmentId) ?? '?'} ${canonical(e.verdict)}`,
        )
        .sort(),
      cases: [...this.cases.values()]
        .filter((c) => c.state === 'open')
        .map((c) => `${[names.get(c.a) ?? '?', names.get(c.b) ?? '?'].sort().join(' ~ ')} ${c.score}`)
        .sort(),
      followUps: this.live(),
    };
  }

  /** Live intents as `number/spell kind day`, sorted. */
  live(): string[] {
    const names = new Map([...this.employments.values()].map((e) => [e.id, keyOf(e)]));
    return this.followUps
      .filter((f) => f.state === 'planned' || f.state === 'queued')
      .map((f) => `${names.get(f.employmentId) ?? '?'} ${f.kind} ${f.dueOn}`)
      .sort();
  }

  /** Every intent there ever was, as `kind state`. */
  intents(): string[] {
    return this.followUps.map((f) => `${f.kind} ${f.state}`).sort();
  }

  people(): string[][] {
    const people = new Map<string, string[]>();
    for (const e of this.standing())
      people.set(e.personId, [...(people.get(e.personId) ?? []), keyOf(e)].sort());
    return [...people.values()].sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
  }

  openCases(): number {
    return [...this.cases.values()].filter((c) => c.state === 'open').length;
  }

  verdicts(): Record<string, string> {
    const names = new Map(this.standing().map((e) => [e.id, keyOf(e)]));
    const verdicts = [...this.entries.values()].map((e): [string, string] => {
      return [names.get(e.employmentId) ?? '?', e.verdict.verdict];
    });
    return Object.fromEntries<string>(verdicts.sort());
  }

  private standing(): EmploymentEffect[] {
    return [...this.employments.values()].filter((e) => !e.withdrawn);
  }

  private component(): Component {
    return {
      derived: [...this.observations].flatMap(([key, statements]) => {
        const [company = '', number = ''] = key.split('/');
        return deriveEmployments(company, number, statements, deriveContext(company));
      }),
      stored: [...this.employments.values()],
      cases: [...this.cases.values()],
      entries: [...this.entries.values()],
      followUps: this.followUps,
      optedOut: this.optedOut,
    };
  }

  /** The diff of the intake: true when the statement is the source's latest word about the number already. */
  private confirm(key: string, statement: Statement): boolean {
    const known = this.observations.get(key) ?? [];
    this.observations.set(key, known);
    const own = known.filter((s) => s.source === statement.source);
    const same = own.find((s) => !s.absent && s.contentHash === statement.contentHash && isLatest(s, own));
    if (!statement.absent && same !== undefined && same.asOfAt <= statement.asOfAt) {
      const confirmedAt = same.confirmedAt > statement.confirmedAt ? same.confirmedAt : statement.confirmedAt;
      known.splice(known.indexOf(same), 1, { ...same, confirmedAt });
      return true;
    }
    const isKnown = own.some(
      (s) =>
        s.asOfAt === statement.asOfAt &&
        s.contentHash === statement.contentHash &&
        s.absent === statement.absent,
    );
    if (!isKnown) known.push(statement);
    return false;
  }

  private apply(effects: Effects): void {
    for (const e of effects.employments) {
      const before = this.employments.get(e.id);
      this.employments.set(e.id, { ...e, departure: e.departure ?? before?.departure ?? null });
    }
    for (const { personId, company, employmentId, verdict } of effects.entries) {
      if (employmentId === null || verdict === null) this.entries.delete(`${personId} ${company}`);
      else this.entries.set(`${personId} ${company}`, { personId, company, employmentId, verdict });
    }
    for (const { from, to } of effects.optOuts) if (this.optedOut.has(from)) this.optedOut.add(to);
    for (const c of effects.cases) {
      const before = this.cases.get(`${c.a} ${c.b}`);
      if (before === undefined || before.state === 'open' || before.state === 'closed') {
        this.cases.set(`${c.a} ${c.b}`, c);
      }
    }
    for (const op of effects.followUps) this.applyOp(op);
  }

  private applyOp(op: Effects['followUps'][number]): void {
    if (op.op === 'plan' || op.op === 'correct') {
      const { kind, dueOn, employmentId } = op;
      this.followUps.push({ id: this.context.newId(), kind, dueOn, employmentId, state: 'planned' });
      return;
    }
    this.followUps = this.followUps.map((f) => {
      if (f.id !== op.id) return f;
      return op.op === 'cancel' ? { ...f, state: 'cancelled' } : { ...f, dueOn: op.dueOn };
    });
  }
}

function isLatest(one: Statement, all: readonly Statement[]): boolean {
  return all.every((s) => {
    if (s === one || s.confirmedAt < one.confirmedAt) return true;
    if (s.absent ? s.asOfAt > one.confirmedAt : s.confirmedAt > one.confirmedAt) return false;
    return (
      s.absent ||
      ((s.facts.hiredOn ?? '') !== (one.facts.hiredOn ?? '') &&
        isStated(s.facts.hiredOn) &&
        isStated(one.facts.hiredOn))
    );
  });
}

function keyOf(e: { company: string; employeeNumber: string; spell: number }): string {
  return `${e.company}/${e.employeeNumber}/${e.spell}`;
}
