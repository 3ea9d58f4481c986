import { AuditQueries } from '../../platform/audit/audit.queries.js';
import { AuditService } from '../../platform/audit/audit.service.js';
import { anchorFile, readAnchors } from '../../platform/audit/audit-anchors.js';
import type { AuditEntry } from '../../platform/audit/audit-chain.js';
import { command } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printTable } from '../table.js';
import { writeTextFile } from '../write-file.js';

const LINES_PER_PIECE = 1_000;

/** Walks the whole chain, against the anchors of this home or of a file. Ends with 1 when anything is wrong. */
export const auditVerify = command(async (call, app) => {
  const { output } = call;
  const { t } = output;
  const anchors = await readAnchors(call.input.text('anchors') ?? anchorFile(app.env.home));
  const report = await app.get(AuditService).verify(anchors);
  const { entries, problems, more, rights } = report;
  if (problems.length === 0) output.line(output.good(t('audit.sound', { count: entries })));
  else {
    output.line(output.bad(t('audit.broken', { count: problems.length + more })));
    printTable(
      output,
      [
        { title: t('audit.columns.entry'), value: ({ seq }) => seq, align: 'right', min: 6 },
        { title: t('audit.columns.to'), value: ({ to }) => to, align: 'right', min: 6 },
        { title: t('audit.columns.problem'), value: ({ problem }) => t(`audit.problems.${problem}`) },
      ],
      problems,
    );
  }
  output.line(t('audit.head', { seq: report.head.seq, hash: report.head.hash }));
  output.line(
    anchors.length === 0 ? output.warn(t('audit.noAnchors')) : t('audit.anchors', { count: anchors.length }),
  );
  if (rights.length > 0) output.line(output.warn(t('audit.rights', { rights: rights.join(', ') })));
  output.data(report);
  return problems.length === 0 ? EXIT.done : EXIT.failed;
});

/** The chain as JSON lines, each with all that its hash was made of: into a file, or to stdout. */
export const auditExport = command(async (call, app) => {
  const { input, output } = call;
  const file = input.optionalArgument('file');
  const lines = linesOf(app.get(AuditQueries).all({ kind: input.text('kind') }));
  if (file === undefined) {
    for await (const { text } of lines) output.stdout.write(text);
    return EXIT.done;
  }
  let count = 0;
  const pieces = async function* (): AsyncGenerator<string> {
    for await (const piece of lines) {
      count += piece.count;
      yield piece.text;
    }
  };
  await writeTextFile(file, pieces());
  output.line(output.t('audit.exported', { count, file }));
  output.data({ file, entries: count });
  return EXIT.done;
});

async function* linesOf(entries: AsyncIterable<AuditEntry>): AsyncGenerator<{ text: string; count: number }> {
  let lines: string[] = [];
  for await (const entry of entries) {
    lines.push(`${JSON.stringify(entry)}\n`);
    if (lines.length < LINES_PER_PIECE) continue;
    yield { text: lines.join(''), count: lines.length };
    lines = [];
  }
  yield { text: lines.join(''), count: lines.length };
}
