import { hash, randomFillSync } from 'node:crypto';
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
  return hash('sha256', token, 'hex');
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
  const token = randomToken();
  const url = `${publicUrl.replace(/\/+$/, '')}/${LINK_PATHS[purpose]}/${token}`;
  return { purpose, tokenHash: hashOfToken(token), url, expiresAt: new Date(expiresMs).toISOString() };
}

const TOKEN_BYTES = 32;
const pool = Buffer.alloc(64 * TOKEN_BYTES);
let unusedFrom = pool.length;

/** Never the same bytes twice; what was handed out is not kept. The generator is asked for many tokens at once. */
function randomToken(): string {
  if (unusedFrom === pool.length) {
    randomFillSync(pool);
    unusedFrom = 0;
  }
  const bytes = pool.subarray(unusedFrom, unusedFrom + TOKEN_BYTES);
  unusedFrom += TOKEN_BYTES;
  const token = bytes.toString('base64url');
  bytes.fill(0);
  return token;
}
