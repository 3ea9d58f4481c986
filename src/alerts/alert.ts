import type { ErrorDetail } from '../domain/app-error.js';

export const ALERT_KINDS = [
  'run_held',
  'source_silent',
  'uncertain_sends',
  'queue_stuck',
  'queue_lost',
  'tick_failed',
  'audit_broken',
  'audit_anchor',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Something that somebody should know. `data` holds ids, counts, days and names of settings; never a person. */
export interface NewAlert {
  readonly kind: AlertKind;
  /** What stands under one key is told once, until it is over and comes again. */
  readonly key: string;
  readonly data: Readonly<Record<string, ErrorDetail>>;
}

/** The code under which the texts of a kind are found. */
export function alertCode(kind: AlertKind): string {
  return `ALERT_${kind.toUpperCase()}`;
}
