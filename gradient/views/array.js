// The traits that hold arrays of numbers; `array.py` says what the kernel sends.

/** The numbers of such a trait. @param {{ value: Float32Array | ArrayBufferView | ArrayBuffer }} array */
export function numbersOf({ value }) {
  if (value instanceof Float32Array) return value;
  const view = ArrayBuffer.isView(value) ? value : new Uint8Array(value);
  // What comes over a socket may start anywhere in its buffer; a Float32Array may not.
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}
