/**
 * How rows are locked that may be somebody else's at this moment. `free`: nobody is waited for, what is taken is left
 * out; so can many be locked together without a deadlock, and one that is held for long holds up no other. `patient`:
 * waits, for one at a time.
 */
export type Locking = 'free' | 'patient';

/** The end of a locking clause. */
export const SKIPPING = { free: 'skip locked', patient: '' } as const satisfies Record<Locking, string>;
