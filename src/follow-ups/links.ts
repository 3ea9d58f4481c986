import { createHash, randomBytes } from 'node:crypto';
import type { FollowUpKind } from '../domain/follow-up.js';

export type LinkPurpose = 'survey' | 'invitation' | 'opt_out';

/** The path that a purpose lives under. */
export const LINK_PATHS = { survey: 's', invitation: 'i', opt_out: 'u' } as const satisfies Record<
  LinkPurpose,
  string
>;

/** An unsubscribe link has to work for as long as somebody may find the mail. */
const OPT_OUT_DAYS = 5 * 366;
const DAY_MS = 86_400_000;

export interface NewLink {
  readonly purpose: LinkPurpose;
  readonly tokenHash: string;
  readonly url: string;
  readonly expiresAt: string;
}

/** What is stored of a token; the token itself is in the mail alone. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** New links for one mail: 256 random bits each. Nothing is stored yet. */
export function newLinks(
  kind: FollowUpKind,
  publicUrl: string,
  nowMs: number,
  linkDays: number,
): readonly NewLink[] {
  const purpose = purposeOf(kind);
  const made = purpose === null ? [] : [make(purpose, publicUrl, nowMs + linkDays * DAY_MS)];
  return [...made, make('opt_out', publicUrl, nowMs + OPT_OUT_DAYS * DAY_MS)];
}

function purposeOf(kind: FollowUpKind): LinkPurpose | null {
  switch (kind) {
    case 'exit_survey':
    case 'exit_interview':
      return 'survey';
    case 'invitation':
    case 'reminder':
      return 'invitation';
    case 'correction':
    case 'card':
      return null;
  }
}

function make(purpose: LinkPurpose, publicUrl: string, expiresMs: number): NewLink {
  const token = randomBytes(32).toString('base64url');
  const url = `${publicUrl.replace(/\/+$/, '')}/${LINK_PATHS[purpose]}/${token}`;
  return { purpose, tokenHash: hashOfToken(token), url, expiresAt: new Date(expiresMs).toISOString() };
}
