// Converts values between traits, which hold what the kernel would send, and the memory of a program.

import { KINDS, STEP_DIGITS, TOLERANCE } from "./constants.js";

/** @typedef {Pick<import("./models.js").Model, "get">} Limited what has a control's limits */
/** @typedef {Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array} NumberArray */
/** @typedef {"float32" | "float64" | "int32" | "uint32" | "uint8" | "bool"} DType */
/** @typedef {{ value: DataView, dtype: DType, shape: number[], type: null }} PageArray an array as the kernel would send it */
/** @typedef {number | boolean | PageArray} Output */

/** @type {Record<DType, new (buffer: ArrayBufferLike, offset?: number, length?: number) => NumberArray>} */
export const ARRAY_TYPES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/**
 * A number, a nested list, a typed array or an array as the kernel sends it, as one flat list of numbers. null becomes NaN.
 * @param {any} value
 * @returns {ArrayLike<number>}
 */
export function flatten(value) {
  if (value == null) return [Number.NaN];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return /** @type {NumberArray} */ (value);
  if (Array.isArray(value))
    return value.length && typeof value[0] === "object" ? value.flatMap((row) => Array.from(flatten(row))) : value;
  if (typeof value === "object") return new ARRAY_TYPES[/** @type {DType} */ (value.dtype)](copyBytes(value.value));
  return [Number(value)];
}

/**
 * The bytes of a view or a buffer, in a buffer of their own.
 * @param {ArrayBuffer | ArrayBufferView} data
 * @returns {ArrayBuffer}
 */
export function copyBytes(data) {
  const copy = ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data.slice(0);
  return /** @type {ArrayBuffer} */ (copy);
}

/** Of two numbers of so many digits that are as near the even one, which NumPy takes, or null. @param {number} value @param {number} digits */
function evenOfTwo(value, digits) {
  const longer = value.toPrecision(digits + 1);
  return Number(longer) === value && /[02468]\.?5(?=$|e)/.test(longer) ? Number(longer.replace(/5(?=$|e)/, "0")) : null;
}

/** The shortest decimal that rounds to this float32: 0.1, not 0.10000000149. @param {number} value */
function shortestDecimal(value) {
  for (let digits = 1; ; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return evenOfTwo(value, digits) ?? short; // with nine digits at the latest
  }
}

/** A number of a program's memory, as the kernel would send it. @param {number} value @param {DType} dtype */
export function toScalar(value, dtype) {
  if (dtype === "bool") return value !== 0;
  return dtype === "float32" && Number.isFinite(value) ? shortestDecimal(value) : value;
}

/** One number of an array. @param {PageArray} array @param {number} offset */
export function scalarAt({ value, dtype }, offset) {
  return toScalar(new ARRAY_TYPES[dtype](value.buffer, value.byteOffset, offset + 1)[offset], dtype);
}

/** The nearest whole number, the even one of two; null for infinity and NaN. @param {number} value */
export function whole(value) {
  if (!Number.isFinite(value)) return null;
  const below = Math.floor(value);
  const isUp = value - below > 0.5 || (value - below === 0.5 && below % 2 !== 0);
  return (isUp ? below + 1 : below) || 0; // no negative zero
}

/** An array as nested lists. @param {PageArray} array @param {(value: number | boolean) => any} convert @returns {any[]} */
function asList({ value, dtype, shape }, convert) {
  let list = Array.from(new ARRAY_TYPES[dtype](copyBytes(value)), (number) => convert(toScalar(number, dtype)));
  for (const length of shape.slice(1).reverse())
    list = Array.from({ length: list.length / length }, (_, i) => list.slice(i * length, (i + 1) * length));
  return list;
}

/** Whether two values differ by no more than a few roundings to float32. @param {any} one @param {any} other @returns {boolean} */
export function isClose(one, other) {
  if (Array.isArray(one))
    return Array.isArray(other) && one.length === other.length && one.every((v, i) => isClose(v, other[i]));
  return Object.is(one, other) || Math.abs(Number(one) - Number(other)) <= TOLERANCE * (1 + Math.abs(Number(other)));
}

/**
 * The step of a slider that is nearest to a value, within its limits; null for infinity and NaN.
 * @param {number} value
 * @param {Limited} slider
 */
export function onStep(value, slider) {
  const [low, high, step, base] = ["min", "max", "step", "base"].map((name) => slider.get(name));
  if (!Number.isFinite(value) || (base && value <= 0)) return null;
  const place = base ? Math.log(value) / Math.log(base) : value;
  const nearest = Math.min(Math.max(step ? low + Number(whole((place - low) / step)) * step : place, low), high);
  return Number((base ? base ** nearest : nearest).toPrecision(STEP_DIGITS));
}

/**
 * A number between the limits of a widget that has `min` and `max`, as ipywidgets' validation in the kernel would make it.
 * @param {any} value
 * @param {Limited} [model]
 */
function withinLimits(value, model) {
  const [low, high] = [model?.get("min"), model?.get("max")];
  if (value === null || typeof low !== "number" || typeof high !== "number" || Number.isNaN(value)) return value;
  return value < low ? low : Math.min(value, high);
}

/** The ends of a range, the lower one first. @param {Output | string} output @param {Limited} slider */
function onSteps(output, slider) {
  /** @type {(number | null)[]} */
  const ends = asKind(output, KINDS.NUMBERS).map((/** @type {number} */ end) => onStep(end, slider));
  return ends.includes(null) ? null : ends.sort((one, other) => Number(one) - Number(other));
}

/**
 * An output as a trait takes it; null if the trait has no such value.
 * @param {Output | string} output
 * @param {import("./constants.js").Kind} kind
 * @param {Limited} [model]
 * @returns {any}
 */
export function asKind(output, kind, model) {
  if (kind === KINDS.SLIDER && model) return onStep(Number(output), model);
  if (kind === KINDS.SLIDERS && model) return onSteps(output, model);
  const wholeOf = (/** @type {any} */ value) => whole(Number(value));
  if (typeof output === "object" && (kind === KINDS.NUMBERS || kind === KINDS.INTEGERS))
    return asList(output, kind === KINDS.INTEGERS ? wholeOf : Number);
  if (kind === KINDS.INTEGER) return withinLimits(wholeOf(output), model);
  if (kind === KINDS.NUMBER) return withinLimits(output, model);
  return kind === KINDS.BOOLEAN ? Boolean(output) : output;
}

/** The index of the option that is this number in float32, null if there is none. @param {number} value @param {number[]} options */
export function indexOfOption(value, options) {
  const index = options.findIndex((option) => Math.fround(option) === Math.fround(value));
  return index < 0 ? null : index;
}

/** An integer clipped to the range of int32, as the kernel does. @param {number} value */
export const clipToInt32 = (value) => Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1);

/** A copy of an output, which the next run does not overwrite. @template {Output | string} T @param {T} output @returns {T} */
export function copyOutput(output) {
  return typeof output === "object" ? { ...output, value: new DataView(copyBytes(output.value)) } : output;
}

/** Whether two outputs are the same to the last bit. @param {Output | string} one @param {Output | string} other */
export function isSameOutput(one, other) {
  if (typeof one !== "object" || typeof other !== "object") return Object.is(one, other);
  if (String(one.shape) !== String(other.shape) || one.dtype !== other.dtype) return false;
  const [a, b] = [one, other].map(({ value }) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
