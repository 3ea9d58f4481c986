import { SingleBar } from 'cli-progress';
import type { Output } from './output.js';

/** How far a long piece of work has come. */
export interface Progress {
  /** `total` is unknown (null) while a file is still being read. */
  update(done: number, total: number | null): void;
  /** Ends the bar; safe to call twice. */
  stop(): void;
}

/**
 * A bar on stderr when a person watches; otherwise one plain line when the work begins and one when it has ended, so
 * that a log stays readable.
 */
export function startProgress(output: Output, label: string): Progress {
  return output.stderr.isTTY === true && !output.json ? bar(output, label) : lines(output, label);
}

function bar(output: Output, label: string): Progress {
  let made: SingleBar | undefined;
  return {
    update(done, total) {
      if (total === null) return;
      if (made === undefined) {
        made = new SingleBar({
          format: `  ${label} [{bar}] {percentage}% {value}/{total}`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 30,
          hideCursor: true,
          etaBuffer: 50,
        });
        made.start(total, done);
      } else {
        made.setTotal(total);
        made.update(done);
      }
    },
    stop() {
      made?.stop();
      made = undefined;
    },
  };
}

function lines(output: Output, label: string): Progress {
  let last: number | undefined;
  return {
    update(done) {
      if (last === undefined && !output.json) output.note(`  ${label} …`);
      last = done;
    },
    stop() {
      if (last !== undefined && !output.json)
        output.note(`  ${label}: ${output.t('cli.progressDone', { done: last })}`);
      last = undefined;
    },
  };
}
