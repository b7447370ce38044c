// Numbers in sentences, worded alike by the page and by the kernel (`text.py`).

/** Three significant digits, without a long tail of zeros; whole numbers as they are. @param {number} value */
export function format(value) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "infinity" : "−infinity";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value || 0);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

/**
 * Puts numbers in the place of their {name}, and drops a [part] whose first number is zero.
 * @param {string} template
 * @param {(name: string) => number} get
 */
export function fill(template, get) {
  return template
    .replace(/\[([^\]]*)\]/g, (_, part) => {
      const first = part.match(/\{([^{}]+)\}/);
      return first && Number(get(first[1])) === 0 ? "" : part;
    })
    .replace(/\{([^{}]+)\}/g, (_, name) => format(Number(get(name))));
}
