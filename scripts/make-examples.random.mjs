// A seeded source of chance: the same seed gives the same files on every machine.

export function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const int = (from, to) => from + Math.floor(next() * (to - from + 1));
  const pick = (list) => list[int(0, list.length - 1)];
  /** Takes one of [weight, value] pairs by weight. */
  const weighted = (pairs) => {
    let left = next() * pairs.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of pairs) {
      left -= weight;
      if (left < 0) return value;
    }
    return pairs[pairs.length - 1][1];
  };
  return { next, int, pick, weighted, chance: (share) => next() < share };
}

const pad = (value) => String(value).padStart(2, '0');

/** Days are numbers of days here, so that adding some is adding. */
export const day = (text) => Date.parse(`${text}T00:00:00Z`) / 86_400_000;
export const parts = (days) => {
  const date = new Date(days * 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};
const iso = (days) => {
  const { year, month, day: dayOfMonth } = parts(days);
  return `${year}-${pad(month)}-${pad(dayOfMonth)}`;
};
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
export const dayMonthYear = (days) => {
  const { year, month, day: dayOfMonth } = parts(days);
  return `${pad(dayOfMonth)}-${MONTHS[month - 1]}-${year}`;
};
export const slashed = (days) => iso(days).replaceAll('-', '/');

export const era = (days) => {
  const { year, month, day: dayOfMonth } = parts(days);
  return days >= day('2019-05-01')
    ? `R${year - 2018}.${month}.${dayOfMonth}`
    : `H${year - 1988}.${month}.${dayOfMonth}`;
};
export const longEra = (days) => {
  const { year, month, day: dayOfMonth } = parts(days);
  return days >= day('2019-05-01')
    ? `令和${year - 2018}年${month}月${dayOfMonth}日`
    : `平成${year - 1988}年${month}月${dayOfMonth}日`;
};

const FULL_WIDTH = { '/': '／', '-': '－' };
export const fullWidth = (text) =>
  text.replace(
    /[0-9/-]/g,
    (character) => FULL_WIDTH[character] ?? String.fromCharCode(character.charCodeAt(0) + 0xfee0),
  );
