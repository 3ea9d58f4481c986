import type { RejectionReason } from '../../domain/observation.js';
import type { RejectionItem } from '../../intake/rejections.service.js';
import { describeRejection } from '../../platform/i18n/i18n.js';
import type { Language } from '../../platform/i18n/locale.js';
import { fit, printable, type Output } from '../output.js';

const EXPECTED_WIDTH = 160;

/** For each reason: row and column, what is wrong, what was found (masked) and expected, how to mend it. */
export function printRejections(output: Output, items: readonly RejectionItem[]): void {
  const { t, language } = output;
  if (items.length === 0) output.line(`  ${t('cli.nothing')}`);
  for (const { rowNo, reasons } of items) {
    for (const reason of reasons) {
      const { column, field, title, found, expected, remedy } = describeRejection(reason, language);
      const place = [t('cli.error.row', { row: rowNo }), column ?? field]
        .filter((part) => part !== null)
        .join(', ');
      const stated = found === null ? '' : ` [${printable(found)}]`;
      output.line(`  ${output.bold(printable(place))}  ${printable(title)}${stated}`);
      if (expected !== undefined)
        output.line(`      ${t('cli.error.expected')}: ${fit(printable(expected), EXPECTED_WIDTH)}`);
      output.line(`      ${t('cli.error.remedy')}: ${printable(remedy)}`);
    }
  }
}

/** One reason as a sentence, for the column beside the rejected row in a download. */
export function explainRejection(language: Language): (reason: RejectionReason) => string {
  return (reason) => {
    const { column, field, title, expected, remedy } = describeRejection(reason, language);
    const place = column ?? field;
    return [place, title, expected, remedy].filter((part) => part !== null && part !== undefined).join(' | ');
  };
}

/** The items as `--json` gives them. */
export function rejectionResult(items: readonly RejectionItem[], language: Language) {
  return items.map(({ runId, rowNo, reasons, mended }) => ({
    run: runId,
    row: rowNo,
    mended,
    reasons: reasons.map((reason) => describeRejection(reason, language)),
  }));
}
