// A descent in TensorFlow.js, eagerly, as its own tutorials write one: for the compiler's benchmark and for a page of its own.

/** The losses and predictions of every step.
 * @param {{ sizes: number[], steps: number, rate: number, momentum: number, params: any[], x: any[], y: number[] }} work
 * `sizes` are the layers of a network, or nothing for sin(w x + b); `params` weight and bias of each, or [w, b].
 * @returns {{ losses: Float32Array[], predictions: Float32Array[] }} */
function descendTfjs(work) {
  const results = { losses: [], predictions: [] };
  tf.tidy(() => {
    const [x, y] = [tf.tensor(work.x), tf.tensor(work.y)];
    let params = work.params.map((p) => tf.tensor(p));
    let velocity = params.map((p) => tf.zerosLike(p));
    for (let step = 0; step < work.steps; step++) {
      let predictions;
      const loss = (...p) => {
        predictions = tf.keep(predictTfjs(work.sizes, p, x));
        return tf.mean(tf.square(tf.sub(predictions, y)));
      };
      const { value, grads } = tf.valueAndGrads(loss)(params);
      results.losses.push(value.dataSync());
      results.predictions.push(predictions.dataSync());
      predictions.dispose();
      velocity = velocity.map((v, i) => tf.add(tf.mul(v, work.momentum), grads[i]));
      params = params.map((p, i) => tf.sub(p, tf.mul(velocity[i], work.rate)));
    }
  });
  return results;
}

function predictTfjs(sizes, params, x) {
  if (!sizes.length) return tf.sin(tf.add(tf.mul(tf.slice(params[0], 0, 1), x), tf.slice(params[0], 1, 1)));
  let units = x;
  for (let i = 0; i < params.length; i += 2) {
    units = tf.add(tf.matMul(units, params[i]), params[i + 1]);
    if (i + 2 < params.length) units = tf.tanh(units);
  }
  return tf.squeeze(units, [1]);
}
