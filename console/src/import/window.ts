// Which rows of a long table are drawn: those that are seen and a few more, so that 5,000 rows cost as much as 40.
export const ROW_PX = 30;
const MORE = 10;
const STEP = 5;

export interface Span {
  first: number;
  last: number; // not included
}

export function windowOf(top: number, height: number, count: number): Span {
  const from = Math.max(0, Math.floor(top / ROW_PX) - MORE);
  // In steps: a small movement draws nothing anew. Always as many: a row that comes takes the place of one that goes.
  const first = from - (from % STEP);

  return { first: Math.min(count, first), last: Math.min(count, first + Math.ceil(height / ROW_PX) + 2 * MORE + STEP) };
}

// Where to scroll so that a row is seen whole; the same place when it is.
export function topFor(row: number, top: number, height: number): number {
  const upper = row * ROW_PX;
  const lower = upper + ROW_PX;

  if (upper < top) return upper;
  return lower > top + height ? lower - height : top;
}
