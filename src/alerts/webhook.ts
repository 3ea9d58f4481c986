import axios from 'axios';
import { AppError } from '../domain/app-error.js';
import { resolveHost } from '../platform/http-out/public-address.js';
import type { WebhookTarget } from './alerts-config.js';

/** `gone`: the receiver wants no more of these (410). `failed`: try again, not before `retryAfterSecs`. */
export type WebhookOutcome =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'gone'; readonly code: string }
  | { readonly outcome: 'failed'; readonly code: string; readonly retryAfterSecs: number };

const TIMEOUT_MS = 15_000;

/**
 * Posts one signed event. The connection goes to the address that was looked at, through no proxy, and follows no
 * redirect; nothing of the answer but its status is used.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read 2026-11-22)
 */
export async function postWebhook(
  { url, signer, allowPrivate }: WebhookTarget,
  id: string,
  body: string,
  nowMs: number,
): Promise<WebhookOutcome> {
  try {
    const { address, family } = await resolveHost(url.hostname, allowPrivate);
    const at = new Date(nowMs);
    const response = await axios.post<unknown>(url.href, body, {
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Enishi',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(nowMs / 1_000)),
        'webhook-signature': signer.sign(id, at, body),
      },
      transformRequest: (data: string) => data,
      responseType: 'text',
      timeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      maxRedirects: 0,
      maxContentLength: 64 * 1_024,
      proxy: false,
      lookup: () => Promise.resolve([address, family]),
      validateStatus: () => true,
    });
    if (response.status >= 200 && response.status < 300) return { outcome: 'accepted' };
    const code = `HTTP_${response.status}`;
    if (response.status === 410) return { outcome: 'gone', code };
    return { outcome: 'failed', code, retryAfterSecs: retryAfter(response.headers['retry-after'], nowMs) };
  } catch (error) {
    return { outcome: 'failed', code: codeOf(error), retryAfterSecs: 0 };
  }
}

function retryAfter(value: unknown, nowMs: number): number {
  if (typeof value !== 'string') return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? 0 : Math.max(0, Math.ceil((at - nowMs) / 1_000));
}

/** The code alone: messages of the network quote addresses. What is no trouble of the network goes on. */
function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  if (axios.isAxiosError(error)) return error.code ?? 'ERR_NETWORK';
  throw error;
}
