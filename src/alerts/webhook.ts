import { AppError } from '../domain/app-error.js';
import { ServiceClient } from '../platform/http-out/service-client.js';
import type { WebhookTarget } from './alerts-config.js';

/** `gone`: the receiver wants no more of these (410). `failed`: try again, not before `retryAfterSecs`. */
export type WebhookOutcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'gone'; readonly code: string }
  | { readonly outcome: 'failed'; readonly code: string; readonly retryAfterSecs: number };

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * Posts one signed event. It goes to its own host, through no proxy, and follows no redirect; nothing of the answer but
 * its status is used.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read 2026-11-22)
 */
export async function postWebhook(
  { url, signer, allowPrivate }: WebhookTarget,
  id: string,
  body: string,
  nowMs: number,
): Promise<WebhookOutcome> {
  const client = new ServiceClient({
    base: url,
    privateHosts: allowPrivate ? [url.hostname] : [],
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    now: () => nowMs,
  });
  try {
    const { status, retryAfterSecs } = await client.send({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
        'webhook-signature': signer.sign(id, new Date(nowMs), body),
      },
      body,
    });
    if (status >= 200 && status < 300) return { outcome: 'accepted' };
    const code = `HTTP_${status}`;
    return status === 410 ? { outcome: 'gone', code } : { outcome: 'failed', code, retryAfterSecs };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { reason } = error.details;
    const code = typeof reason === 'string' ? reason : error.code;
    return { outcome: 'failed', code, retryAfterSecs: 0 };
  } finally {
    client.close();
  }
}
