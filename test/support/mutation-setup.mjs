import fc from 'fast-check';

// The same tries for every mutant, and no search for the smallest example: that one fails is all that is asked.
const numRuns = Number(process.env.ENISHI_TEST_RUNS_AT_MOST ?? 100);
fc.configureGlobal({ seed: 331, endOnFailure: true, numRuns });
