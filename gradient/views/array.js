// The traits that hold arrays of numbers; `array.py` says what the kernel sends.

/** The numbers of such a trait. @param {{ value: Float32Array | ArrayBufferView | ArrayBuffer }} array */
export function numbersOf({ value }) {
  if (value instanceof Float32Array) return value;
  const view = ArrayBuffer.isView(value) ? value : new Uint8Array(value);
  // What comes over a socket may start anywhere in its buffer; a Float32Array may not.
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** Makes a function that returns the numbers of a model's trait: the same array as long as the trait is the same. @param {{ get: (name: string) => any }} model @param {string} name */
export function keptNumbers(model, name) {
  /** @type {{ trait: any, numbers: Float32Array }} */
  let kept = { trait: undefined, numbers: new Float32Array(0) };
  return () => {
    const trait = model.get(name);
    if (trait !== kept.trait) kept = { trait, numbers: numbersOf(trait) };
    return kept.numbers;
  };
}
