import { Controller, Inject } from '@nestjs/common';
import { AppError } from '../domain/app-error.js';
import { Clock } from '../platform/clock/clock.js';
import type { Company, GroupConfig, Source } from '../platform/config/group-config.js';
import { Reply, type Call } from '../platform/http/route.js';
import { Serve, type Answered } from '../platform/http/serve.decorator.js';
import { describeRejection } from '../platform/i18n/i18n.js';
import type { Language } from '../platform/i18n/locale.js';
import { GROUP_CONFIG } from '../platform/platform.module.js';
import { FileStoreService } from './file-store.service.js';
import { InboxQueries } from './inbox.queries.js';
import { InboxService } from './inbox.service.js';
import { InboxWorker } from './inbox-worker.service.js';
import { ProfilesService } from './profiles.service.js';
import { listSources, pushFile, pushRecords, showBatch } from './push.schema.js';
import { datedRecords } from './dated-records.js';
import { judgeRecords, receiptsOf, type Receipt } from './receipts.js';
import { runView, type RunView } from './run.schema.js';
import { runScope, sourceFor } from './run-scope.js';
import { RunsRepository } from './runs.repository.js';

/** The doors that HR systems push through. */
@Controller()
export class PushController {
  constructor(
    private readonly inbox: InboxService,
    private readonly batches: InboxQueries,
    private readonly worker: InboxWorker,
    private readonly files: FileStoreService,
    private readonly profiles: ProfilesService,
    private readonly runs: RunsRepository,
    private readonly clock: Clock,
    @Inject(GROUP_CONFIG) private readonly group: GroupConfig,
  ) {}

  @Serve(listSources)
  sources({ caller }: Call<typeof listSources>) {
    const { sources } = runScope(caller, this.group);
    const seen = [...this.group.sources.values()].filter((source) => sources?.includes(source.id) ?? true);
    const items = seen.map(({ id, title, connector, company, profile = null, mode }) => ({
      id,
      title,
      connector,
      company,
      profile,
      mode,
    }));
    return Promise.resolve({ items, nextCursor: null });
  }

  @Serve(pushRecords)
  async records({ params, query, body, caller, language, by }: Call<typeof pushRecords>) {
    const source = sourceFor(caller, this.group, params.source);
    const asOfAt = this.clock.nowIso();
    const records = datedRecords(Array.isArray(body) ? body : [body], asOfAt);
    if (records.length === 0) throw new AppError('BODY_MISSING', { details: { field: 'body' } });
    const judged = judgeRecords(records, source, this.companyOf(source), asOfAt);
    const stated = judged.flatMap((one) => (one.kind === 'stated' ? [one.stated] : []));
    const { id: batchId, known } = await this.inbox.putRecords(source.id, records, stated, by);
    const receipts = receiptsOf(judged, known).map((receipt, i) => receiptView(i, receipt, language));
    if (query.wait !== true) {
      this.worker.wake(source.id);
      return { batchId, receipts, run: null };
    }
    const run = await this.applied(batchId, source.id);
    const answer: Answered<typeof pushRecords> = { batchId, receipts, run };
    // Not through yet (a database that is away, a batch before it that waits): it is kept, and will be applied.
    return new Reply(answer, { status: run === null ? 202 : 200 });
  }

  @Serve(showBatch)
  async batch({ params, caller }: Call<typeof showBatch>) {
    const source = sourceFor(caller, this.group, params.source);
    const { id, state, records, receivedAt, runId, error } = await this.batches.batch(params.id, source.id);
    return { batchId: id, state, records, receivedAt, runId, error };
  }

  @Serve(pushFile)
  async file({ params, query, upload, caller, by }: Call<typeof pushFile>) {
    const source = sourceFor(caller, this.group, params.source);
    const profile = query.profile ?? null;
    if (profile !== null) await this.profiles.load(profile);
    if (upload === null) throw new AppError('BODY_MISSING', { details: { field: 'body' } });
    const declared = query.sha256?.toLowerCase() ?? null;
    const kept = await this.files.keep(checked(upload.bytes, () => upload.sha256(), declared));
    const runId = await this.inbox.putFile(
      source.id,
      {
        sha256: kept.sha256,
        fileName: fileNameOf(query.fileName ?? upload.fileName()),
        mode: query.mode ?? source.mode,
        asOf: query.asOf ?? this.clock.nowIso(),
        profile,
        expectRows: query.expectRows ?? null,
        hashDeclared: declared !== null,
      },
      by,
    );
    this.worker.wake(source.id);
    return new Reply({ runId }, { headers: { Location: `/api/v1/runs/${runId}` } });
  }

  private async applied(batchId: string, source: string): Promise<RunView | null> {
    await this.inbox.drain(source);
    const { runId } = await this.batches.batch(batchId, source);
    return runId === null ? null : runView(await this.runs.get(runId));
  }

  private companyOf(source: Source): Company {
    const company = this.group.companies.get(source.company);
    if (company === undefined)
      throw new AppError('COMPANY_UNKNOWN', { details: { company: source.company } });
    return company;
  }
}

function receiptView(index: number, receipt: Receipt, language: Language) {
  if (receipt.state !== 'rejected') return { index, state: receipt.state };
  const reasons = receipt.reasons.map((reason) => {
    const { title, expected, remedy } = describeRejection(reason, language);
    const message = [title, expected, remedy].filter((part) => part !== undefined).join(' | ');
    return { code: reason.code, field: reason.field, message };
  });
  const [first] = reasons;
  return { index, state: receipt.state, ...first, ...(reasons.length > 1 ? { reasons } : {}) };
}

/** Ends with an error unless all of it has the declared hash, so that nothing of another file is kept. */
async function* checked(
  bytes: AsyncIterable<Buffer>,
  sha256: () => string,
  declared: string | null,
): AsyncGenerator<Buffer> {
  yield* bytes;
  const found = sha256();
  if (declared !== null && declared !== found) {
    throw new AppError('FILE_HASH_MISMATCH', {
      details: { expected: declared.slice(0, 12), found: found.slice(0, 12), field: 'sha256' },
    });
  }
}

/** For lists only: the last part, without anything that is not shown. */
function fileNameOf(name: string | null): string {
  const plain = (name ?? '').split(/[/\\]/).at(-1)?.replace(/\p{C}/gu, '').trim() ?? '';
  return plain === '' ? 'upload' : plain.slice(0, 200);
}
