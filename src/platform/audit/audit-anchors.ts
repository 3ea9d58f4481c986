import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../../domain/app-error.js';
import type { AuditAnchor } from './audit-chain.js';

const anchorSchema = z.strictObject({
  at: z.iso.datetime(),
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Where a home keeps its anchors. */
export function anchorFile(home: string): string {
  return join(home, 'audit-anchors.jsonl');
}

/** One anchor as the line of the file and of the mail. */
export function anchorLine({ at, seq, hash }: AuditAnchor): string {
  return JSON.stringify({ at, seq, hash });
}

/**
 * The anchors of a file, the oldest first; none when there is no such file.
 * @throws AUDIT_ANCHORS_DAMAGED with the line
 */
export async function readAnchors(file: string): Promise<AuditAnchor[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = anchorSchema.safeParse(parseJson(line));
    if (parsed.success) return [parsed.data];
    throw new AppError('AUDIT_ANCHORS_DAMAGED', { details: { file, line: index + 1 } });
  });
}

/** Adds one anchor, on the disk when it returns. */
export async function appendAnchor(file: string, anchor: AuditAnchor): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.write(`${anchorLine(anchor)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
