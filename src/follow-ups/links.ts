import { createHash, randomBytes } from 'node:crypto';
import type { FollowUpKind } from '../domain/follow-up.js';
import type { Sql } from '../platform/database/database.js';

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

/** Stores the links of a mail that is about to go; earlier ones of the same purpose end, but for the opt-out. */
export async function storeLinks(
  sql: Sql,
  followUpId: string,
  links: readonly NewLink[],
  at: string,
): Promise<void> {
  await sql.query(
    `update link_token set revoked_at = $2
     where follow_up_id = $1 and purpose <> 'opt_out' and revoked_at is null and used_at is null`,
    [followUpId, at],
  );
  await sql.query(
    `insert into link_token (token_hash, follow_up_id, purpose, created_at, expires_at)
     select l.token_hash, $1, l.purpose, $2, l.expires_at
     from unnest($3::text[], $4::text[], $5::timestamptz[]) as l(token_hash, purpose, expires_at)`,
    [
      followUpId,
      at,
      links.map((link) => link.tokenHash),
      links.map((link) => link.purpose),
      links.map((link) => link.expiresAt),
    ],
  );
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
