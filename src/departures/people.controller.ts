import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { AppError } from '../domain/app-error.js';
import { CursorsService } from '../platform/http/cursors.service.js';
import { keyset } from '../platform/http/keyset.js';
import type { Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import { PeopleQueries } from './people.queries.js';
import { showTimeline } from './people.schema.js';

const timelineKey = z.tuple([z.iso.datetime(), z.string()]);

/** One person, as HR sees them. */
@Controller()
export class PeopleController {
  constructor(
    private readonly people: PeopleQueries,
    private readonly cursors: CursorsService,
  ) {}

  @Serve(showTimeline)
  async timeline({ params, query, caller }: Call<typeof showTimeline>) {
    const { personId } = params;
    const { limit, cursor } = query;
    const employments = await this.people.employments(personId, caller.company);
    // Somebody of another company only is not there either.
    if (employments.length === 0) throw new AppError('PERSON_NOT_FOUND', { details: { found: personId } });
    const list = ['timeline', caller.keyId, personId];
    const page = keyset(this.cursors, { list, shape: timelineKey, cursor, limit });
    const rows = await this.people.timeline(personId, caller.company, page.after, limit + 1);
    return { personId, employments, ...page.cut(rows, (row) => [row.at, row.key]) };
  }
}
