/** Seconds that a `Retry-After` header asks for, whether it counts them or names an instant; 0 when it says nothing usable. */
export function retryAfterSecs(value: string | undefined, nowMs: number): number {
  if (value === undefined) return 0;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? 0 : Math.max(0, Math.ceil((at - nowMs) / 1_000));
}
