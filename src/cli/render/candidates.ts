import type { Candidate } from '../../recruiting/candidates.queries.js';
import type { Output } from '../output.js';
import { printTable } from '../table.js';

/** Candidates as a recruiter sees them: never why somebody left. */
export function printCandidates(output: Output, candidates: readonly Candidate[]): void {
  const { t } = output;
  const column = (key: string): string => t(`show.columns.${key}`);
  printTable(
    output,
    [
      { title: column('name'), value: ({ name }) => name.display ?? [name.family, name.given].join(' ') },
      { title: column('company'), value: ({ employments }) => employments[0]?.company, min: 4 },
      { title: column('department'), value: ({ employments }) => employments[0]?.department },
      { title: column('jobTitle'), value: ({ employments }) => employments[0]?.jobTitle },
      { title: column('lastDay'), value: ({ employments }) => employments[0]?.lastDay, min: 10 },
      { title: column('verdict'), value: ({ verdict }) => t(`words.verdictShort.${verdict}`) },
      { title: column('from'), value: ({ eligibleFrom }) => eligibleFrom, min: 10 },
      {
        title: column('contact'),
        value: ({ contactable }) => t(contactable ? 'show.contactable' : 'show.notContactable'),
      },
    ],
    candidates,
  );
}
