import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../domain/app-error.js';

const TAG_BYTES = 16;

/** Seals the cursors of lists, so that a caller can only go on where it was, in the list that it was reading. */
@Injectable()
export class CursorsService {
  private readonly key: Buffer;

  constructor(secretKey: string) {
    this.key = Buffer.from(hkdfSync('sha256', secretKey, '', 'enishi.http.cursor', 32));
  }

  /** @param list what the list is of: its route, its filters and who reads it */
  seal(cursor: string, list: string): string {
    return `${Buffer.from(cursor).toString('base64url')}.${this.tag(cursor, list).toString('base64url')}`;
  }

  /** @throws CURSOR_INVALID for a cursor that was changed, or given for another list */
  open(sealed: string | undefined, list: string): string | null {
    if (sealed === undefined) return null;
    const [text, tag, ...rest] = sealed.split('.');
    if (text === undefined || tag === undefined || rest.length > 0) throw new AppError('CURSOR_INVALID');
    const cursor = Buffer.from(text, 'base64url').toString('utf8');
    const [given, right] = [Buffer.from(tag, 'base64url'), this.tag(cursor, list)];
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw new AppError('CURSOR_INVALID');
    return cursor;
  }

  private tag(cursor: string, list: string): Buffer {
    return createHmac('sha256', this.key)
      .update(JSON.stringify([cursor, list]))
      .digest()
      .subarray(0, TAG_BYTES);
  }
}
