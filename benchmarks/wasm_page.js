// The part of the benchmark that runs in the browser.

const decode = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const pause = () => new Promise(done => setTimeout(done, 50));

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

// Runs too short for the browser's clock are timed by the dozen.
async function medianOfShort(action) {
  action();
  const start = performance.now();
  action();
  const count = performance.now() - start < 1 ? 20 : 1;
  const many = () => { for (let i = 0; i < count; i++) action(); };
  return (await median(many, 2)) / count;
}

async function measure({module, inputs, outputs}) {
  const bytes = decode(module);
  const start = performance.now();
  const {instance} = await WebAssembly.instantiate(bytes);
  const load = performance.now() - start;
  const memory = new Uint8Array(instance.exports.memory.buffer);
  for (const [offset, data] of inputs) memory.set(decode(data), offset);
  const begin = performance.now();
  instance.exports.run();
  const first = performance.now() - begin;
  const run = () => {
    instance.exports.run();
    return outputs.map(([offset, size]) => memory.slice(offset, offset + size));
  };
  return {load, first, wasm: await medianOfShort(run)};
}

async function measureTfjs(backend, work) {
  if (backend === 'wasm') tf.wasm.setWasmPaths('node_modules/@tensorflow/tfjs-backend-wasm/dist/');
  await tf.setBackend(backend);
  await tf.ready();
  const network = work.sizes.length > 0;
  const start = work.params.map(p => tf.tensor(p));
  const [x, y] = [tf.tensor(work.x), tf.tensor(work.y)];
  const predict = params => {
    if (!network) return tf.sin(tf.add(tf.mul(tf.slice(params[0], 0, 1), x), tf.slice(params[0], 1, 1)));
    let units = x;
    for (let i = 0; i < params.length; i += 2) {
      units = tf.add(tf.matMul(units, params[i]), params[i + 1]);
      if (i + 2 < params.length) units = tf.tanh(units);
    }
    return tf.squeeze(units, [1]);
  };
  const run = () => {
    const results = [];
    tf.tidy(() => {
      let params = start, velocity = start.map(p => tf.zerosLike(p));
      for (let step = 0; step < work.steps; step++) {
        let predictions;
        const loss = (...p) => {
          predictions = tf.keep(predict(p));
          return tf.mean(tf.square(tf.sub(predictions, y)));
        };
        const {value, grads} = tf.valueAndGrads(loss)(params);
        results.push(value.dataSync(), predictions.dataSync());
        predictions.dispose();
        velocity = velocity.map((v, i) => tf.add(tf.mul(v, work.momentum), grads[i]));
        params = params.map((p, i) => tf.sub(p, tf.mul(velocity[i], work.rate)));
      }
    });
    return results;
  };
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
