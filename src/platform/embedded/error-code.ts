/**
 * The code of a system error (`ENOENT`, `EPERM`, …); undefined for anything else. Asks no class: where code runs in a
 * context of its own, the system's errors are of another `Error`.
 */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
