import type { Clock } from '../platform/clock/clock.js';
import type { Language } from '../platform/i18n/locale.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { dayInZone } from '../domain/calendar.js';
import type { IsoDate } from '../domain/calendar.js';

export interface Bilingual {
  readonly ja: string;
  readonly en: string;
}

export const pickText = (text: Bilingual, language: Language): string => text[language];

/** Reasons of a verdict in one line. */
export function becauseLine(because: readonly { readonly text: Bilingual }[], language: Language): string {
  return because.map(({ text }) => pickText(text, language)).join(language === 'ja' ? '、' : '; ');
}

/** Enough of an address to recognise it: first character and domain. */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 1 ? '***' : `${address.slice(0, 1)}***${address.slice(at)}`;
}

/** The shortest part of an id that people need to see; commands accept it for runs. */
export const shortId = (id: string): string => id.slice(-8);

/** An instant as people of a zone write it, to the minute. */
export function localTime(instant: string | null, zone: string): string {
  if (instant === null) return '';
  const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return text.format(new Date(instant));
}

/** The zone of a company, or of the first one where none is named. */
export function zoneOf(group: GroupConfig, company?: string): string {
  const found = company === undefined ? undefined : group.companies.get(company);
  return (found ?? [...group.companies.values()][0])?.zone ?? 'UTC';
}

/** Today where the company is. */
export function todayOf(group: GroupConfig, clock: Clock, company?: string): IsoDate {
  return dayInZone(clock.now(), zoneOf(group, company));
}
