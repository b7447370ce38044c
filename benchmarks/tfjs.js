/// <reference path="./tf.d.ts" />
// A descent in eager TensorFlow.js, written as in its own tutorials: for the compiler's benchmark and for a page of its own.

/**
 * @typedef {object} Work a descent with momentum on the mean squared error
 * @property {number[]} sizes the layers of a network, or none for sin(w x + b)
 * @property {number} steps
 * @property {number} rate the learning rate
 * @property {number} momentum
 * @property {Values[]} params weight and bias of each layer, or [[w, b]]
 * @property {Values} x
 * @property {number[]} y
 *
 * @typedef {{ losses: Float32Array[], predictions: Float32Array[] }} Results of every step
 */

/** Runs a descent. @param {Work} work @returns {Results} */
export function descend(work) {
  /** @type {Results} */
  const results = { losses: [], predictions: [] };
  tf.tidy(() => {
    const [x, y] = [tf.tensor(work.x), tf.tensor(work.y)];
    let params = work.params.map((values) => tf.tensor(values));
    let velocity = params.map((param) => tf.zerosLike(param));
    for (let step = 0; step < work.steps; step++) {
      /** @type {Tensor[]} */
      const predictions = []; // of the one call of the loss
      const loss = (/** @type {Tensor[]} */ ...at) => {
        predictions.push(tf.keep(predict(work.sizes, at, x)));
        return tf.mean(tf.square(tf.sub(predictions[0], y)));
      };
      const { value, grads } = tf.valueAndGrads(loss)(params);
      results.losses.push(value.dataSync());
      results.predictions.push(predictions[0].dataSync());
      predictions[0].dispose();
      velocity = velocity.map((v, i) => tf.add(tf.mul(v, work.momentum), grads[i]));
      params = params.map((param, i) => tf.sub(param, tf.mul(velocity[i], work.rate)));
    }
  });
  return results;
}

/** What a network, or a sine, predicts. @param {number[]} sizes @param {Tensor[]} params @param {Tensor} x @returns {Tensor} */
function predict(sizes, params, x) {
  if (!sizes.length) return tf.sin(tf.add(tf.mul(tf.slice(params[0], 0, 1), x), tf.slice(params[0], 1, 1)));
  let units = x;
  for (let i = 0; i < params.length; i += 2) {
    units = tf.add(tf.matMul(units, params[i]), params[i + 1]);
    if (i + 2 < params.length) units = tf.tanh(units);
  }
  return tf.squeeze(units, [1]);
}
