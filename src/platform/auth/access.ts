/** What a key may be. `source` pushes to its own source, `auditor` reads decisions and no people. */
export const ROLES = ['source', 'recruiter', 'hr', 'admin', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

export interface AccessRule {
  readonly roles: readonly Role[];
  /**
   * `company`: a key of one company sees that company's part, everything else is not there for it.
   * `group`: what this does concerns every company, so a key of one company may not.
   */
  readonly reach: 'company' | 'group';
}

const company = (...roles: Role[]): AccessRule => ({ roles, reach: 'company' });
const group = (...roles: Role[]): AccessRule => ({ roles, reach: 'group' });

/**
 * Who may what: one line for each route of the API, and no route without a line. `source` sees its own source only,
 * wherever it is named.
 */
export const ACCESS = {
  'sources.list': company('source', 'hr', 'admin', 'auditor'),
  'records.push': company('source', 'admin'),
  'records.batch': company('source', 'admin'),
  'files.push': company('source', 'hr', 'admin'),
  'runs.list': company('source', 'hr', 'admin', 'auditor'),
  'runs.show': company('source', 'hr', 'admin', 'auditor'),
  'runs.plan': company('hr', 'admin', 'auditor'),
  'runs.rejections': company('source', 'hr', 'admin'),
  'runs.rejections-csv': company('source', 'hr', 'admin'),
  'runs.approve': company('hr', 'admin'),
  'runs.reject': company('hr', 'admin'),
  'runs.revert': company('hr', 'admin'),
  'people.timeline': company('hr', 'admin'),
  'registry.list': company('hr', 'admin'),
  'registry.override': company('hr', 'admin'),
  'registry.override-end': company('hr', 'admin'),
  'policies.list': company('hr', 'admin', 'auditor'),
  'policies.add': group('hr', 'admin'),
  'policies.preview': group('hr', 'admin'),
  'policies.activate': group('admin'),
  'candidates.search': company('recruiter', 'hr', 'admin'),
  'candidates.show': company('recruiter', 'hr', 'admin'),
  'follow-ups.list': company('hr', 'admin', 'auditor'),
  'follow-ups.pause': group('hr', 'admin'),
  'follow-ups.resume': group('hr', 'admin'),
  'audit.list': group('admin', 'auditor'),
} as const satisfies Record<string, AccessRule>;

export type RouteId = keyof typeof ACCESS;

/** The rule of a route, without the exact roles in its type. */
export function accessRule(id: RouteId): AccessRule {
  return ACCESS[id];
}
