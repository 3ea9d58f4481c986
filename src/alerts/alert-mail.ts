import { AppError } from '../domain/app-error.js';
import { anchorLine } from '../platform/audit/audit-anchors.js';
import { describeError } from '../platform/i18n/i18n.js';
import type { Language } from '../platform/i18n/locale.js';
import { alertCode, type NewAlert } from './alert.js';

/** An alert in words, for its reader's language. */
export function describeAlert(
  { kind, data }: Pick<NewAlert, 'kind' | 'data'>,
  language: Language,
): { readonly title: string; readonly remedy: string } {
  return describeError(new AppError(alertCode(kind), { details: data }), language);
}

export function alertMail(
  alert: Pick<NewAlert, 'kind' | 'data'>,
  raisedAt: string,
  language: Language,
): { readonly subject: string; readonly text: string } {
  const { title, remedy } = describeAlert(alert, language);
  const facts = Object.entries(alert.data).map(([name, value]) => `${name}: ${String(value ?? '–')}`);
  const { at, seq, hash } = alert.data;
  const isAnchor = typeof at === 'string' && typeof seq === 'number' && typeof hash === 'string';
  const lines = alert.kind === 'audit_anchor' && isAnchor ? [anchorLine({ at, seq, hash })] : facts;
  return {
    subject: `[Enishi] ${title}`,
    text: `${title}\n\n${remedy}\n\n${lines.join('\n')}\n${raisedAt}\n`,
  };
}
