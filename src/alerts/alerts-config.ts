import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { AppError } from '../domain/app-error.js';
import { readConfigFile } from '../platform/config/config-file.js';
import type { ProcessEnvironment } from '../platform/config/process-environment.js';
import { LANGUAGES, type Language } from '../platform/i18n/locale.js';
import { singleAddress } from '../platform/mail/address.js';

const id = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and hyphens');
const address = z.string().refine((text) => singleAddress(text) === text, 'one mail address');
const variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable');

const alertsSchema = z.strictObject({
  language: z.enum(LANGUAGES),
  from: z.strictObject({ name: z.string().min(1), address }),
  mail: z.array(
    z.strictObject({
      id,
      address,
      language: z.enum(LANGUAGES).optional(),
      anchors: z.boolean().default(false),
    }),
  ),
  webhooks: z.array(
    z.strictObject({ id, urlFrom: variable, secretFrom: variable, allowPrivate: z.boolean().default(false) }),
  ),
  retry: z.strictObject({
    attempts: z.int().min(1).max(100),
    firstDelaySecs: z.number().min(0).max(3_600),
    maxDelaySecs: z.number().min(1).max(86_400),
  }),
  queueStuckAfterMinutes: z.int().min(1).max(10_080),
});

export interface MailTarget {
  readonly id: string;
  readonly channel: 'mail';
  readonly address: string;
  readonly language: Language;
  readonly anchors: boolean;
}

export interface WebhookTarget {
  readonly id: string;
  readonly channel: 'webhook';
  readonly url: URL;
  readonly signer: Webhook;
  readonly allowPrivate: boolean;
}

export type AlertTarget = MailTarget | WebhookTarget;

export interface AlertsConfig {
  readonly from: { readonly name: string; readonly address: string };
  readonly targets: readonly AlertTarget[];
  readonly retry: z.output<typeof alertsSchema>['retry'];
  readonly queueStuckAfterMinutes: number;
}

/**
 * Reads config/alerts.yaml; addresses and secrets of webhooks come from the variables that it names.
 *
 * @throws CONFIG_FILE_MISSING, CONFIG_FILE_INVALID
 * @throws ALERT_VARIABLE_INVALID with the variable's name, never its value
 */
export async function loadAlertsConfig(dir: string, variables: ProcessEnvironment): Promise<AlertsConfig> {
  const unique = alertsSchema.refine(
    ({ mail, webhooks }) =>
      new Set([...mail, ...webhooks].map((t) => t.id)).size === mail.length + webhooks.length,
    'each id once',
  );
  const config = await readConfigFile(dir, 'alerts.yaml', unique);
  const mail = config.mail.map((target): MailTarget => ({
    ...target,
    channel: 'mail',
    language: target.language ?? config.language,
  }));
  const webhooks = config.webhooks.map(
    ({ id: target, urlFrom, secretFrom, allowPrivate }): WebhookTarget => ({
      id: target,
      channel: 'webhook',
      allowPrivate,
      url: readUrl(urlFrom, variables, allowPrivate),
      signer: readSecret(secretFrom, variables),
    }),
  );
  const { from, retry, queueStuckAfterMinutes } = config;
  return { from, targets: [...mail, ...webhooks], retry, queueStuckAfterMinutes };
}

function readUrl(name: string, variables: ProcessEnvironment, allowPrivate: boolean): URL {
  const text = variables[name]?.trim() ?? '';
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && allowPrivate);
  if (url === null || !isSafe || url.username !== '') {
    throw new AppError('ALERT_VARIABLE_INVALID', { details: { name, expected: 'https://…' } });
  }
  return url;
}

function readSecret(name: string, variables: ProcessEnvironment): Webhook {
  const text = variables[name]?.trim() ?? '';
  // The library takes any base64; a short secret signs nothing worth the name.
  if (/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(text)) return new Webhook(text);
  throw new AppError('ALERT_VARIABLE_INVALID', { details: { name, expected: 'whsec_<base64>' } });
}
