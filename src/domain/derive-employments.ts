import { absenceOf } from './absence.js';
import { isDeceased, judge } from './departure-judgement.js';
import type { DeriveContext, EmploymentState } from './departure.js';
import {
  compareNullableDays,
  factsOf,
  fold,
  lastingDisputes,
  spellFor,
  withoutContradictions,
  wordKey,
  type Spell,
} from './spell.js';
import { orderStatements, type Statement } from './statement.js';
import { isStated } from './stated.js';

/**
 * Folds all statements about one (company, employee number) into its spells, oldest first. The order of `statements`
 * does not matter and a repeated one changes nothing: they are folded in the order in which they became true, field by
 * field (what was said later wins among sources of the same authority, a higher authority always).
 */
export function deriveEmployments(
  company: string,
  employeeNumber: string,
  statements: readonly Statement[],
  context: DeriveContext,
): EmploymentState[] {
  const ordered = orderStatements(statements);
  // What is left out to fold is still shown where it is disputed.
  const said = new Map(ordered.map((statement) => [wordKey(statement), statement]));
  const spells: Spell[] = [];
  for (const statement of withoutContradictions(ordered)) {
    const spell = spellFor(spells, statement, context.zone);
    if (spell === null) continue;
    fold(spell, statement);
    judge(spell, statement, context);
  }
  spells.sort((a, b) => compareNullableDays(a.hiredOn, b.hiredOn));
  const absence = absenceOf(statements, (source) => context.confirmAbsenceAfter(source));
  return spells.map((spell, index): EmploymentState => {
    const facts = factsOf(spell);
    const isLast = index === spells.length - 1;
    const absent = isLast && spell.standing === null ? absence : { since: null, count: 0 };
    const disputes = [...lastingDisputes(spell, said), ...spell.disputes];
    if (!isLast && spell.standing === null && !isStated(facts.lastDay)) {
      disputes.push({ code: 'end_of_earlier_spell_unknown', values: { hiredOn: spell.hiredOn } });
    }
    return {
      company,
      employeeNumber,
      spell: index + 1,
      spellKey: spell.hiredOn ?? '',
      facts,
      departure: spell.standing,
      rescinded: spell.standing === null ? spell.rescinded : null,
      deceased: isDeceased(spell, facts, context),
      inScope: context.isInScope(facts),
      absentSince: absent.since,
      absentCount: absent.count,
      disputes,
    };
  });
}
