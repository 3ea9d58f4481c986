import { Module } from '@nestjs/common';
import { CandidatesQueries } from './candidates.queries.js';

@Module({ providers: [CandidatesQueries], exports: [CandidatesQueries] })
export class RecruitingModule {}
