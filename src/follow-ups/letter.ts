import { AppError } from '../domain/app-error.js';
import type { IsoDate } from '../domain/calendar.js';
import { addDays, dayInZone, isoDate } from '../domain/calendar.js';
import type { FollowUpRules } from '../domain/follow-up.js';
import { singleAddress } from '../platform/mail/address.js';
import type { OutgoingMail } from '../platform/mail/mail.js';
import { MailTemplates } from '../platform/mail/templates.js';
import type { CompanyProfile, CompanyProfiles } from './company-profile.js';
import type { NewLink } from './links.js';
import { newLinks } from './links.js';
import type { SendFacts } from './send-check.js';

export interface Letter {
  readonly mail: OutgoingMail;
  readonly links: readonly NewLink[];
}

const TEMPLATES = ['exit_survey', 'exit_interview', 'invitation', 'correction'].flatMap((kind) => [
  `${kind}.ja`,
  `${kind}.en`,
]);
const SAMPLE = { person: '', company: '', lastDay: '', link: '', optOutLink: '', expiresOn: '', desk: '' };

/**
 * Reads and tries out the mail texts of `dir`.
 * @throws TEMPLATE_MISSING, TEMPLATE_INVALID
 */
export function loadLetterTemplates(dir: string): Promise<MailTemplates> {
  return MailTemplates.load(dir, TEMPLATES, SAMPLE);
}

/** Writes the mail of one follow-up, in the language of its company. */
export class LetterWriter {
  constructor(
    private readonly rules: FollowUpRules,
    private readonly companies: CompanyProfiles,
    private readonly templates: MailTemplates,
    private readonly publicUrl: string,
  ) {}

  /** Null when there is no address that may be written to: the private one first, the work one while it lives.
   * @throws FOLLOW_UP_COMPANY_UNKNOWN */
  write(facts: SendFacts, nowMs: number): Letter | null {
    const profile = this.profile(facts.company);
    const today = dayInZone(nowMs, profile.zone);
    const to = this.addressFor(facts, today);
    if (to === null) return null;
    const links = newLinks(facts.kind, this.publicUrl, nowMs, this.rules.sending.linkDays);
    const optOut = links.find((link) => link.purpose === 'opt_out')?.url ?? '';
    const { language } = profile;
    const sender = this.rules.senders[facts.company] ?? this.rules.senders.default;
    if (sender === undefined) return null;
    const { subject, text } = this.templates.render(
      `${facts.kind === 'reminder' ? 'invitation' : facts.kind}.${language}`,
      {
        person: facts.displayName ?? '',
        company: profile.name[language],
        lastDay: facts.lastDay === null ? '' : dayText(isoDate(facts.lastDay), language),
        link: links.find((link) => link.purpose !== 'opt_out')?.url ?? '',
        optOutLink: optOut,
        expiresOn: dayText(addDays(today, this.rules.sending.linkDays), language),
        desk: sender.desk[language],
      },
    );
    const mail = {
      messageId: `<follow-up-${facts.id}@${sender.address.slice(sender.address.indexOf('@') + 1)}>`,
      from: { name: profile.name[language], address: sender.address },
      to,
      subject,
      text,
      unsubscribeUrl: optOut,
    };
    return { mail, links };
  }

  private addressFor(facts: SendFacts, today: IsoDate): string | null {
    const needs = this.rules.rules.find((rule) => rule.id === facts.rule)?.when.needs ?? ['personal', 'work'];
    const personal = needs.includes('personal') ? singleAddress(facts.personalEmail) : null;
    if (personal !== null) return personal;
    // Somebody whose departure was taken back is still employed.
    const worksHere = facts.lastDay === null || today <= facts.lastDay;
    return worksHere && needs.includes('work') ? singleAddress(facts.workEmail) : null;
  }

  private profile(company: string): CompanyProfile {
    const profile = this.companies.get(company);
    if (profile === undefined) throw new AppError('FOLLOW_UP_COMPANY_UNKNOWN', { details: { company } });
    return profile;
  }
}

function dayText(day: IsoDate, language: 'ja' | 'en'): string {
  const [year = '', month = '', dayOfMonth = ''] = day.split('-');
  if (language === 'ja') return `${year}年${Number(month)}月${Number(dayOfMonth)}日`;
  return ENGLISH_DAY.format(Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth)));
}

const ENGLISH_DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
