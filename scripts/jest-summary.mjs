import { writeSync } from 'node:fs';

/** Ends a run with one line, `N passed, N failed`, alone and last; a run in which nothing passed or failed is a failure. */
export default class SummaryReporter {
  #nothingRan = false;

  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    this.#nothingRan = results.numPassedTests + failed === 0;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    // At exit, so that no other reporter's text comes after it.
    process.once('exit', () => writeSync(1, `${line}\n`));
  }

  getLastError() {
    return this.#nothingRan ? new Error('No test ran.') : undefined;
  }
}
