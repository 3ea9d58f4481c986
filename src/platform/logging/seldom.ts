const QUIET_MS = 30_000;

/** Tells the same trouble once in 30 seconds: a connection that is away fails at every try. */
export function seldom(tell: (error: Error) => void): (error: Error) => void {
  const toldAt = new Map<string, number>();
  return (error) => {
    const key = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    const now = performance.now();
    if (now - (toldAt.get(key) ?? -QUIET_MS) < QUIET_MS) return;
    toldAt.set(key, now);
    tell(error);
  };
}
