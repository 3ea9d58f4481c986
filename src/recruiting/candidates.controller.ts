import { Controller, Inject } from '@nestjs/common';
import { Clock } from '../platform/clock/clock.js';
import { companyFor, todayFor } from '../platform/http/company-scope.js';
import { CursorsService } from '../platform/http/cursors.service.js';
import { sealed } from '../platform/http/keyset.js';
import type { Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import type { GroupConfig } from '../platform/config/group-config.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { CandidatesQueries, type Candidate } from './candidates.queries.js';
import { searchCandidates, showCandidate } from './candidates.schema.js';

/** The registry for recruiters. */
@Controller()
export class CandidatesController {
  constructor(
    private readonly candidates: CandidatesQueries,
    private readonly cursors: CursorsService,
    private readonly clock: Clock,
    @Inject(GROUP_CONFIG) private readonly group: GroupConfig,
  ) {}

  @Serve(searchCandidates)
  async search({ query, caller }: Call<typeof searchCandidates>) {
    const { cursor, limit, company: wished, membership, openToReturn, sort: _sort, ...filter } = query;
    const company = companyFor(caller, this.group, wished);
    // Nobody is known to a network yet: who asks for members finds none, rather than everybody.
    if (membership !== undefined || openToReturn !== undefined) return { items: [], nextCursor: null };
    const page = sealed<Candidate>(this.cursors, ['candidates', caller.keyId, company, filter]);
    const found = await this.candidates.search({
      ...filter,
      company,
      withinCompany: caller.company !== null,
      limit,
      cursor: page.open(cursor),
      today: todayFor(this.group, this.clock, company),
    });
    const { items, nextCursor } = page.close(found);
    return { items: items.map(view), nextCursor };
  }

  @Serve(showCandidate)
  async show({ params, caller }: Call<typeof showCandidate>) {
    const today = todayFor(this.group, this.clock, caller.company);
    return view(await this.candidates.candidate(params.personId, today, caller.company));
  }
}

function view(candidate: Candidate) {
  const { employments, because } = candidate;
  return { ...candidate, employments: [...employments], because: [...because] };
}
