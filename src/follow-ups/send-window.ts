/** How many mails were handed on in each minute of the last hour, by minutes since the epoch. */
export type SendWindow = Readonly<Record<string, number>>;

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** How many more the limit allows within any sixty minutes that end now. */
export function roomIn(window: SendWindow, nowMs: number, perHour: number): number {
  const used = Object.values(recent(window, nowMs)).reduce((sum, n) => sum + n, 0);
  return Math.max(0, perHour - used);
}

/** The window with `count` more in this minute, without the minutes that no longer matter. */
export function addTo(window: SendWindow, nowMs: number, count: number): SendWindow {
  const minute = String(Math.floor(nowMs / MINUTE_MS));
  const kept = recent(window, nowMs);
  return { ...kept, [minute]: (kept[minute] ?? 0) + count };
}

function recent(window: SendWindow, nowMs: number): Record<string, number> {
  const oldest = Math.floor(nowMs / MINUTE_MS) - MINUTES;
  return Object.fromEntries(Object.entries(window).filter(([minute]) => Number(minute) > oldest));
}
