import { describeBecause } from '../../domain/follow-up.js';
import type { PlanLine } from '../../intake/runs.queries.js';
import { fieldLabel } from '../../platform/i18n/i18n.js';
import type { Output } from '../output.js';
import { pickText } from '../words.js';

/** The side of a line that tells about the person: what comes, or what was when nothing is left. */
export const sideOf = (line: PlanLine) => line.after ?? line.before;

export function reasonText(output: Output, line: PlanLine): string | null {
  const { category = null, kind = null } = sideOf(line) ?? {};
  if (kind === 'move' || kind === 'continued') return output.t(`words.departureKind.${kind}`);
  return category === null ? null : output.t(`words.reason.${category}`);
}

/** Why nobody writes; HR reads the plain reason, which no letter and no recruiter ever sees. */
export function withheldText(output: Output, because: string): string {
  const key = `words.withheld.${because}`;
  const own = output.t(key);
  return own === key
    ? pickText(describeBecause({ code: because, rule: null }, []).text, output.language)
    : own;
}

/** What is planned for one person; nothing planned is told with its reason. */
export function followUpsText(output: Output, line: PlanLine): string {
  const { t, language } = output;
  const planned = line.followUps.map((item) => {
    const day = item.dueOn === null ? '' : ` ${item.dueOn.slice(5)}`;
    const op = item.op === 'cancel' ? ` ${t('words.followUpState.cancelled')}` : '';
    return `${t(`words.followUpShort.${item.kind}`)}${day}${op}`;
  });
  if (planned.length > 0) return planned.join(language === 'ja' ? '、' : ', ');
  const because = line.withheld[0]?.because;
  return because === undefined ? '' : withheldText(output, because);
}

/** What contradicts itself, which fields changed, what is planned: the first of these that there is to say. */
export function changeText(output: Output, line: PlanLine): string {
  const separator = output.language === 'ja' ? '、' : ', ';
  const disputes = (line.after?.disputes ?? []).map((code) => output.t(`words.dispute.${code}`));
  if (disputes.length > 0) return disputes.join(separator);
  const fields = line.changedFields.map((field) => fieldLabel(field, output.language)).join(separator);
  const followUps = line.followUps.length > 0 || line.kind !== 'amended' ? followUpsText(output, line) : '';
  return [fields, followUps].filter((part) => part !== '').join(' → ');
}
