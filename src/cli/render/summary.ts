import type { Output } from '../output.js';
import { groupWithheld, plannedByKind } from './follow-ups.js';
import { countComing } from './leavers.js';
import { withheldText } from './plan-text.js';
import type { Story } from './story.js';

export interface SummaryFacts {
  readonly sent: number;
  readonly accepted: number;
  /** The cut file was held. */
  readonly isHeld: boolean;
}

/** The whole demo in six lines. */
export function printSummary(output: Output, story: Story, { sent, accepted, isHeld }: SummaryFacts): void {
  const { t, language } = output;
  const planned = new Map(plannedByKind(story.lines).map(({ kind, count }) => [kind, count]));
  const withheld = groupWithheld(story).filter(({ because }) => because !== 'conditions');
  const reasons = withheld.map(({ because, count }) => `${withheldText(output, because)} ${String(count)}`);
  const say = (key: string, values: Record<string, string | number>): void => {
    output.line(`  ${t(`demo.${key}`, values)}`);
  };
  output.heading(t('demo.summary'));
  say('summaryLeavers', { count: story.changes.new_leaver, coming: countComing(story) });
  say('summaryMail', {
    interviews: planned.get('exit_interview') ?? 0,
    surveys: planned.get('exit_survey') ?? 0,
    invitations: planned.get('invitation') ?? 0,
    cards: planned.get('card') ?? 0,
    sent,
  });
  say('summaryWithheld', {
    count: withheld.reduce((sum, { count }) => sum + count, 0),
    reasons: reasons.join(language === 'ja' ? '、' : ', '),
  });
  say('summaryVerdicts', { ...story.verdicts });
  say('summaryRejected', { rejected: story.rowsRejected, accepted });
  if (isHeld) say('summaryHeld', {});
}
