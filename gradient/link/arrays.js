// Converts values between traits, which hold what the kernel would send, and the memory of a program.

/** @typedef {Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array} NumberArray */
/** @typedef {"float32" | "float64" | "int32" | "uint32" | "uint8" | "bool"} DType */
/** @typedef {{ value: DataView, dtype: DType, shape: number[] }} PageArray an array as the kernel would send it */
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
 * A number, a nested list, a typed array or an array as the kernel sends it, as one flat list of numbers. Nothing is NaN.
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

/** The shortest decimal that rounds to this float32: 0.1, not 0.10000000149. @param {number} value */
function shortestDecimal(value) {
  for (let digits = 1; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** A number of a program's memory, as the kernel would send it. @param {number} value @param {DType} dtype */
export function toScalar(value, dtype) {
  if (dtype === "bool") return value !== 0;
  return dtype === "float32" && Number.isFinite(value) ? shortestDecimal(value) : value;
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
