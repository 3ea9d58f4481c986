/** Below the 30 seconds that an orchestrator grants before it kills. */
const LIMIT_MS = 27_000;

/**
 * Closes, as soon as it is open; a process that is still not done after 27 seconds ends all the same. What it had in
 * work then is in the rows: a mail whose answer never came is listed as uncertain.
 */
export async function closeInTime(
  opening: Promise<{ close(): Promise<void> }>,
  onLate: () => void = () => undefined,
): Promise<void> {
  const timer = setTimeout(() => {
    onLate();
    process.exit(1);
  }, LIMIT_MS);
  try {
    await (await opening).close();
  } finally {
    clearTimeout(timer);
  }
}
