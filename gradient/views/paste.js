// Reads points from text that was pasted or dropped: two columns, with whatever stands between them. Pure functions.

import { NUMERAL } from "../link/numerals.js";

/**
 * A line that cannot be read, and why: it has fewer than two values, a value is no number, or a number is too large.
 * @typedef {{ line: number, reason: "few" | "number" | "size", text: string }} Unread
 */
/** @typedef {{ x: number[], y: number[], unread: Unread[], columns: [number, number], numColumns: number }} Reading */
/** @typedef {{ number: number, fields: string[] }} Line with its number in the text, from 1 */

/** How a line falls into fields, in the order in which equally good ones are taken. */
const SPLITTERS = [splitterAt("\t"), splitterAt(";"), splitAtBlanks, splitterAt(",")];

const WITH_COMMA = /^[+-]?\d+,\d+(?:e[+-]?\d+)?$/i; // 1,5
const WITH_POINT = /^[+-]?(?:\d*\.\d+|\d{1,3}(?:,\d{3})+\.\d*)(?:e[+-]?\d+)?$/i; // 1.5, or 1,234.5
const POINTED_GROUPS = /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?$/; // 1.234,5
const COMMA_GROUPS = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/; // 1,234.5
const UNIT = /^(?<sign>[+-]?)\p{Sc}\s*|\s*[\p{Sc}%‰]$/u; // $1.50, 3 €, 30 %
const ROW_NUMBER = /^(?:|#|id|index|n[or]\.?|n[°º])$/i; // the name of a column that numbers the rows
const BEGINS_WITH_DIGIT = /^\P{L}*\d/u; // 2020-02-01, 30%, 0x10
const MOST_LETTERS = 64; // of a number; a longer one would take the page long to look through
const SAMPLE = 100; // lines that tell how the text is split
const MOSTLY = 0.5; // the share of lines in which a column holds numbers

/** @param {string} separator @returns {(line: string) => string[]} */
function splitterAt(separator) {
  const field = new RegExp(`${separator}[^\\S${separator}]*(?:"((?:[^"]|"")*)"[^${separator}]*|([^${separator}]*))`, "g");
  return (line) =>
    [...`${separator}${line}`.matchAll(field)].map(([, quoted, plain]) => (quoted?.replaceAll('""', '"') ?? plain).trim());
}

/** At blanks, before which a comma or a semicolon may stand. @param {string} line */
function splitAtBlanks(line) {
  return [...line.matchAll(/"([^"]*)"[,;]?|(\S+?)[,;]?(?=\s|$)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

/** The lines that may hold points: no empty ones, no comments, and not the one by which a spreadsheet names its separator. @param {string} text */
function linesOf(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  return lines.map((line, i) => ({ number: i + 1, line })).filter(({ line }) => line.trim() && !/^\s*#|^sep=.$/i.test(line));
}

/** A field as a number is written in it, without blanks between thousands; as it is if it is too long for a number. @param {string} field */
function bare(field) {
  if (field.length > MOST_LETTERS) return field;
  return field.replace(/^[−–]/, "-").replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/g, "");
}

/** A field without its unit. @param {string} field */
const withoutUnit = (field) => field.replace(UNIT, "$<sign>");

/** The unit of a number. @param {string} field */
const unitOf = (field) => field.match(UNIT)?.[0].replace(/[+\s-]/g, "") ?? "";

/** Whether the decimals of all fields stand behind a comma. @param {string[]} fields */
function hasDecimalCommas(fields) {
  const isPointed = fields.some((field) => WITH_POINT.test(field) && !POINTED_GROUPS.test(field));
  return !isPointed && fields.some((field) => WITH_COMMA.test(field) || (POINTED_GROUPS.test(field) && field.includes(",")));
}

/** The number that a field holds, NaN if it holds none. @param {string} field @param {boolean} isComma whether decimals stand behind a comma */
function numberIn(field, isComma) {
  const isGrouped = (isComma ? POINTED_GROUPS : COMMA_GROUPS).test(field);
  const plain = isGrouped ? field.replaceAll(isComma ? "." : ",", "") : field;
  const pointed = isComma ? plain.replace(",", ".") : plain;
  return NUMERAL.test(pointed) ? Number(pointed) : Number.NaN;
}

/** The numbers of a table, NaN where there is none, or one with another unit than the first of its column. @param {string[][]} rows */
function numbersInTable(rows) {
  const plain = rows.map((fields) => fields.map(withoutUnit));
  const isComma = hasDecimalCommas(plain.flat());
  /** @type {string[]} */
  const units = [];
  return plain.map((fields, i) =>
    fields.map((field, column) => {
      const number = numberIn(field, isComma);
      if (Number.isNaN(number)) return number;
      const unit = unitOf(rows[i][column]);
      units[column] ??= unit;
      return unit === units[column] ? number : Number.NaN;
    }),
  );
}

/**
 * A text as a table, split in one way.
 * @param {{ number: number, line: string }[]} lines @param {(line: string) => string[]} split
 */
function tableOf(lines, split) {
  const rows = lines.map(({ number, line }) => ({ number, fields: split(line).map(bare) }));
  const numbers = numbersInTable(rows.map(({ fields }) => fields));
  const columns = columnsOf(rows[0]?.fields ?? [], numbers);
  const numRead = numbers.filter((row) => columns.every((column) => !isMissing(row[column]))).length;
  return { rows, numbers, columns, numRead };
}

/** The number of columns in which anything stands. @param {(string | number)[][]} rows */
function widthOf(rows) {
  return rows.reduce((most, row) => Math.max(most, row.findLastIndex((field) => field !== "") + 1), 0);
}

/** Whether there is no number in a place of a row. @param {number | undefined} number */
const isMissing = (number) => Number.isNaN(number ?? Number.NaN);

/**
 * The columns of x and y: those that the first line names so, or else the first two that hold numbers in most rows, but for one that
 * numbers the rows; the first two if there are none.
 * @param {string[]} names the first line @param {number[][]} numbers @returns {[number, number]}
 */
function columnsOf(names, numbers) {
  const isNumber = (/** @type {number} */ column) =>
    numbers.filter((row) => Number.isFinite(row[column])).length > MOSTLY * numbers.length;
  const found = Array.from({ length: widthOf(numbers) }, (_, column) => column).filter(isNumber);
  const areNames = found.every((column) => isMissing(numbers[0][column]));
  const [x, y] = ["x", "y"].map((name) => found.find((column) => names[column]?.toLowerCase() === name));
  if (areNames && x !== undefined && y !== undefined) return [x, y];
  const isData = (/** @type {number} */ column) => !(areNames && ROW_NUMBER.test(names[column] ?? ""));
  const [one, other] = [found.filter(isData), found, [0, 1]].find((columns) => columns.length > 1) ?? [];
  return [one, other];
}

/** What splits most of some lines into points; if nothing does, what splits most of them into two fields or more. @param {{ number: number, line: string }[]} lines */
function splitterOf(lines) {
  const found = SPLITTERS.map((split) => {
    const { rows, numRead } = tableOf(lines, split);
    return { split, numRead, numWide: rows.filter(({ fields }) => widthOf([fields]) > 1).length };
  });
  const isBetter = (/** @type {typeof found[0]} */ one, /** @type {typeof found[0]} */ other) =>
    one.numRead > other.numRead || (one.numRead === 0 && other.numRead === 0 && one.numWide > other.numWide);
  return found.reduce((best, other) => (isBetter(other, best) ? other : best)).split;
}

/** Whether the first line has the names of its columns, in which no digit stands before a letter, as it does in dates. @param {string[]} fields @param {number[]} numbers @param {[number, number]} columns */
function isHeader(fields, numbers, columns) {
  return columns.every((column) => isMissing(numbers[column]) && !BEGINS_WITH_DIGIT.test(fields[column] ?? ""));
}

/** Why a line cannot be read; null if it can. @param {Line} row @param {number[]} numbers @param {[number, number]} columns @param {number} largest @returns {Unread | null} */
function unreadOf({ number: line, fields }, numbers, columns, largest) {
  const missing = columns.find((column) => !fields[column]);
  if (missing !== undefined) return { line, reason: "few", text: fields.filter(Boolean).join(" ") };
  const wrong = columns.find((column) => Number.isNaN(numbers[column]));
  if (wrong !== undefined) return { line, reason: "number", text: fields[wrong] };
  const large = columns.find((column) => Math.abs(numbers[column]) > largest);
  return large === undefined ? null : { line, reason: "size", text: fields[large] };
}

/**
 * Reads points: in each line x and y, as they stand in the first two columns of numbers, with tabs, semicolons, blanks or commas
 * between them, a point or a comma before their decimals, and quotes around them or not. A first line of words is a header.
 * @param {string} text
 * @param {number} largest the size that no number may exceed
 * @returns {Reading}
 */
export function readPoints(text, largest) {
  const lines = linesOf(text);
  const { rows, numbers, columns } = tableOf(lines, splitterOf(lines.slice(0, SAMPLE)));
  /** @type {Reading} */
  const reading = { x: [], y: [], unread: [], columns, numColumns: widthOf(rows.map(({ fields }) => fields)) };
  rows.forEach((row, i) => {
    if (i === 0 && isHeader(row.fields, numbers[0], columns)) return;
    const unread = unreadOf(row, numbers[i], columns, largest);
    if (unread) reading.unread.push(unread);
    else {
      reading.x.push(numbers[i][columns[0]]);
      reading.y.push(numbers[i][columns[1]]);
    }
  });
  return reading;
}

/**
 * The places of at most so many points, spread evenly over their ranks by x; in the order in which they were given.
 * @param {ArrayLike<number>} x @param {number} most
 */
export function evenPlaces(x, most) {
  const places = Array.from(x, (_, i) => i);
  if (x.length <= most) return places;
  const byX = places.toSorted((i, j) => x[i] - x[j]);
  const kept = new Set(Array.from({ length: most }, (_, i) => byX[Math.floor((i * (x.length - 1)) / (most - 1))]));
  return places.filter((i) => kept.has(i));
}

/** Points as text that `readPoints` reads back, and a spreadsheet as two columns. @param {ArrayLike<number>} x @param {ArrayLike<number>} y */
export function writePoints(x, y) {
  return ["x\ty", ...Array.from(x, (value, i) => `${value}\t${y[i]}`)].join("\n");
}
