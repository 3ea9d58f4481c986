import { z } from 'zod';
import {
  bilingual,
  configId,
  day,
  flag,
  id,
  nullableDay,
  pageOf,
  pageQuery,
  text,
} from '../platform/http/fields.js';
import { defineRoute } from '../platform/http/route.js';

const verdict = z.enum(['eligible', 'review', 'ineligible', 'unknown']);

/** What a recruiter sees of a person; a field that is not here never leaves the house by these routes. */
const candidate = z
  .object({
    personId: id,
    name: z.object({
      family: z.string().nullable(),
      given: z.string().nullable(),
      familyKana: z.string().nullable(),
      givenKana: z.string().nullable(),
      display: z.string().nullable(),
    }),
    employments: z.array(
      z.object({
        company: z.string(),
        department: z.string().nullable(),
        jobTitle: z.string().nullable(),
        hiredOn: nullableDay,
        lastDay: nullableDay,
      }),
    ),
    verdict,
    eligibleFrom: nullableDay,
    because: z.array(z.object({ rule: z.string(), text: bilingual })),
    membership: z.string().nullable(),
    contactable: z.boolean(),
    openToReturn: z.boolean().nullable(),
  })
  .meta({
    id: 'Candidate',
    example: {
      personId: '019a0c5e-7a10-7cc3-9b1e-2f4d5a6b7c8d',
      name: {
        family: '青葉',
        given: 'みのり',
        familyKana: 'アオバ',
        givenKana: 'ミノリ',
        display: '青葉 みのり',
      },
      employments: [
        {
          company: 'jp',
          department: '設計部',
          jobTitle: '主任',
          hiredOn: '2015-04-01',
          lastDay: '2026-03-31',
        },
      ],
      verdict: 'eligible',
      eligibleFrom: '2026-04-01',
      because: [
        {
          rule: 'registry-eligible',
          text: { ja: '再雇用方針により、再雇用の対象です。', en: 'May come back under the rehire policy.' },
        },
      ],
      membership: null,
      contactable: true,
      openToReturn: null,
    },
  });

export const searchCandidates = defineRoute({
  id: 'candidates.search',
  method: 'get',
  path: '/api/v1/candidates',
  tag: 'candidates',
  summary: 'People who may come back, those who left last first',
  rate: 'search',
  query: z.strictObject({
    ...pageQuery,
    q: text(200).optional().describe('Words of name, reading, department or job title.'),
    verdict: verdict.optional(),
    company: configId.optional(),
    department: text(200).optional(),
    leftAfter: day.optional(),
    leftBefore: day.optional(),
    membership: z.enum(['invited', 'active', 'suspended', 'withdrawn']).optional(),
    openToReturn: flag.optional(),
    skill: text(200).optional(),
    sort: z.enum(['-lastDay']).optional(),
  }),
  answer: { status: 200, description: 'A page of candidates.', schema: pageOf(candidate) },
  errors: ['SEARCH_TOO_LONG', 'COMPANY_UNKNOWN'],
});

export const showCandidate = defineRoute({
  id: 'candidates.show',
  method: 'get',
  path: '/api/v1/candidates/{personId}',
  tag: 'candidates',
  summary: 'One candidate',
  rate: 'search',
  params: z.strictObject({ personId: id }),
  answer: { status: 200, description: 'The candidate.', schema: candidate },
  errors: ['CANDIDATE_NOT_FOUND'],
});
