// The part of the benchmark that runs in the browser: `benchmarks.wasm` and `benchmarks.tiers` call `measure` and `measureTfjs`.

/** A program and its arguments: the module and each input in base64, offsets and lengths in bytes.
 * @typedef {{ module: string, inputs: [number, string][], outputs: [number, number][] }} Program */

/** @param {string} text base64 */
const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const pause = () => new Promise((done) => setTimeout(done, 50));

/** The median time of an action in ms, after ten runs with pauses in which the browser's optimizing compiler can finish.
 * @param {() => unknown} action
 * @param {number} seconds how long to repeat it */
async function median(action, seconds) {
  /** @type {number[]} */
  const times = [];
  const end = performance.now() + 1000 * seconds;
  for (let i = 0; i < 10; i++) {
    action();
    if (i % 3 === 2) await pause();
  }
  while (times.length < 3 || (performance.now() < end && times.length < 2000)) {
    const start = performance.now();
    action();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** The median time in ms of an action that may be shorter than a tick of the browser's clock, 0.1 ms: such are timed by the 200.
 * @param {() => unknown} action */
async function medianOfShort(action) {
  action();
  const start = performance.now();
  action();
  const count = performance.now() - start < 1 ? 200 : 1;
  const many = () => {
    for (let i = 0; i < count; i++) action();
  };
  return (await median(many, 2)) / count;
}

/** The times of a program in ms: compiling it, the first call and later calls.
 * @param {Program} program */
async function measure({ module, inputs, outputs }) {
  const bytes = decode(module);
  const start = performance.now();
  const { instance } = await WebAssembly.instantiate(bytes);
  const load = performance.now() - start;
  const exports = /** @type {{ memory: WebAssembly.Memory, run: () => void }} */ (/** @type {unknown} */ (instance.exports));
  const memory = new Uint8Array(exports.memory.buffer);
  for (const [offset, data] of inputs) memory.set(decode(data), offset);
  const begin = performance.now();
  exports.run();
  const first = performance.now() - begin;
  // The results lie together, so one copy takes all of them, into arrays that a page has drawn when the next run comes.
  const low = Math.min(...outputs.map(([offset]) => offset));
  const high = Math.max(...outputs.map(([offset, size]) => offset + size));
  const source = memory.subarray(low, high);
  const copy = new Uint8Array(high - low);
  const results = outputs.map(([offset, size]) => copy.subarray(offset - low, offset - low + size));
  const run = () => {
    exports.run();
    copy.set(source);
    return results;
  };
  return { load, first, wasm: await medianOfShort(run) };
}

/** The median time in ms of the same descent in TensorFlow.js.
 * @param {string} backend
 * @param {Parameters<typeof descendTfjs>[0]} work */
async function measureTfjs(backend, work) {
  const { tf } = /** @type {any} */ (globalThis);
  if (backend === "wasm") tf.wasm.setWasmPaths("node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend(backend);
  await tf.ready();
  const run = () => descendTfjs(work);
  run();
  const begin = performance.now();
  run();
  const slow = performance.now() - begin > 300;
  if (!slow) return median(run, 2);
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i < 3; i++) {
    const s = performance.now();
    run();
    times.push(performance.now() - s);
  }
  return times.sort((a, b) => a - b)[1];
}

Object.assign(globalThis, { measure, measureTfjs });
