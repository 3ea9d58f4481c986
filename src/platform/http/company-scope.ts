import { AppError } from '../../domain/app-error.js';
import { dayInZone, type IsoDate } from '../../domain/calendar.js';
import type { Caller } from '../auth/api-keys.service.js';
import type { Clock } from '../clock/clock.js';
import type { GroupConfig } from '../config/group-config.js';

/**
 * The company that a query is limited to: the caller's own, else the one asked for, else null for all of the group.
 * @throws COMPANY_UNKNOWN for one that is not there, or not for this caller: the two look alike
 */
export function companyFor(
  caller: Caller,
  group: GroupConfig,
  wished: string | null | undefined,
): string | null {
  if (wished === null || wished === undefined) return caller.company;
  const isSeen = group.companies.has(wished) && (caller.company === null || caller.company === wished);
  if (!isSeen) throw new AppError('COMPANY_UNKNOWN', { details: { company: wished, field: 'company' } });
  return wished;
}

/** Today in the zone of the company; without one, of the first company. */
export function todayFor(group: GroupConfig, clock: Clock, company: string | null): IsoDate {
  const known = company === null ? undefined : group.companies.get(company);
  const [first] = group.companies.values();
  return dayInZone(clock.now(), (known ?? first)?.zone ?? 'UTC');
}
