import { Controller } from '@nestjs/common';
import { z } from 'zod';
import { CursorsService } from '../platform/http/cursors.service.js';
import { keyset } from '../platform/http/keyset.js';
import type { Call } from '../platform/http/route.js';
import { Serve } from '../platform/http/serve.decorator.js';
import { showTimeline } from './people.schema.js';
import { PersonTimelineQueries } from './person-timeline.queries.js';

const timelineKey = z.tuple([z.iso.datetime(), z.string()]);

/** One person, as HR sees them. */
@Controller()
export class PeopleController {
  constructor(
    private readonly timelines: PersonTimelineQueries,
    private readonly cursors: CursorsService,
  ) {}

  @Serve(showTimeline)
  async timeline({ params, query, caller }: Call<typeof showTimeline>) {
    const { personId } = params;
    const { limit, cursor } = query;
    const employments = await this.timelines.employments(personId, caller.company);
    const list = ['timeline', caller.keyId, personId];
    const page = keyset(this.cursors, { list, shape: timelineKey, cursor, limit });
    const rows = await this.timelines.page(personId, caller.company, page.after, limit + 1);
    return { personId, employments, ...page.cut(rows, (row) => [row.at, row.key]) };
  }
}
