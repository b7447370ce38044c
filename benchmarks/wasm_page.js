// The part of the benchmark that runs in the browser.

const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const pause = () => new Promise((done) => setTimeout(done, 50));

// The median time in ms of an action; a first second lets the browser's optimizing compiler finish.
async function median(action, seconds) {
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

// Runs too short for the clock of the browser, which ticks in tenths of a millisecond, are timed by the hundred.
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

async function measure({ module, inputs, outputs }) {
  const bytes = decode(module);
  const start = performance.now();
  const { instance } = await WebAssembly.instantiate(bytes);
  const load = performance.now() - start;
  const memory = new Uint8Array(instance.exports.memory.buffer);
  for (const [offset, data] of inputs) memory.set(decode(data), offset);
  const begin = performance.now();
  instance.exports.run();
  const first = performance.now() - begin;
  // The results lie together, so one copy takes all of them, into arrays that a page has drawn when the next run comes.
  const low = Math.min(...outputs.map(([offset]) => offset));
  const high = Math.max(...outputs.map(([offset, size]) => offset + size));
  const source = memory.subarray(low, high);
  const copy = new Uint8Array(high - low);
  const results = outputs.map(([offset, size]) => copy.subarray(offset - low, offset - low + size));
  const run = () => {
    instance.exports.run();
    copy.set(source);
    return results;
  };
  return { load, first, wasm: await medianOfShort(run) };
}

async function measureTfjs(backend, work) {
  if (backend === "wasm") tf.wasm.setWasmPaths("node_modules/@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend(backend);
  await tf.ready();
  const run = () => descendTfjs(work);
  run();
  const begin = performance.now();
  run();
  const slow = performance.now() - begin > 300;
  if (!slow) return median(run, 2);
  const times = [];
  for (let i = 0; i < 3; i++) {
    const s = performance.now();
    run();
    times.push(performance.now() - s);
  }
  return times.sort((a, b) => a - b)[1];
}
