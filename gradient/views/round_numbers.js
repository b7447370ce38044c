// Round numbers, for ticks.

const MOST = 5; // as many as there may be, and one

/** A few round numbers from `low` to `high`. @param {number} low @param {number} high */
export function roundNumbers(low, high) {
  const length = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(length / MOST));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => length / each <= MOST) ?? power;
  const first = Math.ceil(low / step - 1e-6);
  return Array.from({ length: Math.floor(high / step + 1e-6) - first + 1 }, (_, i) => (first + i) * step);
}
